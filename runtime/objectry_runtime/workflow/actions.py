"""`POST /{plural}/{id}/actions/{name}`: which kind of action it is; without the id, of several."""

import msgspec

from objectry_runtime.command.admission import authorize
from objectry_runtime.command.decision import MERGE, RESTORE
from objectry_runtime.command.removal import restore
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.workflow.conversions import collect, convert
from objectry_runtime.workflow.merging import merge
from objectry_runtime.workflow.transitions import transition


async def act(call: Call, object_name: str, record: str, name: str, body: bytes) -> Answer:
    """Take a transition (200, the record) or run a conversion (201, the new record)."""
    model, rights = authorize(call, object_name)
    if model.workflow is not None and name in model.workflow.transitions:
        return await transition(call, model, rights, record, name, body)
    # Roles that others lent are for deciding on records, not for making new ones.
    call = msgspec.structs.replace(call, principal=call.principal.without_lent())
    model, rights = authorize(call, object_name)
    if name in model.conversions:
        return await convert(call, model, rights, record, name, body)
    if name == RESTORE and model.definition.soft_delete:
        return await restore(call, model, rights, record, body)
    if name == MERGE and model.definition.duplicates is not None:
        return await merge(call, model, rights, record, body)
    raise Problem(404, "not_found", "There is no such action.")


async def act_together(call: Call, object_name: str, name: str, body: bytes) -> Answer:
    """Run a collective conversion (201, the one new record)."""
    model, rights = authorize(call, object_name)
    return await collect(call, model, rights, name, body)
