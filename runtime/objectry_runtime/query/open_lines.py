"""`GET /{plural}/{id}/open/{conversion}`: what a conversion may still take of a record's lines."""

from collections.abc import Sequence

from objectry.metadata.model import ConversionModel, ObjectModel
from objectry.values.ids import parse_id
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import policy
from objectry_runtime.problems import Problem, not_found
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.conversions import live_ties
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.open_quantities import taken_sql
from objectry_runtime.query.projection import conjunction
from objectry_runtime.query.refusal import bad_query, quoted
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, fill
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound

Params = Sequence[tuple[str, str]]


async def open_lines(call: Call, object_name: str, key: str, name: str, params: Params) -> Answer:
    """The lines that a conversion would take: how much each has, how much went, how much is open.

    Only for who may run the conversion: it says what live targets hold, also those that the caller
    may not read.
    """
    for parameter, _ in params:
        raise bad_query(f"Open quantities take no parameter {quoted(parameter)}.")
    model, id = call.live.model.object(object_name), parse_id(key)
    rights = policy(call.live, object_name, call.principal.roles)
    conversion = model.conversions.get(name)
    if conversion is None or rights.rule("read") is False or (id is None and not model.numbering):
        raise not_found()
    by = "number" if id is None else "id"
    statement = statements(call.live).get(
        ("open", object_name, name, by, call.principal.roles),
        lambda: _render(call, model, conversion, by),
    )
    rows = await call.executor.read(fill(statement, CallValues(call, {RECORD: id or key})))
    if not rows:
        raise not_found()
    if not rights.may_convert(name):
        raise Problem(403, "forbidden", "You may not do this.")
    return Answer(status=200, body=rows[0][0] or b"", headers={"Content-Type": "application/json"})


def _render(call: Call, model: ObjectModel, conversion: ConversionModel, by: str) -> Bound:
    rendering = template(call.live, call.principal.roles)
    sql = rendering.sql
    tenant = sql.bind(TENANT, "integer")
    frame = ObjectFrame(rendering, model.name, rendering.alias(), gated=True)
    named = f"{frame.column((by,))} = {sql.bind(RECORD, 'uuid' if by == 'id' else 'text')}"
    readable = frame.holds(rendering.policy(model.name).rule("read"))
    told = _whole if conversion.lines is None else _lines
    return sql.bound(
        f"select {told(rendering, frame, conversion, tenant)}::text from {frame.source} "
        f"where {conjunction([f'{frame.tenant} = {tenant}', named, frame.present, readable])}"
    )


def _lines(
    rendering: Rendering, frame: ObjectFrame, conversion: ConversionModel, tenant: str
) -> str:
    """The lines that the caller may read, in their order."""
    lines = conversion.lines
    assert lines is not None, "only lines have quantities"
    from_sql, where_sql, line = frame.rows(lines.source)
    assert isinstance(line, ObjectFrame), "the lines of a record are records of the statement"
    has = f"{line.column((lines.quantity,))}::numeric" if lines.quantity else "1::numeric"
    name = conversion.definition.name
    record, line_id = f"{frame.alias}.id", f"{line.alias}.id"
    went = taken_sql(rendering, frame.object, name, conversion, tenant, record, line_id)
    return (
        "(select json_build_object('data', coalesce(json_agg(json_build_object('id', o.id, "
        "'quantity', o.has::text, 'converted', round(o.went, scale(o.has))::text, "
        "'open', greatest(o.has - o.went, 0)::text) order by o.position), '[]'), "
        "'open', coalesce(bool_or(o.has > o.went), false)) from ("
        f"select {line_id}, {line.alias}.position, {has} as has, x.taken as went "
        f"from {from_sql} cross join lateral ({went}) x where {where_sql}) o)"
    )


def _whole(
    rendering: Rendering, frame: ObjectFrame, conversion: ConversionModel, tenant: str
) -> str:
    """Without lines the document is open as a whole, or not at all."""
    sql, tie = rendering.sql, rendering.alias()
    ties = live_ties(rendering, conversion, tie)
    return (
        "json_build_object('data', '[]'::json, 'open', not exists (select from "
        f"{ties.source} where {tie}.tenant_id = {tenant} "
        f"and {tie}.conversion = {sql.bind(conversion.definition.name, 'text')} "
        f"and {tie}.source_object = {sql.bind(frame.object, 'text')} "
        f"and {tie}.source_id = {frame.alias}.id and {ties.live}))"
    )
