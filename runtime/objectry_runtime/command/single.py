"""Objects of one record per tenant: it is made, with its defaults, when first asked for."""

from collections.abc import Awaitable, Callable

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.values.ids import fixed_id
from objectry_runtime.identity.call import Call
from objectry_runtime.identity.engine import engine
from objectry_runtime.problems import Problem
from objectry_runtime.query.single import read_statement

Make = Callable[[Call, str], Awaitable[object]]


def single_id(call: Call, object_name: str) -> str:
    """The id of a tenant's record of an object that has one."""
    return fixed_id("single", call.principal.tenant, object_name)


async def ensure(call: Call, model: ObjectModel, make: Make) -> None:
    """See to it that the record is there; `make` makes a record of the given id.

    Of two that make it at once one is refused, and finds it there.
    """
    key = ("command.single", call.principal.tenant, model.name)
    if key in call.live.compiled:
        return
    id, mine = single_id(call, model.name), _by_engine(call)
    if not await _is_there(mine, model, id):
        try:
            await make(mine, id)
        except Problem:
            if not await _is_there(mine, model, id):
                raise
    call.live.compiled[key] = True


def refuse(model: ObjectModel, method: str) -> None:
    """Nobody makes or deletes the one record."""
    if model.definition.single:
        raise Problem(
            405,
            "method_not_allowed",
            "The method is not allowed here.",
            f"{method} is not: there is one {model.name}, always. PATCH changes it.",
            headers={"Allow": "GET, HEAD, OPTIONS, PATCH, PUT"},
        )


def _by_engine(call: Call) -> Call:
    """The same request as the engine's own: kept whatever becomes of the request."""
    principal = engine(call.principal.tenant, call.principal.tenant_name)
    return msgspec.structs.replace(
        call, principal=principal, dry_run=False, idempotency_key="", if_match=""
    )


async def _is_there(call: Call, model: ObjectModel, id: str) -> bool:
    return bool(await call.executor.read(read_statement(call, model.name, id)))
