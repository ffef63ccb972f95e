"""Declared reports as SQL: the rows of a report, and its totals by its groups.

Both see records as their reader may: row rules in the statement, hidden fields null.
"""

from collections.abc import Mapping, Sequence

import msgspec

from objectry.expressions.tree import Tree
from objectry.metadata.model import FieldModel
from objectry.metadata.model.pages import CalendarPart, TotalOp
from objectry.metadata.types import StorageClass
from objectry_runtime.host.live import Live
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.names import Names
from objectry_runtime.query.parameters import Parameterised
from objectry_runtime.query.projection import conjunction, json_value
from objectry_runtime.query.render import render_predicate
from objectry_runtime.query.slots import TENANT
from objectry_runtime.query.sorting import SortKey, after, key_column, order_by
from objectry_runtime.query.sql import quote
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound

GROUPS_MAX = 5000  # sets of equal keys, subtotals among them
Path = tuple[str, ...]

_PARTS: Mapping[CalendarPart, str] = {
    "day": "YYYY-MM-DD",
    "week": 'IYYY-"W"IW',
    "month": "YYYY-MM",
    "quarter": 'YYYY-"Q"Q',
    "year": "YYYY",
}


class Column(msgspec.Struct, frozen=True):
    """A field of a report, by the path to it."""

    path: Path
    field: FieldModel


class Group(msgspec.Struct, frozen=True):
    """What records are grouped by; `by` is a part of the calendar."""

    column: Column
    by: CalendarPart | None


class Total(msgspec.Struct, frozen=True):
    """One total. Amounts of several currencies are never added.

    `currency` is None for what is no amount, else the path to its currency, empty where all are in
    the currency `code`.
    """

    column: Column
    op: TotalOp
    currency: Path | None = None
    code: str = ""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What both statements are about: an object, and which of its records."""

    object: str
    where: Tree | None
    parameters: Mapping[str, FieldModel]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Whose statement it is: the release, the roles, and the time zone of days."""

    live: Live
    roles: frozenset[str]
    zone: str


def rows_statement(
    facts: Facts,
    query: Query,
    columns: Sequence[Column],
    sort: Sequence[SortKey],
    nulls: Sequence[bool] | None,
    limit: int,
) -> Bound:
    """A page of rows: each its JSON, and the JSON of its sort keys; one more than `limit`."""
    rendering = template(facts.live, facts.roles)
    frame = _frame(rendering, query.object)
    where = _conditions(rendering, frame, query)
    keys = [key_column(key, frame) for key in sort]
    if nulls is not None:
        where.append(after(sort, keys, nulls, rendering.sql))
    shown = ", ".join(
        f"{json_value(one.field, frame.column(one.path))} as {quote('.'.join(one.path))}"
        for one in columns
    )
    row = rendering.alias()
    named = [f'"__{index}"' for index in range(len(keys))]
    selected = ", ".join(f"{key} as {name}" for key, name in zip(keys, named, strict=True))
    return rendering.sql.bound(
        f"select row_to_json({row})::text, json_build_array({_texts(named)})::text"
        f" from (select {frame.alias}.*, {selected} from {frame.source}"
        f" where {conjunction(where)} order by {order_by(sort, named)} limit {limit + 1})"
        f" {frame.alias} cross join lateral (select {shown}) {row}"
        f" order by {order_by(sort, named)}"
    )


def totals_statement(
    facts: Facts, query: Query, groups: Sequence[Group], totals: Sequence[Total], chart: int | None
) -> Bound:
    """Totals of every group, of every prefix of the groups, and of all.

    Each row: which keys are not of its set (bits of `grouping`), the keys, the currencies, the
    totals. `chart` is a group that is also taken by itself.
    """
    rendering = template(facts.live, facts.roles)
    frame = _frame(rendering, query.object)
    where = conjunction(_conditions(rendering, frame, query))
    sources = currencies(totals)
    inner = [f"{_key(rendering, frame, one, facts.zone)} as g{i}" for i, one in enumerate(groups)]
    inner += [f"{frame.column(path)} as c{i}" for i, path in enumerate(sources)]
    inner += [f"{_value(frame, one)} as v{i}" for i, one in enumerate(totals)]
    keys = [f"g{i}" for i in range(len(groups))]
    money = [f"c{i}" for i in range(len(sources))]
    sets = [keys[:end] for end in range(len(keys), -1, -1)]
    if chart:  # the first group by itself is a prefix
        sets.append([keys[chart]])
    sets += [[*one, each] for each in money for one in list(sets)]
    listed = ", ".join(f"({', '.join(one)})" for one in sets)
    every = [*keys, *money]
    mask = f"grouping({', '.join(every)})" if every else "0"
    shown = [
        key if one.by else json_value(one.column.field, key)
        for one, key in zip(groups, keys, strict=True)
    ]
    made = [_made(one, f"v{i}") for i, one in enumerate(totals)]
    order = [part for key in keys for part in (f"grouping({key})", key)] or ["1"]
    return rendering.sql.bound(
        f"select ({mask})::text, json_build_array({', '.join(shown)})::text,"
        f" json_build_array({', '.join(money)})::text, json_build_array({', '.join(made)})::text"
        f" from (select {', '.join(inner)} from {frame.source} where {where}) s"
        f" group by grouping sets ({listed}) order by {', '.join(order)} limit {GROUPS_MAX + 1}"
    )


def currencies(totals: Sequence[Total]) -> list[Path]:
    """The different places where currencies of the totals lie."""
    return list(dict.fromkeys(one.currency for one in totals if one.currency))


def column_of(names: Names, object_name: str, text: str) -> Column:
    """A field that the reader may see, by its path."""
    found = names.path(object_name, text, "read", "report")
    return Column(found.path, found.field)


def _frame(rendering: Rendering, object_name: str) -> ObjectFrame:
    return ObjectFrame(rendering, object_name, rendering.alias(), gated=True)


def _conditions(rendering: Rendering, frame: ObjectFrame, query: Query) -> list[str]:
    sql = rendering.sql
    conditions = [
        f"{frame.tenant} = {sql.bind(TENANT, 'integer')}",
        frame.holds(rendering.policy(query.object).rule("read")),
        frame.present,
    ]
    if query.where is not None:
        seen = Parameterised(frame, query.parameters)
        conditions.append(f"({render_predicate(query.where, seen, sql, rendering.clock)})")
    return conditions


def _key(rendering: Rendering, frame: ObjectFrame, group: Group, zone: str) -> str:
    value = frame.column(group.column.path)
    if group.by is None:
        return value
    if group.column.field.type.storage is StorageClass.TIMESTAMP:
        value = f"({value} at time zone {rendering.sql.bind(zone, 'text')})"
    return f"to_char({value}, '{_PARTS[group.by]}')"


def _value(frame: ObjectFrame, total: Total) -> str:
    """What is totalled; an amount whose currency its reader may not see is not."""
    value = frame.column(total.column.path)
    if not total.currency:
        return value
    known = frame.column(total.currency)
    whole = frame.ungated.column(total.currency)
    if known == whole:
        return value
    return f"(case when {known} is not distinct from {whole} then {value} end)"


def _made(total: Total, value: str) -> str:
    """The total as JSON: counts as numbers, what is computed as text, extremes as the field."""
    match total.op:
        case "count":
            return f"count({value})"
        case "sum" if total.currency is not None:
            return f"sum({value})::text"
        case "sum":
            return f"coalesce(sum({value}), 0)::text"
        case "avg":
            return f"objectry.div(sum({value})::numeric, count({value})::numeric)::text"
        case "min" | "max":
            collated = (
                f'{value} collate "C"'
                if total.column.field.type.storage is StorageClass.TEXT
                else value
            )
            return json_value(total.column.field, f"{total.op}({collated})")


def _texts(names: Sequence[str]) -> str:
    return ", ".join(f"{name}::text" for name in names)
