"""The target's side of a conversion across databases: the record is made here, once.

The request names the id, so that a repeat finds what the first made. The record, the tie to its
source and the note that it arrived are one transaction of the ordinary write path; what that path
refuses is noted as refused, and what may pass later (a service away, a lock) is left for later.
"""

import logging
from collections.abc import Callable

import msgspec

from objectry_runtime.command.arrive import arrive
from objectry_runtime.command.requested import ConversionRequest
from objectry_runtime.identity.call import Call, Principal
from objectry_runtime.peers.messages import Outcome
from objectry_runtime.problems import Problem
from objectry_runtime.store.executor import Bound, DatabaseError, Executor

AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})

log = logging.getLogger("objectry.peers")

NewCall = Callable[[Principal, str], Call]
"""A call by a principal, with a correlation."""


async def take(new_call: NewCall, executor: Executor, request: ConversionRequest) -> Outcome | None:
    """Make the record of a request; None where that is to be tried again."""
    known = await _known(executor, request)
    if known is not None:
        return known
    call = new_call(_principal(request), request.correlation)
    try:
        await arrive(call, request)
    except Problem as problem:
        if problem.status in AGAIN or problem.code == "stale":
            log.info("%s %s waits: %s", request.target_object, request.target, problem)
            return None
        await executor.write([_refused(request, problem)])
    except DatabaseError as error:
        # Another server of this service was faster; anything else is looked at again next time.
        log.info("%s %s is tried again: %s", request.target_object, request.target, error)
    return await _known(executor, request)


async def _known(executor: Executor, request: ConversionRequest) -> Outcome | None:
    rows = await executor.read(
        Bound(
            "select state, problem::text from objectry.arrival "
            "where tenant_id = $1::integer and target_id = $2::uuid",
            (str(request.tenant), request.target),
        )
    )
    if not rows:
        return None
    state, problem = rows[0]
    return Outcome(
        tenant=request.tenant,
        target=request.target,
        state=(state or b"").decode(),
        problem=msgspec.json.decode(problem) if problem else None,
    )


def _refused(request: ConversionRequest, problem: Problem) -> Bound:
    said = {
        "status": problem.status,
        "code": problem.code,
        "title": problem.title,
        "detail": str(problem),
        "errors": [msgspec.to_builtins(error) for error in problem.errors],
    }
    return Bound(
        "insert into objectry.arrival (tenant_id, target_id, state, problem) "
        "values ($1::integer, $2::uuid, 'refused', $3::jsonb) on conflict do nothing",
        (str(request.tenant), request.target, msgspec.json.encode(said).decode()),
    )


def _principal(request: ConversionRequest) -> Principal:
    who = request.requester
    return Principal(
        tenant=request.tenant,
        tenant_name=who.tenant_name,
        user=who.user,
        name=who.name,
        roles=frozenset(who.roles),
    )
