"""The model: what follows from definitions, built per object and only when asked for."""

from collections.abc import Collection

import pytest

from objectry.expressions import Expression, Problem, Scope, compile_expression
from objectry.expressions.types import ExprType, Kind
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.metadata.model import (
    Catalog,
    ComputedFact,
    CurrencySource,
    Derivation,
    Model,
    NumberingModel,
    ObjectModel,
)

SHOP = """
service: shop
---
role: sales
permissions:
  offer: {export: true, delete: status == 'draft', fields: {note: none, margin: read}}
---
role: manager
---
sequence: paper
pattern: "P-{year}-{seq:04}"
gapless: true
reset: year
---
object: customer
service: shop
fields:
  name: {type: text}
  currency: {type: currency}
---
object: offer
service: shop
numbering: {sequence: paper, at: send, date: day}
fields:
  customer: {type: link, to: customer, required: true}
  day: {type: date, default: today()}
  until: {type: date, default: day + days(30)}
  currency: {type: currency, formula: customer.currency, snapshot: true}
  gross: {type: money, formula: net + tax}
  tax: {type: money, computed: tax}
  net: {type: money, formula: sum(lines.amount)}
  margin: {type: money, formula: net - 1, read_only: true}
  who: {type: text, formula: customer.name}
  shown: {type: text, formula: "concat(who, '!')"}
  paper: {type: text, formula: number}
  note: {type: long_text, read_only: true}
  fixed: {type: money, currency: USD, scale: 4}
  lines: {type: table, of: offer_line}
checks: [{rule: until >= day, message: No., field: until}]
invariants: [{rule: net >= 0}]
immutable: {when: status == 'sent', except: [note]}
workflow:
  initial: draft
  states: {draft: {}, sent: {final: true}}
  transitions: {send: {from: draft, to: sent, when: count(lines) > 0}}
conversions:
  copy:
    to: offer
    map: {customer: customer}
    releases_when: status == 'draft'
    lines: {from: lines, to: lines, quantity: quantity, map: {price: price}}
permissions:
  sales: {read: true, delete: owner == user.id, transitions: [send], fields: {margin: none}}
  manager: {read: true, deny: [delete]}
---
object: offer_line
service: shop
fields:
  quantity: {type: decimal, scale: 2, default: 1}
  price: {type: money, default: parent.fixed}
  amount: {type: money, formula: quantity * price}
  shown: {type: text, formula: parent.shown}
"""
CATALOG = Catalog(
    computed={
        "tax": ComputedFact(plugin="tax", name="tax", reads=("lines.amount",)),
    }
)


@pytest.fixture
def model() -> Model:
    loaded = load_documents({"shop.yaml": SHOP})
    assert [] == [*loaded.findings, *check(loaded.definitions, loaded.sources, CATALOG)]
    return Model(loaded.definitions, CATALOG)


@pytest.fixture
def offer(model: Model) -> ObjectModel:
    return model.object("offer")


def test_system_fields_come_first(offer: ObjectModel) -> None:
    assert [
        "id",
        "owner",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "number",
        "status",
        "customer",
    ] == list(offer.fields)[:9]
    assert {"draft": "draft", "sent": "sent"} == {
        option.value: option.value for option in offer.fields["status"].definition.options
    }


def test_a_row_has_only_its_id_of_the_system_fields(model: Model) -> None:
    line = model.line_object("offer", "lines")
    assert ["id", "quantity", "price", "amount", "shown"] == list(line.fields)
    assert ("offer", "lines") == line.owner
    assert line.follows_owner


def test_every_field_knows_where_its_value_comes_from(offer: ObjectModel) -> None:
    assert {
        "currency": Derivation.SNAPSHOT,
        "gross": Derivation.STORED,
        "tax": Derivation.COMPUTED,
        "net": Derivation.STORED,
        "margin": Derivation.STORED,
        "who": Derivation.LIVE,
        "shown": Derivation.LIVE,
        "paper": Derivation.LIVE,
    } == {name: f.derivation for name, f in offer.fields.items() if f.is_derived}


def test_a_live_formula_and_a_table_have_no_column(offer: ObjectModel) -> None:
    assert {"who", "shown", "paper", "lines"} == {
        name for name, field in offer.fields.items() if not field.stored
    }


def test_callers_write_what_is_neither_derived_nor_read_only(offer: ObjectModel) -> None:
    assert {"customer", "day", "until", "fixed", "lines"} == {
        name for name, field in offer.fields.items() if field.writable
    }


def test_what_is_computed_at_a_write_comes_in_dependency_order(offer: ObjectModel) -> None:
    assert (
        ("", "currency"),
        ("lines", "amount"),
        ("", "net"),
        ("", "tax"),
        ("", "gross"),
        ("", "margin"),
    ) == offer.order


def test_defaults_come_in_dependency_order(offer: ObjectModel) -> None:
    assert (
        ("", "day"),
        ("", "until"),
        ("lines", "quantity"),
        ("lines", "price"),
    ) == offer.default_order


def test_a_money_field_knows_its_currency_and_places(model: Model, offer: ObjectModel) -> None:
    line = model.object("offer_line")
    assert CurrencySource("record", "currency") == offer.fields["net"].currency
    assert CurrencySource("code", "USD") == offer.fields["fixed"].currency
    assert CurrencySource("parent", "currency") == line.fields["price"].currency
    assert (None, 4, 2) == (
        offer.fields["net"].scale,
        offer.fields["fixed"].scale,
        line.fields["quantity"].scale,
    )


def test_numbering_follows_its_sequence(offer: ObjectModel) -> None:
    assert (
        NumberingModel(
            series="paper",
            pattern="P-{year}-{seq:04}",
            scope=(),
            gapless=True,
            reset="year",
            at="send",
            date="day",
        )
        == offer.numbering
    )


def test_grants_of_the_object_and_of_the_role_are_united(offer: ObjectModel) -> None:
    sales = offer.permissions["sales"]
    rule = sales.rules["delete"]
    assert isinstance(rule, Expression)
    assert "(owner == user.id) or (status == 'draft')" == rule.source
    assert True is sales.rules["read"]
    assert True is sales.rules["export"]
    assert False is sales.rules["create"]
    assert {"margin": "read", "note": "none"} == sales.fields
    assert ("send",) == sales.transitions
    assert frozenset({"delete"}) == offer.permissions["manager"].deny


def test_checks_and_invariants_are_typed(offer: ObjectModel) -> None:
    assert [
        ("until >= day", "No.", "until"),
        ("net >= 0", "This must hold: net >= 0", ""),
    ] == [(check.rule.source, check.message, check.field) for check in offer.checks]


def test_workflow_locks_and_conversions_are_typed(offer: ObjectModel) -> None:
    workflow, immutable, copy = offer.workflow, offer.immutable, offer.conversions["copy"]
    assert workflow is not None
    assert immutable is not None
    assert copy.lines is not None
    assert copy.releases_when is not None
    guard = workflow.transitions["send"].guard
    assert guard is not None
    assert Kind.BOOLEAN is guard.type.kind
    assert frozenset({"sent"}) == workflow.final
    assert ("note",) == immutable.allow
    assert "customer" == copy.map["customer"].source
    assert ("offer_line", "offer_line", "quantity", "quantity") == (
        copy.lines.source_object,
        copy.lines.target_object,
        copy.lines.quantity,
        copy.lines.target_quantity,
    )


def test_the_plural_is_the_name_with_an_s_where_none_is_given(model: Model) -> None:
    found = model.by_plural("customers")
    assert found is not None
    assert "customer" == found.name
    assert model.by_plural("nothing") is None


def test_the_title_is_the_number_else_the_first_text(model: Model, offer: ObjectModel) -> None:
    assert ("number", "name") == (offer.title, model.object("customer").title)


def test_reads_of_live_fields_are_those_of_their_formulas(model: Model) -> None:
    offer = model.expression("offer", "shown != '' and net > 0")
    line = model.expression("offer_line", "shown != ''")
    assert {("record", ("customer", "name")), ("record", ("net",))} == model.reads("offer", offer)
    assert {("parent", ("customer", "name"))} == model.reads("offer_line", line)
    rows = model.expression("offer", "any(lines.shown == '')")
    assert {("record", ("customer", "name"))} == model.reads("offer", rows)


def test_a_scope_follows_links_and_knows_the_parent_and_the_user(model: Model) -> None:
    scope = model.scope("offer_line")
    parent = scope.parent
    assert parent is not None
    assert ExprType(Kind.LINK, "customer") == parent.field("customer")
    customer = parent.follow("customer")
    assert customer is not None
    assert ExprType(Kind.TEXT) == customer.field("name")
    assert {"id", "name", "roles"} == set(scope.variable("user") or ())
    assert scope.variable("old") is None
    old = model.scope("customer", variables=("old",)).variable("old")
    assert {"id", "name", "currency"} <= set(old or ())


def test_a_model_compiles_only_the_aggregate_that_is_asked_for(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []

    def counted(
        source: str, scope: Scope, *, expects: Collection[Kind] = ()
    ) -> Expression | tuple[Problem, ...]:
        compiled.append(source)
        return compile_expression(source, scope, expects=expects)

    monkeypatch.setattr("objectry.metadata.model.model.compile_expression", counted)
    model.objects()
    model.plural("offer")
    assert [] == compiled
    model.object("customer")
    assert [] == compiled
    first = model.object("offer")
    count = len(compiled)
    assert count > 10
    assert first is model.object("offer")
    model.object("offer_line")
    assert count == len(compiled)


def test_an_unchecked_expression_is_a_mistake_of_the_caller(model: Model) -> None:
    with pytest.raises(ValueError, match="has not passed the checks"):
        model.expression("offer", "nothing + 1")


def test_a_snapshot_and_a_default_can_not_read_the_number() -> None:
    text = (
        "service: shop\n---\nobject: bill\nservice: shop\nnumbering: {pattern: '{seq}'}\n"
        "fields:\n"
        "  a: {type: text, formula: number, snapshot: true}\n"
        "  b: {type: text, default: number}\n"
    )
    loaded = load_documents({"a.yaml": text})
    found = check(loaded.definitions, loaded.sources)
    assert [("OBJ0503", 7), ("OBJ0502", 8)] == [
        (f.code, f.position.line if f.position else 0) for f in found
    ]
