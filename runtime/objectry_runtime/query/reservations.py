"""`GET /{plural}/{id}/conversions`: what became of conversions whose targets live elsewhere."""

from collections.abc import Sequence

from objectry.metadata.model import ObjectModel
from objectry.values.ids import parse_id
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Policy, policy
from objectry_runtime.problems import not_found
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.projection import conjunction, moment_text
from objectry_runtime.query.refusal import bad_query, quoted
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, array_text, fill
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound

Params = Sequence[tuple[str, str]]


async def reservations(call: Call, object_name: str, key: str, params: Params) -> Answer:
    """What was asked of other services for a record: pending, made, or refused and why.

    Of each conversion only for who may run it.
    """
    for name, _ in params:
        raise bad_query(f"The state of conversions takes no parameter {quoted(name)}.")
    model, id = call.live.model.object(object_name), parse_id(key)
    rights = policy(call.live, object_name, call.principal.roles)
    if rights.rule("read") is False or (id is None and model.numbering is None):
        raise not_found()
    by = "number" if id is None else "id"
    statement = statements(call.live).get(
        ("reservations", object_name, by, call.principal.roles),
        lambda: _render(call, model, rights, by),
    )
    rows = await call.executor.read(fill(statement, CallValues(call, {RECORD: id or key})))
    if not rows:
        raise not_found()
    return Answer(status=200, body=rows[0][0] or b"", headers={"Content-Type": "application/json"})


def _render(call: Call, model: ObjectModel, rights: Policy, by: str) -> Bound:
    rendering = template(call.live, call.principal.roles)
    sql = rendering.sql
    tenant = sql.bind(TENANT, "integer")
    frame = ObjectFrame(rendering, model.name, rendering.alias(), gated=True)
    named = f"{frame.column((by,))} = {sql.bind(RECORD, 'uuid' if by == 'id' else 'text')}"
    readable = frame.holds(rendering.policy(model.name).rule("read"))
    mine = [name for name in model.conversions if rights.may_convert(name)]
    told = (
        "select r.made_at, r.target_id, json_build_object('conversion', r.conversion, 'object', "
        "r.target_object, 'id', r.target_id, 'state', r.state, 'problem', r.problem, 'made_at', "
        f"{moment_text('r.made_at')}, 'settled_at', {moment_text('r.settled_at')}) as told "
        f"from objectry.reservation r where r.tenant_id = {tenant} "
        f"and r.source_object = {sql.bind(model.name, 'text')} "
        f"and r.request -> 'sources' ? {frame.alias}.id::text "
        f"and r.conversion = any({sql.bind(array_text(mine), 'text[]')})"
    )
    return sql.bound(
        "select json_build_object('data', coalesce((select json_agg(x.told order by x.made_at, "
        f"x.target_id) from ({told}) x), '[]'))::text from {frame.source} "
        f"where {conjunction([f'{frame.tenant} = {tenant}', named, frame.present, readable])}"
    )
