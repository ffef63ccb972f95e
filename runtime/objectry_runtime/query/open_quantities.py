"""Open quantities under edits: holding what a record was made from, and refusing what exceeds it.

A conversion counts what is open while it holds its source. So does every write that could make
more of it: it holds the source first, saves, then asks what is there now.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from objectry.metadata.model import ConversionModel
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.conversions import live_ties
from objectry_runtime.query.frame import ObjectFrame, Rendering, table
from objectry_runtime.query.slots import RECORD, TENANT, Slot, array_text, call_values, fill
from objectry_runtime.query.sql import quote
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound

CODE = "open_quantity"
Side = Literal["source", "target"]

_LINES = Slot("lines")


class _MadeBy(msgspec.Struct, frozen=True, kw_only=True):
    by_target: dict[str, list[tuple[str, str]]]


def made_by(live: Live, target: str) -> Sequence[tuple[str, str]]:
    """The conversions that make records of an object: (source object, name)."""
    key = ("query.made_by",)
    known = live.compiled.get(key)
    if not isinstance(known, _MadeBy):
        known = _MadeBy(by_target={})
        objects = live.model.definitions.objects
        for source, definition in objects.items():
            for name, conversion in definition.conversions.items():
                # Without lines only a release that is taken back can exceed, or a restored target.
                kept = objects[conversion.to].soft_delete
                if conversion.lines is not None or conversion.releases_when is not None or kept:
                    known.by_target.setdefault(conversion.to, []).append((source, name))
        live.compiled[key] = known
    return known.by_target.get(target, ())


def hold_sources(call: Call, target: str, by: str, record: str) -> list[Bound]:
    """The statements that hold what a record was made from, until the transaction ends.

    They come before anything that holds the record itself: everybody goes from source to target.
    """
    sources = sorted({source for source, _ in made_by(call.live, target)})
    return [_hold(call, source, target, by, record) for source in sources]


def not_exceeded(
    call: Call, source: str, name: str, side: Side, record: str, lines: Sequence[str]
) -> Bound:
    """The statement that refuses the unit where lines of a record took more than their source has.

    `lines` are those that were raised (of a target) or lowered or removed (of the source); none
    where the conversion has none. The code of the refusal is read by `command.open_quantities`.
    """
    statement = statements(call.live).get(
        ("not_exceeded", source, name, side), lambda: _refuse(call.live, source, name, side)
    )
    values = {**call_values(call), RECORD: record, _LINES: array_text(list(lines))}
    return fill(statement, values)


def _hold(call: Call, source: str, target: str, by: str, record: str) -> Bound:
    statement = statements(call.live).get(
        ("hold", source, target, by), lambda: _holding(call.live, source, target, by)
    )
    return fill(statement, {**call_values(call), RECORD: record})


def _holding(live: Live, source: str, target: str, by: str) -> Bound:
    rendering = template(live, frozenset())
    sql = rendering.sql
    tenant, record = sql.bind(TENANT, "integer"), sql.bind(RECORD, "uuid" if by == "id" else "text")
    of = record
    if by != "id":
        column = quote(live.storage.objects[target].columns[by])
        of = (
            f"(select t.id from {table(rendering, target)} t "
            f"where t.tenant_id = {tenant} and t.{column} = {record})"
        )
    return sql.bound(
        f"select 1 from {table(rendering, source)} s where s.tenant_id = {tenant} and s.id in "
        f"(select c.source_id from objectry.conversion_line c where c.tenant_id = {tenant} "
        f"and c.target_id = {of} and c.source_object = {sql.bind(source, 'text')} "
        f"and c.target_object = {sql.bind(target, 'text')}) order by s.id for no key update"
    )


def _refuse(live: Live, source: str, name: str, side: Side) -> Bound:
    rendering = template(live, frozenset())
    sql = rendering.sql
    conversion = live.model.object(source).conversions[name]
    if conversion.lines is None:
        exceeding = _whole(rendering, source, name, conversion, side)
    else:
        found = _target_side if side == "target" else _source_side
        exceeding = found(rendering, source, name, conversion)
    code = sql.bind(f"{CODE}:{side}:{source}:{name}:", "text")
    return sql.bound(f"select objectry.guard(o.found is null, {code} || o.found) from {exceeding}")


def _target_side(rendering: Rendering, source: str, name: str, conversion: ConversionModel) -> str:
    """[target line, how much of its source line was left for it], of those that took more."""
    sql = rendering.sql
    tenant, mine = sql.bind(TENANT, "integer"), live_ties(rendering, conversion, "c")
    has, join = _source_line(rendering, conversion, "c.source_line_id", tenant)
    taken = taken_sql(
        rendering, source, name, conversion, tenant, "c.source_id", "c.source_line_id"
    )
    left = f"greatest({has} - x.taken + {mine.each}, 0)"
    return (
        f"(select json_agg(json_build_array(c.target_line_id, {left}::text))::text as found "
        f"from {mine.source} {join} cross join lateral ({taken}) x "
        f"where c.tenant_id = {tenant} and c.conversion = {sql.bind(name, 'text')} "
        f"and c.source_object = {sql.bind(source, 'text')} "
        f"and c.target_id = {sql.bind(RECORD, 'uuid')} "
        f"and c.target_line_id = any({sql.bind(_LINES, 'uuid[]')}) "
        f"and {mine.live} and x.taken > {has}) o"
    )


def _whole(
    rendering: Rendering, source: str, name: str, conversion: ConversionModel, side: Side
) -> str:
    """[target, nothing], if its source (or the record, that is it) is the whole of two."""
    sql = rendering.sql
    mine, its = live_ties(rendering, conversion, "c"), live_ties(rendering, conversion, "d")
    return (
        f"(select json_agg(json_build_array(c.target_id, '0'))::text as found from {mine.source} "
        f"where c.tenant_id = {sql.bind(TENANT, 'integer')} "
        f"and c.conversion = {sql.bind(name, 'text')} "
        f"and c.source_object = {sql.bind(source, 'text')} "
        f"and c.{side}_id = {sql.bind(RECORD, 'uuid')} and {mine.live} "
        f"and exists (select from {its.source} where d.tenant_id = c.tenant_id "
        "and d.conversion = c.conversion and d.source_object = c.source_object "
        f"and d.source_id = c.source_id and d.target_id <> c.target_id and {its.live})) o"
    )


def _source_side(rendering: Rendering, source: str, name: str, conversion: ConversionModel) -> str:
    """[source line, how much of it was taken], of those that have less."""
    sql = rendering.sql
    tenant, record = sql.bind(TENANT, "integer"), sql.bind(RECORD, "uuid")
    has, join = _source_line(rendering, conversion, "g.id", tenant)
    taken = taken_sql(rendering, source, name, conversion, tenant, record, "g.id")
    return (
        "(select json_agg(json_build_array(g.id, x.taken::text))::text as found "
        f"from unnest({sql.bind(_LINES, 'uuid[]')}) g(id) {join} "
        f"cross join lateral ({taken}) x where x.taken > {has}) o"
    )


def _source_line(
    rendering: Rendering, conversion: ConversionModel, line: str, tenant: str
) -> tuple[str, str]:
    """How much a source line has (nothing where it is gone), and the join that finds it."""
    lines = conversion.lines
    assert lines is not None, "only lines have quantities"
    frame = ObjectFrame(rendering, lines.source_object, rendering.alias())
    if lines.quantity:
        has = f"coalesce({frame.raw(lines.quantity)}, 0)"
    else:
        has = f"(case when {frame.alias}.id is null then 0 else 1 end)"
    return (
        has,
        f"left join {frame.source} on {frame.tenant} = {tenant} and {frame.alias}.id = {line}",
    )


def taken_sql(
    rendering: Rendering,
    source: str,
    name: str,
    conversion: ConversionModel,
    tenant: str,
    record: str,
    line: str,
) -> str:
    """What all live targets together take of one source line."""
    sql = rendering.sql
    tie = rendering.alias()
    ties = live_ties(rendering, conversion, tie)
    return (
        f"select {ties.total} as taken from {ties.source} where {tie}.tenant_id = {tenant} "
        f"and {tie}.conversion = {sql.bind(name, 'text')} "
        f"and {tie}.source_object = {sql.bind(source, 'text')} "
        f"and {tie}.source_id = {record} and {tie}.source_line_id = {line} and {ties.live}"
    )
