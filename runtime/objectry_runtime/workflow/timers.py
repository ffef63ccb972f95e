"""Transitions that the engine takes by itself when their moment (`at`) has come."""

from collections.abc import Callable, Iterator

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.values.ids import new_id
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.identity.engine import engine
from objectry_runtime.permissions import policy
from objectry_runtime.problems import Problem
from objectry_runtime.query.due import BATCH, due
from objectry_runtime.workflow.transitions import transition

BEFORE_ALL = "00000000-0000-0000-0000-000000000000"
SETTLED = (404, 409)  # somebody else was faster, or it is not due any more

Report = Callable[[str, str, Problem], None]
"""Told of a record that can't take its transition: object and transition, id, why."""


async def take_due(call: Call, services: frozenset[str], report: Report) -> int:
    """Take every transition that is due at the moment of the call; how many were taken.

    Each goes the way of all transitions, so that any number of servers may do this at once: the
    version of the record lets one of them through. `services` (empty: all) are those served here.
    """
    taken = 0
    for model, name in timed(call.live):
        if services and model.schema not in services:
            continue
        after = BEFORE_ALL
        while True:
            rows = await call.executor.read(due(call, model, name, after))
            for row in rows:
                tenant, tenant_name, after = ((one or b"").decode() for one in row)
                acting = msgspec.structs.replace(
                    call, principal=engine(int(tenant), tenant_name), correlation=new_id()
                )
                taken += await _take(acting, model, name, after, report)
            if len(rows) < BATCH:
                break
    return taken


def timed(live: Live) -> Iterator[tuple[ObjectModel, str]]:
    """The transitions that have a moment. Objects without any are not even resolved."""
    for object_name, definition in live.model.definitions.objects.items():
        workflow = definition.workflow
        for one in workflow.transitions.values() if workflow else ():
            if one.at is not None:
                yield live.model.object(object_name), one.name


async def _take(call: Call, model: ObjectModel, name: str, id: str, report: Report) -> bool:
    rights = policy(call.live, model.name, call.principal.roles)
    try:
        await transition(call, model, rights, id, name, b"{}")
    except Problem as problem:
        if problem.status not in SETTLED:
            report(f"{model.name}.{name}", id, problem)
        return False
    return True
