"""A release and the installed plugins become what is served."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from objectry.findings import Finding
from objectry.metadata.loader import load_documents
from objectry.registry import Release, StorageMap, make_release
from objectry.sdk import Context, Plugin, Record, Settings, computed
from objectry_runtime.host import Live, PluginProblem, build_live
from objectry_runtime.problems import Problem

TODAY = date(2026, 11, 22)

DEFINITIONS = """
service: sales
---
object: customer
service: sales
fields:
  name: {type: text}
  country: {type: country}
---
object: invoice
service: sales
fields:
  customer: {type: link, to: customer}
  currency: {type: currency}
  discount: {type: percent, default: 0}
  lines:    {type: table, of: line}
  fee:      {type: money, computed: fee}
  letter:   {type: long_text, computed: letter}
  settled:  {type: boolean, computed: settled}
  reminded: {type: date, computed: reminded}
  seen:     {type: datetime, computed: seen}
  payer:    {type: link, to: customer, computed: payer}
  opens:    {type: time, computed: opens}
  effort:   {type: duration, computed: effort}
  labels:   {type: tags, computed: labels}
---
object: line
service: sales
fields:
  amount: {type: money}
  share:  {type: money, computed: share}
"""


class Fees(Settings):
    per_line: Decimal = Decimal("2.50")


def release(text: str = DEFINITIONS) -> Release:
    loaded = load_documents({"all.yaml": text})
    assert () == tuple(loaded.findings)
    return make_release(loaded.definitions)


class Frame:
    """A record for the engine: values by path, rows by table field."""

    def __init__(
        self,
        values: Mapping[str, object],
        rows: Mapping[str, "Sequence[Frame]"] | None = None,
        parent: "Frame | None" = None,
    ) -> None:
        self._values = values
        self._rows = rows or {}
        self.parent = parent

    def get(self, path: tuple[str, ...]) -> object:
        return self._values[".".join(path)]

    def rows(self, field: str) -> "Sequence[Frame]":
        return self._rows[field]


def plugin_with(
    functions: Mapping[str, tuple[Sequence[str], Callable[[Record, Context[Fees]], Any]]],
) -> Plugin[Fees]:
    """A plugin that fills every computed field above; `functions` replaces some."""
    plugin = Plugin("dunning", settings=Fees)
    names = "fee letter settled reminded seen payer opens effort labels share"
    for name in names.split():
        reads, call = functions.get(name, ((), lambda record, ctx: None))
        plugin.on(computed(name, reads=reads))(call)
    return plugin


def live_with(
    functions: Mapping[str, tuple[Sequence[str], Callable[[Record, Context[Fees]], Any]]],
    settings: Mapping[str, Mapping[str, object]] | None = None,
) -> Live:
    return build_live(release(), StorageMap(), [plugin_with(functions)], settings or {})


def returning(name: str, value: object) -> Any:
    """What the engine gets for an invoice's field whose function returns `value`."""
    live = live_with({name: ((), lambda record, ctx: value)})
    return live.computed(name, "invoice", name)(Frame({}), places=2, today=TODAY)


def findings_of(build: Callable[[], object]) -> list[Finding]:
    with pytest.raises(PluginProblem) as raised:
        build()
    return raised.value.findings


def test_a_function_sees_exactly_what_it_declared() -> None:
    """Own fields, rows, what lies behind links, from a row its parent; the context beside them."""
    seen: list[object] = []

    def fee(record: Record, ctx: Context[Fees]) -> Decimal:
        seen.append((record, ctx))
        return ctx.settings.per_line * len(record.lines)

    reads = ["discount", "customer", "customer.country", "lines.amount"]
    live = live_with(
        {"fee": (reads, fee)},
        {"company": {"rounding": "half_even"}, "dunning": {"per_line": "3.00"}},
    )
    frame = Frame(
        {"discount": Decimal(5), "customer.id": "c1", "customer.country": "DE"},
        {"lines": [Frame({"amount": Decimal(1)}), Frame({"amount": Decimal(2)})]},
    )
    value = live.computed("fee", "invoice", "fee")(frame, places=2, today=TODAY)
    record = Record(
        {
            "discount": Decimal(5),
            "customer": {"country": "DE", "id": "c1"},
            "lines": [{"amount": Decimal(1)}, {"amount": Decimal(2)}],
        }
    )
    context = Context(
        settings=Fees(per_line=Decimal("3.00")), places=2, today=TODAY, half_even=True
    )
    assert Decimal("6.00") == value
    assert [(record, context)] == seen


def test_a_row_reads_its_parent() -> None:
    """`parent` is the record that owns the row, its links included."""

    def share(line: Record, ctx: Context[Fees]) -> Decimal | None:
        return line.amount if line.parent.customer.country == "DE" else None

    live = live_with({"share": (["amount", "parent.customer.country"], share)})
    invoice = Frame({"customer.country": "DE"})
    row = Frame({"amount": Decimal(7)}, parent=invoice)
    assert Decimal(7) == live.computed("share", "line", "share")(row, places=2, today=TODAY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fee", Decimal("1.005")),
        ("fee", 3),
        ("fee", None),
        ("letter", "Dear\nMaren"),
        ("settled", True),
        ("reminded", TODAY),
        ("seen", datetime(2026, 11, 22, 9, tzinfo=UTC)),
        ("payer", "01234567-89ab-7def-8123-456789abcdef"),
        ("opens", time(8, 30)),
        ("effort", timedelta(hours=36)),
        ("labels", ("urgent", "ß")),
        ("labels", ()),
    ],
)
def test_a_value_of_the_fields_kind_is_taken_as_it_is(name: str, value: object) -> None:
    """Exact, not yet rounded: the write rounds it like any formula's result."""
    assert value == returning(name, value)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("fee", 1.5, "It returned a float; the field takes a finite Decimal or int"),
        ("fee", "1.50", "It returned a str; the field takes a finite Decimal or int"),
        ("fee", True, "It returned a bool; the field takes a finite Decimal or int"),
        ("fee", Decimal("NaN"), "It returned a Decimal; the field takes a finite Decimal"),
        ("fee", Decimal("Infinity"), "It returned a Decimal; the field takes a finite Decimal"),
        ("fee", Decimal("1e39"), "It returned a Decimal; the field takes a finite Decimal"),
        ("letter", b"bytes", "It returned a bytes; the field takes a str"),
        ("letter", "nul\x00", "It returned a str; the field takes a str without control"),
        ("settled", 1, "It returned a int; the field takes a bool"),
        ("reminded", datetime(2026, 1, 1, tzinfo=UTC), "It returned a datetime; the field takes"),
        ("opens", "08:30", "It returned a str; the field takes a time of whole seconds"),
        ("opens", time(8, 30, tzinfo=UTC), "It returned a time; the field takes a time"),
        ("effort", timedelta(milliseconds=5), "It returned a timedelta; the field takes"),
        ("effort", 5, "It returned a int; the field takes a timedelta of whole seconds"),
        ("labels", ["a", "a"], "It returned a list; the field takes a list of texts"),
        ("labels", ["a", 5], "It returned a list; the field takes a list of texts"),
        ("labels", "a", "It returned a str; the field takes a list of texts"),
        ("reminded", "2026-01-01", "It returned a str; the field takes a date"),
        ("seen", datetime(2026, 1, 1), "It returned a datetime; the field takes a datetime with"),
        ("seen", TODAY, "It returned a date; the field takes a datetime with a time zone"),
        ("payer", "nobody", "It returned a str; the field takes the id of a record"),
    ],
)
def test_a_wrong_return_names_plugin_and_field(
    name: str, value: object, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One clear problem for the caller, the value itself in the log of the operator."""
    with caplog.at_level(logging.ERROR, "objectry.plugins"), pytest.raises(Problem) as raised:
        returning(name, value)
    problem = raised.value
    assert (500, "plugin_failed") == (problem.status, problem.code)
    assert problem.detail.startswith(
        f"The plugin 'dunning' could not compute invoice.{name}. {why}"
    )
    assert [f"plugin dunning returned {value!r} for invoice.{name}"] == [
        record.getMessage().split(", which takes")[0] for record in caplog.records
    ]


@pytest.mark.parametrize("error", [ZeroDivisionError("secret 42"), SystemExit(1)])
def test_what_a_function_raises_is_logged_and_not_shown(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """The message may quote hidden values, so callers do not get it; the server stays up."""

    def fee(record: Record, ctx: Context[Fees]) -> Decimal:
        raise error

    live = live_with({"fee": ((), fee)})
    with caplog.at_level(logging.ERROR, "objectry.plugins"), pytest.raises(Problem) as raised:
        live.computed("fee", "invoice", "fee")(Frame({}), places=2, today=TODAY)
    expected = (
        "The plugin 'dunning' could not compute invoice.fee. It raised an error; the server's log"
        " has it."
    )
    assert expected == raised.value.detail
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def test_an_undeclared_read_is_contained_too() -> None:
    """It is an AttributeError inside the plugin's function, like any other error there."""
    live = live_with({"fee": (["discount"], lambda record, ctx: record.lines)})
    with pytest.raises(Problem, match=r"could not compute invoice\.fee"):
        live.computed("fee", "invoice", "fee")(
            Frame({"discount": Decimal(0)}), places=2, today=TODAY
        )


def test_all_mistakes_of_a_release_and_its_plugins_are_found() -> None:
    """Wrong settings, settings of nobody, unmet requirements, and what can't be computed."""
    plugin = Plugin("dunning", requires=["invoices", "sales"], settings=Fees)
    plugin.on(computed("fee", reads=["lines.quantity"]))(lambda record, ctx: None)
    plugin.on(computed("letter", reads=["lines"]))(lambda record, ctx: None)
    plugin.on(computed("settled", reads=["discount.value"]))(lambda record, ctx: None)
    settings = {"company": {}, "dunning": {"per_lin": 1}, "dunnin": {}}
    found = findings_of(lambda: build_live(release(), StorageMap(), [plugin], settings))
    expected = [
        ("OBJ0820", "plugins.dunning.per_lin is no setting of this plugin"),
        ("OBJ0835", "plugins.dunnin: no such plugin is installed"),
        ("OBJ0833", "plugin 'dunning' requires 'invoices'"),
        (
            "OBJ0834",
            "plugin 'dunning' can't compute invoice.fee: line has no field 'quantity'",
        ),
        (
            "OBJ0834",
            "plugin 'dunning' can't compute invoice.letter: invoice.lines is a table: name a field"
            " of its rows",
        ),
        (
            "OBJ0834",
            "plugin 'dunning' can't compute invoice.settled: invoice.discount has nothing behind it"
            " to read",
        ),
        *(
            (
                "OBJ0832",
                f"{field} is computed by {field.split('.')[1]!r}, which no installed plugin brings",
            )
            for field in (
                *(f"invoice.{name}" for name in "reminded seen payer opens effort labels".split()),
                "line.share",
            )
        ),
    ]
    assert expected == [(finding.code, finding.message) for finding in found]


def test_a_function_for_one_field_goes_before_one_for_all() -> None:
    """`invoice.fee` fills that field, `fee` any other declared `computed: fee`."""
    plugin = plugin_with({})
    plugin.on(computed("invoice.fee"))(lambda record, ctx: Decimal(9))
    live = build_live(release(), StorageMap(), [plugin], {})
    bound = live.computed("fee", "invoice", "fee")
    assert Decimal(9) == bound(Frame({}), places=2, today=TODAY)
