"""Lookups, rollups and links: their types follow, and every mistake is told at its place."""

from objectry.expressions.tree import Rollup
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.metadata.model import Derivation, Model

AROUND = """\
service: shop
---
role: sales
---
object: order
service: shop
fields:
  customer: {type: link, to: customer}
  party: {type: link, to: [customer, product]}
  products: {type: links, to: product}
  status: {type: select, options: [open, cancelled]}
  currency: {type: currency}
  total: {type: money}
  fixed: {type: money, currency: EUR}
  note: {type: text, sensitive: true}
  pieces: {type: integer}
  turnover: {lookup: customer.turnover}
  state: {lookup: customer.home.state}
  whose: {lookup: party.name}
permissions: {sales: {read: true, fields: {note: none}}}
---
object: product
service: shop
fields: {name: {type: text}, sold: {rollup: {op: count, of: order, via: products}}}
---
object: home
service: shop
fields: {state: {type: select, options: [rented, owned]}}
---
object: customer
service: shop
permissions: {sales: {read: true}}
fields:
  name: {type: text}
  home: {type: link, to: home}
"""


def findings(fields: str) -> list[tuple[str, str]]:
    """Code and message of what is wrong, where a customer has these fields too."""
    lines = "".join(f"  {line}\n" for line in fields.strip().splitlines())
    loaded = load_documents({"shop.yaml": AROUND + lines})
    found = [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    return [(one.code, one.message) for one in found if "turnover" not in one.message]


def model(fields: str) -> Model:
    lines = "".join(f"  {line}\n" for line in fields.strip().splitlines())
    return Model(load_documents({"shop.yaml": AROUND + lines}).definitions)


TURNOVER = "turnover: {rollup: {op: sum, of: order, via: customer, field: fixed}}"


def test_types_follow_over_lookups_and_rollups() -> None:
    """With options, places and a named currency; several hops, in whatever order declared."""
    found = model(
        f"""{TURNOVER}
count: {{rollup: {{op: count, of: order, via: customer}}, stored: true}}
mean: {{rollup: {{op: avg, of: order, via: customer, field: pieces}}}}
last: {{rollup: {{op: max, of: order, via: customer, field: created_at}}}}
state: {{lookup: home.state, snapshot: true}}
busy: {{type: boolean, formula: count > 2}}
dear: {{rollup: {{op: max, of: order, via: party, field: fixed}}}}"""
    )
    customer, order = found.object("customer"), found.object("order")
    assert [
        ("turnover", "money", Derivation.LIVE),
        ("count", "integer", Derivation.ROLLUP),
        ("mean", "decimal", Derivation.LIVE),
        ("last", "datetime", Derivation.LIVE),
        ("state", "select", Derivation.SNAPSHOT),
        ("busy", "boolean", Derivation.LIVE),
        ("dear", "money", Derivation.LIVE),
    ] == [
        (field.name, field.definition.type, field.derivation)
        for field in list(customer.fields.values())[-7:]
    ]
    assert [one.value for one in order.fields["state"].definition.options] == ["rented", "owned"]
    assert order.fields["whose"].definition.type == "text"
    assert order.fields["turnover"].definition.currency == "EUR"
    tree = customer.fields["turnover"].formula
    assert tree is not None
    assert isinstance(tree.tree, Rollup)
    assert order.fields["party"].references == ("customer", "product")
    assert order.fields["products"].references == ("product",)
    assert order.fields["customer"].references == ()


def test_what_is_right_is_told_nothing() -> None:
    rollup = "op: sum, of: order, via: customer, field: total"
    where = "\"status != 'cancelled' and currency == 'EUR'\""
    assert [] == findings(
        f"""{TURNOVER}
euros: {{currency: EUR, rollup: {{{rollup}, where: {where}}}}}
named: {{rollup: {{op: count, of: order, via: customer, where: pieces is None}}}}"""
    )


def told(fields: str) -> tuple[str, str]:
    (found,) = findings(f"{TURNOVER}\n{fields}")
    return found


def test_mistakes_of_lookups() -> None:
    assert told("a: {lookup: home.stat}") == ("OBJ0312", "`home` has no field `stat`.")
    assert told("a: {lookup: name.x}") == ("OBJ0550", "`name` can't be followed by a dot.")
    assert told("a: {type: integer, lookup: home.state}")[0] == "OBJ0412"
    assert told("a: {lookup: home.state, formula: name}")[0] == "OBJ0325"
    assert told("a: {lookup: home}")[0] == "OBJ0550"
    assert told("a: {label: x}") == ("OBJ0204", "`fields.a` needs the key `type`.")


def test_mistakes_of_rollups() -> None:
    def rolled(keys: str, more: str = "") -> tuple[str, str]:
        return told(f"a: {{rollup: {{{keys}}}{more}}}")

    assert rolled("op: count, of: ordr, via: customer")[0] == "OBJ0311"
    assert rolled("op: count, of: order, via: customr")[0] == "OBJ0312"
    assert rolled("op: count, of: order, via: note")[0] == "OBJ0551"
    assert rolled("op: count, of: order, via: products")[0] == "OBJ0551"
    assert rolled("op: sum, of: order, via: customer, field: note")[0] == "OBJ0552"
    assert rolled("op: sum, of: order, via: customer")[0] == "OBJ0552"
    assert rolled("op: count, of: order, via: customer, field: pieces")[0] == "OBJ0552"
    assert rolled("op: count, of: order, via: customer", ", type: text")[0] == "OBJ0552"
    assert rolled("op: total, of: order, via: customer")[0] == "OBJ0206"
    assert rolled("op: count, of: order, via: customer", ", default: 1")[0] == "OBJ0325"
    assert told("a: {type: text, stored: true}")[0] == "OBJ0325"
    where = "op: count, of: order, via: customer, where"
    assert rolled(f"{where}: \"status == 'opn'\"")[0] == "OBJ0347"
    assert rolled(f"{where}: pieces + 1")[0].startswith("OBJ04")
    assert rolled(f"{where}: customer.name == 'x'", ", stored: true")[0] == "OBJ0554"
    assert rolled(f'{where}: "total > 5 and today() > date(2026, 1, 1)"', ", stored: true") == (
        "OBJ0554",
        "It reads the clock, which changes elsewhere.",
    )
    assert rolled("op: max, of: order, via: customer, field: note")[0] == "OBJ0504"
    assert rolled("op: sum, of: order, via: customer, field: total")[0] == "OBJ0553"


def test_circles_and_what_comes_too_late() -> None:
    """A rollup over a field that reads the rollup; a snapshot, default or index of a live one."""
    circle = "turnover: {rollup: {op: sum, of: order, via: customer, field: turnover}}"
    assert [("OBJ0501", "Fields depend on each other: " + WAY)] == all_of(circle)
    late = "d: {lookup: home.state}\nc: {type: text, formula: upper(d), snapshot: true}"
    assert told(late)[0] == "OBJ0503"
    rollup = "n: {rollup: {op: count, of: order, via: customer}}"
    assert told(f"c: {{type: integer, default: n}}\n{rollup}")[0] == "OBJ0502"
    assert told(f"{rollup}\nc: {{type: integer, formula: n + 1, snapshot: true}}")[0] == "OBJ0503"


WAY = "order.turnover → customer.turnover → order.turnover."


def all_of(fields: str) -> list[tuple[str, str]]:
    lines = "".join(f"  {line}\n" for line in fields.splitlines())
    loaded = load_documents({"shop.yaml": AROUND + lines})
    return [(one.code, one.message) for one in check(loaded.definitions, loaded.sources)]


def test_nothing_of_another_database_is_stored() -> None:
    apart = AROUND.replace("service: shop\n---\nrole", "service: shop\ndatabase: a\n---\nrole", 1)
    apart = apart.replace("object: order\nservice: shop", "object: order\nservice: far", 1)
    apart += "  n: {rollup: {op: count, of: order, via: customer}, stored: true}\n"
    apart += f"  {TURNOVER}\n---\nservice: far\ndatabase: b\n"
    loaded = load_documents({"shop.yaml": apart})
    found = [one for one in check(loaded.definitions, loaded.sources) if one.code == "OBJ0554"]
    assert [one.message for one in found] == [
        "`order` lives in another database, written by itself."
    ]


def test_pages_follow_a_link_to_several_objects_to_what_all_have() -> None:
    page = "---\nlayout: order.list\nobject: order\nkind: list\ncolumns: [%s]\n"
    for column, codes in (
        ("party.name", set[str]()),
        ("party.home", {"OBJ0312"}),
        ("note.x", {"OBJ0326"}),
    ):
        loaded = load_documents({"shop.yaml": f"{AROUND}  {TURNOVER}\n{page % column}"})
        found = check(loaded.definitions, loaded.sources)
        assert {one.code for one in found} == codes
