"""Following other services: what they changed, what they ask for, and who may sign in.

One task per service that is followed. Whatever happens on either side it goes on where it stopped:
the cursor is kept in the transaction of what it brought, and everything brought twice has one
effect.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping

import msgspec

from objectry_runtime.command.reach import reach
from objectry_runtime.host.live import Live
from objectry_runtime.identity.engine import engine
from objectry_runtime.peers.arrivals import NewCall, take
from objectry_runtime.peers.client import PeerAway, PeerClient
from objectry_runtime.peers.messages import (
    FollowPage,
    FollowRequest,
    Position,
    PullAnswer,
    PullRequest,
    Record,
    SettleRequest,
    Wanted,
)
from objectry_runtime.peers.replicas import forget, keep, mark_gone, replica_objects
from objectry_runtime.problems import Problem
from objectry_runtime.query.rewiring import rewire
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable, Executor

PAUSE_S_MIN, PAUSE_S_MAX = 0.05, 0.5  # between two looks: soon after there was something
AWAY_S = 1.0
LINKED = "23503"

log = logging.getLogger("objectry.peers")


class Follower:
    """Follows one service; `live` is asked anew each time, as releases are swapped."""

    def __init__(
        self,
        service: str,
        live: Callable[[], Live],
        executor: Executor,
        client: PeerClient,
        new_call: NewCall,
    ) -> None:
        self._service = service
        self._live = live
        self._executor = executor
        self._client = client
        self._new_call = new_call

    async def run(self) -> None:
        """Follow until cancelled."""
        pause, away = PAUSE_S_MIN, False
        while True:
            try:
                busy = await self.look()
                if away:
                    log.info("%s answers again", self._service)
                away = False
                pause = PAUSE_S_MIN if busy else min(2 * pause, PAUSE_S_MAX)
            except (PeerAway, DatabaseError, DatabaseUnavailable, Problem) as error:
                if not away:
                    log.warning("%s can't be followed now, trying again: %s", self._service, error)
                away, pause = True, AWAY_S
            except Exception:  # whatever it is, the service goes on and so does following
                log.exception("%s can't be followed, trying again", self._service)
                pause = AWAY_S
            await asyncio.sleep(pause)

    async def look(self) -> bool:
        """Take over what there is now; whether there was anything."""
        live = self._live()
        changed = await self._follow(live)
        return await self._make(live) or changed

    async def _follow(self, live: Live) -> bool:
        objects = followed_objects(live).get(self._service, {})
        if not objects:
            return False
        wanted = hashlib.sha256(msgspec.json.encode(objects)).hexdigest()
        cursor = await self._cursor(wanted)
        request = FollowRequest(objects=dict(objects), cursor=cursor)
        page = await self._client.ask(self._service, "follow", request, FollowPage)
        if page.cursor == cursor:
            return False
        for record in page.records:
            if record.into:
                await self._join(live, record)
            if record.gone:
                await self._forget(live, record)
        written = keep(live, page.records)
        await self._executor.write([*written, self._note(wanted, page.cursor)])
        return bool(page.records) or page.more

    async def _join(self, live: Live, record: Record) -> None:
        """Lead what refers here to a record that was merged to the one that took it in."""
        call = self._new_call(engine(record.tenant, ""), "")
        await reach(call, {record.object: (record.into,)})
        model = live.model.object(record.object)
        await self._executor.write(rewire(call, model, record.id, record.into))

    async def _forget(self, live: Live, record: Record) -> None:
        try:
            await self._executor.write(forget(live, record))
        except DatabaseError as error:
            # Somebody linked to it a moment ago: what was merged is led along once more.
            if error.sqlstate != LINKED or record.into:
                raise
            await self._executor.write(mark_gone(record))

    async def _make(self, live: Live) -> bool:
        objects = asked_for(live, self._service)
        if not objects:
            return False
        request = PullRequest(objects=objects)
        pulled = await self._client.ask(self._service, "pull", request, PullAnswer)
        made = [await take(self._new_call, self._executor, one) for one in pulled.requests]
        outcomes = [one for one in made if one is not None]
        if outcomes:
            settled = SettleRequest(outcomes=outcomes)
            await self._client.ask(self._service, "settle", settled, dict[str, bool])
        return bool(outcomes)

    async def _cursor(self, wanted: str) -> dict[str, Position]:
        rows = await self._executor.read(
            Bound(
                "select cursor::text from objectry.followed "
                "where service = $1::text and wanted = $2::text",
                (self._service, wanted),
            )
        )
        return msgspec.json.decode(rows[0][0] or b"{}", type=dict[str, Position]) if rows else {}

    def _note(self, wanted: str, cursor: Mapping[str, Position]) -> Bound:
        return Bound(
            "insert into objectry.followed (service, wanted, cursor) values ($1::text, $2::text, "
            "$3::jsonb) on conflict (service) do update set wanted = excluded.wanted, "
            "cursor = excluded.cursor",
            (self._service, wanted, msgspec.json.encode(cursor).decode()),
        )


def followed_objects(live: Live) -> Mapping[str, Mapping[str, Wanted]]:
    """Service → the objects of it that replicas are kept of."""
    found: dict[str, dict[str, Wanted]] = {}
    for name, wanted in replica_objects(live).items():
        found.setdefault(live.model.definitions.objects[name].service, {})[name] = wanted
    return found


def asked_for(live: Live, service: str) -> tuple[str, ...]:
    """The objects that conversions of a service elsewhere make records of here."""
    objects = live.model.definitions.objects
    return tuple(
        name
        for name, definition in objects.items()
        if any(objects[one.source].service == service for one in definition.arrivals)
    )


def peers_of(live: Live) -> frozenset[str]:
    """The services that are to be followed."""
    objects = live.model.definitions.objects
    sources = {objects[one.source].service for each in objects.values() for one in each.arrivals}
    return frozenset(sources.union(followed_objects(live)))
