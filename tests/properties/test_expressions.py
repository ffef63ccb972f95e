"""Python and PostgreSQL never disagree: generated expressions over generated records.

`OBJECTRY_PROPERTY_EXAMPLES` sets how many batches are tried (a batch is 6 expressions over 4
records, in one round trip).
"""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from objectry.expressions import Expression, Kind, compile_expression
from objectry.expressions.codes import DIGITS, LIMIT, LITERAL
from objectry.values.documents import Document
from objectry.values.times import SECONDS_MAX
from tests.expression_world import ACME, NOBODY, Database, WorldScope, in_python, open_world

EXAMPLES = int(os.environ.get("OBJECTRY_PROPERTY_EXAMPLES", "150"))
EXPRESSIONS, RECORDS = 6, 4

# Templates by kind: {n} a number, {t} a text, {d} a date, {m} a moment, {b} true or false, {p} a
# period, {c} a link, {o} a time of day, {l} a duration. Inside an aggregate the letters stand for
# parts over the line.
TEMPLATES: dict[str, list[str]] = {
    "n": [
        "({n} + {n})", "({n} - {n})", "({n} * {n})", "({n} / {n})", "({n} // {n})",
        "({n} % {n})", "(-{n})", "({n} ** 2)", "({n} ** 3)", "({n} ** 0)", "round({n})",
        "round({n}, 2)", "round({n}, -1)", "floor({n})", "ceil({n})", "abs({n})",
        "({n} if {b} else {n})", "coalesce({n}, {n})", "min({n}, {n}, {n})", "max({n}, {n})",
        "len({t})", "number({t})", "number(text({n}))", "({d} - {d})", "days_between({d}, {d})",
        "months_between({d}, {d})", "year({d})", "month({m})", "day({d})", "weekday({d})",
        "weekday({m})", "({l} / {l})", "len(tags)", "price.amount",
    ],
    "t": [
        "({t} + {t})", "concat({t}, {t}, {t})", "lower({t})", "upper({t})", "trim({t})",
        "replace({t}, {t}, {t})", "substring({t}, {n})", "substring({t}, {n}, {n})",
        "({t} if {b} else {t})", "coalesce({t}, {t})", "min({t}, {t})", "max({t}, {t}, {t})",
        "text({n})", "text({d})", "text({m})", "text({b})", "text({c})", "text({o})", "text({l})",
        "text(ship_to)", "ship_to.country", "customer.address.street", "price.currency",
    ],
    "d": [
        "({d} + {p})", "({d} - {p})", "({p} + {d})", "date({n}, {n}, {n})", "date({t})",
        "date({m})", "date(text({d}))", "start_of({d}, 'week')", "start_of({d}, 'quarter')",
        "end_of({d}, 'month')", "end_of({d}, 'week')", "end_of({d}, 'year')",
        "({d} if {b} else {d})", "coalesce({d}, {d})", "min({d}, {d})", "max({d}, {d})",
    ],
    "m": [
        "({m} + {p})", "({m} - {p})", "({m} if {b} else {m})", "coalesce({m}, {m})",
        "min({m}, {m})", "max({m}, {m})", "({m} + {l})", "({l} + {m})", "({m} - {l})",
    ],
    "p": [
        "days({n})", "months({n})", "years({n})", "(-{p})", "({p} + {p})", "({p} - {p})",
        "({p} if {b} else {p})",
    ],
    "b": [
        "({n} == {n})", "({n} != {n})", "({n} < {n})", "({n} <= {n} < {n})", "({t} == {t})",
        "({t} != {t})", "({t} < {t})", "({t} >= {t})", "({d} == {d})", "({d} > {d})",
        "({m} <= {m})", "({m} != {m})", "({b} == {b})", "({b} != {b})", "({c} == {c})",
        "({c} != {c})", "({n} is None)", "({t} is not None)", "({c} is None)",
        "({b} and {b})", "({b} or {b})", "(not {b})", "({b} and {b} and {b})",
        "({n} in [{n}, {n}])", "({n} not in [{n}, None])", "({t} in [{t}, {t}, 'a'])",
        "({d} in [{d}, None])", "({c} in [{c}, {c}])", "({t} in user.roles)",
        "({t} not in user.roles)", "({n} in [])", "({b} if {b} else {b})",
        "({o} == {o})", "({o} != {o})", "({o} < {o})", "({o} >= {o} > {o})", "({o} in [{o}, None])",
        "({l} == {l})", "({l} != {l})", "({l} <= {l})", "({l} > {l})", "({l} in [{l}, {l}])",
        "({t} in tags)", "({t} not in tags)", "(tags is None)", "(ship_to is not None)",
        "coalesce({b}, {b})", "contains({t}, {t})", "startswith({t}, {t})",
        "endswith({t}, {t})", "is_business_day({d})",
    ],
    "c": ["({c} if {b} else {c})", "coalesce({c}, {c})"],
    "o": [
        "({o} + {l})", "({l} + {o})", "({o} - {l})", "({o} if {b} else {o})", "coalesce({o}, {o})",
        "min({o}, {o})", "max({o}, {o}, {o})",
    ],
    "l": [
        "({l} + {l})", "({l} - {l})", "(-{l})", "({l} * {n})", "({n} * {l})", "hours({n})",
        "minutes({n})", "seconds({n})", "({o} - {o})", "({m} - {m})", "({l} if {b} else {l})",
        "coalesce({l}, {l})", "min({l}, {l})", "max({l}, {l})",
    ],
}  # fmt: skip

AGGREGATES: dict[str, list[str]] = {
    "n": ["sum({n})", "avg({n})", "count({n})", "count({b})", "min({n})", "max({n})"],
    "t": ["min({t})", "max({t})"],
    "d": ["min({d})", "max({d})"],
    "m": [],
    "p": [],
    "b": ["any({b})", "all({b})"],
    "c": [],
    "o": [],
    "l": ["sum({l})", "min({l})", "max({l})"],
}

LEAVES: dict[str, list[str]] = {
    "n": [
        "a", "b", "i", "number", "customer.credit", "0", "1", "-1", "2", "3", "10", "0.5", "1.005",
        "-0.000001", "12", "2024", "99999999999999999999.123456", "100000000000", "count(lines)",
    ],
    "t": [
        "s", "t", "days", "customer.name", "customer.group.name", "user.name", "''", "'a'", "'ß'",
        "'Σ'", "'İ'", "' 12.50 '", "'2024-02-29'", "'-7'", "'e\\u0301'",
    ],
    "d": ["d", "e", "today()", "date(2024, 2, 29)", "date(2025, 12, 31)", "date(1, 1, 1)",
          "date(9999, 12, 31)"],
    "m": ["m", "k", "now()"],
    "p": ["days(1)", "months(1)", "years(1)", "days(30)", "months(-13)", "days(i)", "months(i)"],
    "b": ["p", "q", "True", "False"],
    "c": ["customer", "other", "source", "user.id"],
    "o": ["c"],
    "l": ["v", "w", "hours(1)", "seconds(-1)", "minutes(0)", "seconds(400000000000)"],
}  # fmt: skip

LINE_LEAVES: dict[str, list[str]] = {
    "n": ["lines.x", "lines.y", "a", "i", "1", "0.5"],
    "t": ["lines.label", "s", "'b'"],
    "d": ["lines.day", "d", "today()"],
    "m": ["m", "now()"],
    "p": ["days(lines.x)", "months(1)", "days(i)"],
    "b": ["lines.flag", "p"],
    "c": ["customer", "source"],
    "o": ["c"],
    "l": ["lines.effort", "v", "minutes(5)"],
}

KIND_LETTERS = "ntdmbcol"


@st.composite
def sources(draw: st.DrawFn, kind: str, depth: int, inside: bool = False) -> str:
    """The source of a right expression of a kind, at most this deep."""
    leaves = LINE_LEAVES if inside else LEAVES
    choices = list(leaves[kind])
    if depth > 0:
        # Leaves are many; without weight most expressions would be no more than a name.
        choices += TEMPLATES[kind] * 2
        choices += [] if inside else AGGREGATES[kind] * 4
    template = draw(st.sampled_from(choices))
    aggregate = template in AGGREGATES[kind] and not inside
    parts: list[str] = []
    for piece in template.replace("}", "{").split("{"):
        if len(piece) == 1 and piece in TEMPLATES and "{" in template:
            part = draw(sources(piece, depth - 1, inside or aggregate))
            parts.append(part)
        else:
            parts.append(piece)
    source = "".join(parts)
    if aggregate and "lines." not in source:
        return draw(st.sampled_from([one for one in LEAVES[kind]]))
    return source


NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([Decimal(n) for n in ("0", "1", "-1", "2.50", "0.005", "-1622.835", "1E-12")]),
    st.decimals(min_value=-(10**20), max_value=10**20, places=6),
    st.decimals(min_value=-10, max_value=10, places=1),
    st.sampled_from(
        [Decimal("9" * 38), Decimal("1E-38"), Decimal("-123456789012345678901234567890.12345678")]
    ),
)
TEXTS = st.one_of(
    st.none(),
    st.text(alphabet="aAbzß İıΣσς.' éŒǅﬁ😀%_\\٣5-\t\u00a0\u3000", max_size=6),
    st.sampled_from(["sales", "12", "1.50", "2026-03-31", "-.5", " 7 "]),
)
DATES = st.one_of(
    st.none(),
    st.dates(min_value=date(2023, 12, 1), max_value=date(2026, 4, 1)),
    st.dates(),
)
MOMENTS = st.one_of(
    st.none(),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([datetime(2024, 2, 29, 23, 59, 59, 999999, UTC)]),
)
BOOLEANS = st.one_of(st.none(), st.booleans())
LINKS = st.sampled_from([None, ACME, NOBODY])
TIMES = st.one_of(st.none(), st.times().map(lambda at: at.replace(microsecond=0)))
DURATIONS = st.one_of(
    st.none(),
    st.integers(-100_000, 100_000).map(lambda n: timedelta(seconds=n)),
    st.integers(-SECONDS_MAX, SECONDS_MAX).map(lambda n: timedelta(seconds=n)),
)
LABELS = st.one_of(st.none(), st.lists(st.sampled_from(["a", "ß", "12", "sales"])).map(tuple))
PARTS = st.sampled_from(["", "a", "ß", "DE", 'q"\\'])
ADDRESSES = st.one_of(
    st.none(),
    st.fixed_dictionaries({}, optional={"street": PARTS, "country": PARTS}).map(Document),
)
PRICES = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {}, optional={"amount": st.sampled_from(["0", "1.50", "-7"]), "currency": PARTS}
    ).map(Document),
)
LINES = st.lists(
    st.fixed_dictionaries(
        {"x": NUMBERS, "y": NUMBERS, "label": TEXTS, "day": DATES, "flag": BOOLEANS}
        | {"effort": DURATIONS, "price": PRICES}
    ),
    max_size=3,
)
WHOLE = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-30, 30))


RECORDS_ = st.fixed_dictionaries(
    {
        "a": NUMBERS, "b": NUMBERS, "i": WHOLE.map(lambda n: n if n is None else Decimal(n)),
        "number": NUMBERS, "s": TEXTS, "t": TEXTS, "days": TEXTS, "d": DATES, "e": DATES,
        "m": MOMENTS, "k": MOMENTS, "p": BOOLEANS, "q": BOOLEANS, "customer": LINKS,
        "other": LINKS, "source": LINKS, "lines": LINES, "c": TIMES, "v": DURATIONS,
        "w": DURATIONS, "tags": LABELS, "ship_to": ADDRESSES, "price": PRICES,
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def world(server_dsn: str) -> Iterator[Database]:
    with open_world(server_dsn) as database:
        yield database


def usable(source: str) -> Expression | None:
    """The expression; None where a bound refuses it, or a date that is written out is none."""
    result = compile_expression(source, WorldScope("record"))
    if isinstance(result, Expression):
        return result
    assert {problem.code for problem in result} <= {DIGITS, LIMIT, LITERAL}, f"{source}: {result}"
    return None


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    database=None,
)
@given(data=st.data())
def test_both_sides_give_the_same(world: Database, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(KIND_LETTERS), min_size=1, max_size=EXPRESSIONS))
    written = [data.draw(sources(kind, 3)) for kind in kinds]
    records = data.draw(st.lists(RECORDS_, min_size=1, max_size=RECORDS))
    expressions = [one for source in written if (one := usable(source)) is not None]
    if not expressions:
        return
    rows = world.compute(expressions, records)
    for record, row in zip(records, rows, strict=True):
        for expression, in_sql in zip(expressions, row, strict=True):
            computed: Any = in_python(expression, record)
            note(f"{expression.source} over {record}")
            assert (type(computed), computed) == (type(in_sql), in_sql)


@settings(
    max_examples=max(1, EXAMPLES // 3),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    database=None,
)
@given(source=sources("b", 3), records=st.lists(RECORDS_, min_size=1, max_size=RECORDS))
def test_a_filter_keeps_what_python_calls_true(
    world: Database, source: str, records: list[dict[str, Any]]
) -> None:
    condition = usable(source)
    if condition is None:
        return
    assert condition.type.kind is Kind.BOOLEAN
    expected = [at for at, one in enumerate(records) if in_python(condition, one) is True]
    assert expected == world.matching(condition, records)
