"""`/internal/v1/…`: what services of one installation ask each other, and nobody else."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol, TypeVar

import msgspec

from objectry_runtime.host.live import Live
from objectry_runtime.peers.changes import changes
from objectry_runtime.peers.client import PREFIX
from objectry_runtime.peers.identity import identities
from objectry_runtime.peers.messages import (
    FollowRequest,
    IdentityRequest,
    LookupAnswer,
    LookupRequest,
    PullRequest,
    ServedAnswer,
    SettleRequest,
)
from objectry_runtime.peers.reading import read_records
from objectry_runtime.peers.reservations import pending, settle
from objectry_runtime.peers.signature import HEADER, signer
from objectry_runtime.problems import Problem, not_found
from objectry_runtime.query.sql import Clock
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.keyring import Keyring

Request = TypeVar("Request")


class Answering(Protocol):
    """What the answers are made from."""

    live: Live
    executor: Executor
    keyring: Keyring
    time_zone: tzinfo
    services: frozenset[str]


async def answer(answering: Answering, headers: Mapping[str, str], path: str, body: bytes) -> bytes:
    """The answer to one question, as JSON; raises Problem."""
    if signer(answering.keyring, headers.get(HEADER, ""), path, body) is None:
        title = "Only services of this installation are answered here."
        raise Problem(401, "unauthorized", title)
    operation = _OPERATIONS.get(path.removeprefix(PREFIX))
    if operation is None:
        raise not_found()
    return msgspec.json.encode(await operation(answering, body))


async def _follow(answering: Answering, body: bytes) -> Any:
    return await changes(
        answering.live, answering.executor, _clock(answering), _read(body, FollowRequest)
    )


async def _lookup(answering: Answering, body: bytes) -> Any:
    asked = _read(body, LookupRequest)
    keys = [(asked.tenant, id) for id in asked.ids]
    live, executor, clock = answering.live, answering.executor, _clock(answering)
    found = await read_records(live, executor, clock, asked.object, asked.wanted, keys)
    return LookupAnswer(records=found)


async def _pull(answering: Answering, body: bytes) -> Any:
    return await pending(answering.executor, _read(body, PullRequest))


async def _settle(answering: Answering, body: bytes) -> Any:
    for outcome in _read(body, SettleRequest).outcomes:
        await settle(answering.live, answering.executor, outcome)
    return {"settled": True}


async def _served(answering: Answering, body: bytes) -> Any:
    live, served = answering.live, {name: list[str]() for name in answering.services}
    for name, definition in live.model.definitions.objects.items():
        if definition.service in served:
            served[definition.service].append(live.model.plural(name))
    return ServedAnswer(release=live.release.id, services=served)


async def _identity(answering: Answering, body: bytes) -> Any:
    return await identities(answering.executor, _read(body, IdentityRequest))


def _clock(answering: Answering) -> Clock:
    now = datetime.now(UTC)
    today = now.astimezone(answering.time_zone).date()
    return Clock(today=today.isoformat(), now=now.isoformat())


def _read(body: bytes, kind: type[Request]) -> Request:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise Problem(400, "bad_request", "The request can't be read.", str(error)) from error


_OPERATIONS: Mapping[str, Callable[[Answering, bytes], Awaitable[Any]]] = {
    "follow": _follow,
    "lookup": _lookup,
    "pull": _pull,
    "settle": _settle,
    "identity": _identity,
    "served": _served,
}
