"""`GET /{plural}/{id}/chain`: the documents that a record was made from, and those made from it.

The graph is walked both ways over the ties that conversions leave. What the caller may not read is
not there: it is neither shown nor walked through, so that nothing tells that it exists.
"""

from collections.abc import Sequence

from objectry.metadata.model import ObjectModel
from objectry.values.ids import parse_id
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import not_found
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.names import Names
from objectry_runtime.query.projection import conjunction, moment_text
from objectry_runtime.query.refusal import bad_query, quoted
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, fill
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound

DOCUMENTS_MAX = 1_000  # the nearest of them; `more` says that there are others
TIES = "objectry.conversion_line"

Params = Sequence[tuple[str, str]]


async def chain(call: Call, object_name: str, key: str, params: Params) -> Answer:
    """All documents that hang together with a record, and what was made from what."""
    for name, _ in params:
        raise bad_query(f"A chain takes no parameter {quoted(name)}.")
    names = Names(call.live, call.principal.roles)
    model, id = call.live.model.object(object_name), parse_id(key)
    if not names.reads(object_name) or (id is None and model.numbering is None):
        raise not_found()
    by = "number" if id is None else "id"
    statement = statements(call.live).get(
        ("chain", object_name, by, call.principal.roles), lambda: _render(names, model, by)
    )
    rows = await call.executor.read(fill(statement, CallValues(call, {RECORD: id or key})))
    body = rows[0][0]
    if body is None:
        raise not_found()
    return Answer(status=200, body=body, headers={"Content-Type": "application/json"})


def _render(names: Names, model: ObjectModel, by: str) -> Bound:
    rendering = template(names.live, names.roles)
    sql = rendering.sql
    tenant = sql.bind(TENANT, "integer")
    objects = _connected(names, model.name)
    start = ObjectFrame(rendering, model.name, rendering.alias(), gated=True)
    named = f"{start.column((by,))} = {sql.bind(RECORD, 'uuid' if by == 'id' else 'text')}"
    readable = start.holds(rendering.policy(model.name).rule("read"))
    label = sql.constant(model.name, "text")
    shown = " union all ".join(_documents(rendering, one, tenant) for one in objects)
    return sql.bound(
        f'with recursive walk(object, id) as (select {label} collate "C", '
        f"{start.alias}.id from {start.source} "
        f"where {conjunction([f'{start.tenant} = {tenant}', named, start.present, readable])} "
        f"union select n.object, n.id from walk w cross join lateral ({_next(tenant)}) n "
        f"where case n.object {_readable(rendering, objects, tenant)} else false end), "
        # The walk stops where nobody asks for more; what is nearest comes first.
        f"found as materialized (select object, id from walk limit {DOCUMENTS_MAX + 1}), "
        f"near as materialized (select object, id from found limit {DOCUMENTS_MAX}), "
        f"shown as materialized ({shown}), "
        "edge as (select distinct c.source_id, c.target_id, c.conversion, t.made "
        f"from {TIES} c join near s on s.object = c.source_object and s.id = c.source_id "
        "join shown t on t.object = c.target_object and t.id = c.target_id "
        f"where c.tenant_id = {tenant}) "
        "select case when exists (select from shown) then json_build_object("
        "'data', (select json_agg(s.document order by s.id) from shown s), "
        "'edges', coalesce((select json_agg(json_build_object('from', e.source_id, "
        f"'to', e.target_id, 'via', e.conversion, 'at', {moment_text('e.made')}) "
        "order by e.target_id, e.source_id, e.conversion) from edge e), '[]'), "
        f"'more', (select count(*) > {DOCUMENTS_MAX} from found))::text end"
    )


def _next(tenant: str) -> str:
    """One step from `w`: what was made of it, and what it was made from."""
    return (
        f"select c.target_object as object, c.target_id as id from {TIES} c "
        f"where c.tenant_id = {tenant} and c.source_object = w.object and c.source_id = w.id "
        f"union all select c.source_object, c.source_id from {TIES} c "
        f"where c.tenant_id = {tenant} and c.target_object = w.object and c.target_id = w.id"
    )


def _readable(rendering: Rendering, objects: Sequence[str], tenant: str) -> str:
    """For each object the condition that the caller may read the record `n`."""
    cases: list[str] = []
    for name in objects:
        frame = ObjectFrame(rendering, name, rendering.alias())
        rule = frame.holds(rendering.policy(name).rule("read"))
        named = [f"{frame.tenant} = {tenant}", f"{frame.alias}.id = n.id"]
        where = conjunction([*named, frame.present, rule])
        cases.append(
            f"when {rendering.sql.constant(name, 'text')} "
            f"then exists (select from {frame.source} where {where})"
        )
    return " ".join(cases)


def _documents(rendering: Rendering, name: str, tenant: str) -> str:
    """The documents of one object among those that were found, as far as the caller sees them."""
    frame = ObjectFrame(rendering, name, rendering.alias(), gated=True)
    model, label = frame.model, rendering.sql.constant(name, "text")
    told = {
        "number": "number" if "number" in model.fields else "",
        "title": model.title,
        "status": model.state,
    }
    facts = "".join(
        f", '{key}', {f'{frame.column((field,))}::text' if field else 'null'}"
        for key, field in told.items()
    )
    return (
        f"select {label} as object, {frame.alias}.id, {frame.column(('created_at',))} as made, "
        f"json_build_object('object', {label}, 'id', {frame.alias}.id{facts}) as document "
        f"from near f join {frame.source} on {frame.tenant} = {tenant} "
        f"and {frame.alias}.id = f.id where f.object = {label}"
    )


def _connected(names: Names, start: str) -> list[str]:
    """The objects that conversions tie to an object, by way of those the caller may read."""
    neighbours = _neighbours(names.live)
    found, waiting = {start}, [start]
    while waiting:
        for other in neighbours.get(waiting.pop(), set()) - found:
            if names.reads(other):
                found.add(other)
                waiting.append(other)
    return sorted(found)


def _neighbours(live: Live) -> dict[str, set[str]]:
    both: dict[str, set[str]] = {}
    for source, definition in live.model.definitions.objects.items():
        for conversion in definition.conversions.values():
            both.setdefault(source, set()).add(conversion.to)
            both.setdefault(conversion.to, set()).add(source)
        for arrival in definition.arrivals:
            both.setdefault(source, set()).add(arrival.source)
            both.setdefault(arrival.source, set()).add(source)
    return both
