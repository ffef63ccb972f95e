"""Whether the caller may do something with one record, asked of the record itself."""

from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Action, policy
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.projection import conjunction
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, fill
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound


async def permits(call: Call, object_name: str, id: str, action: Action) -> bool:
    """Whether the action's rule admits the record; that it may be read is asked elsewhere."""
    roles = call.principal.roles
    rule = policy(call.live, object_name, roles).rule(action)
    if isinstance(rule, bool):
        return rule

    def build() -> Bound:
        rendering = template(call.live, roles)
        frame = ObjectFrame(rendering, object_name, rendering.alias())
        where = [
            f"{frame.tenant} = {rendering.sql.bind(TENANT, 'integer')}",
            f"{frame.alias}.id = {rendering.sql.bind(RECORD, 'uuid')}",
            frame.holds(rule),
        ]
        return rendering.sql.bound(f"select from {frame.source} where {conjunction(where)}")

    statement = statements(call.live).get(("permits", object_name, roles, action), build)
    rows = await call.executor.read(fill(statement, CallValues(call, {RECORD: id})))
    return bool(rows)
