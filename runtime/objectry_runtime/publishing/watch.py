"""Telling a running server that another release became live."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from objectry.registry import Release, StorageMap
from objectry_runtime.host import PluginProblem
from objectry_runtime.publishing.releases import CHANNEL, LiveRow, live_sequence, load_live
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import DatabaseError, DatabaseUnavailable, Transaction
from objectry_runtime.store.follow import follow

Take = Callable[[Release, StorageMap], Awaitable[None]]

AGAIN_FIRST_S, AGAIN_MAX_S = 0.5, 60.0

_STAYS = "release %s can't be served, the one before stays; trying again"

log = logging.getLogger("objectry.publishing")


async def watch(
    database: Database, take: Take, current: Release | None = None, *, every: float = 1.0
) -> None:
    """Call `take` with each release that becomes live, other than `current` at first.

    Runs until cancelled. Hears of a switch at once and looks every second beside, so that one
    missed while PostgreSQL restarted is taken up too. What `take` raises for is tried again, ever
    more seldom, until it is taken or another release is live.
    """
    watching = _Watch(take, current)
    try:
        async with aclosing(follow(database.runtime_dsn, CHANNEL, every)) as looks:
            async for connection in looks:
                try:
                    found = await watching.look(connection)
                except (DatabaseError, DatabaseUnavailable) as error:
                    log.info("the live release can't be read now: %s", error)
                    continue
                if found is not None:
                    await watching.hand_over(found)
    finally:
        await watching.give_up()


class _Watch:
    """Which publication was seen last, and what is still to be handed over."""

    def __init__(self, take: Take, current: Release | None) -> None:
        self._take = take
        self._current = current
        self._seen: int | None = None
        self._again: asyncio.Task[None] | None = None

    async def look(self, connection: Transaction) -> LiveRow | None:
        """What became live since the last look."""
        now = await live_sequence(connection)
        if now is None or now[0] == self._seen:
            return None
        if self._seen is None and self._current is not None and now[1] == self._current.id:
            self._seen = now[0]
            return None
        row = await load_live(connection, self._current)
        self._seen, self._current = row.sequence, row.release
        return row

    async def hand_over(self, row: LiveRow) -> None:
        """Hand a release over, now or later; one that still waits for that is forgotten."""
        await self.give_up()
        if not await self._handed_over(row):
            self._again = asyncio.create_task(self._try_again(row))

    async def give_up(self) -> None:
        """Try nothing again."""
        if self._again is not None:
            self._again.cancel()
            await asyncio.gather(self._again, return_exceptions=True)

    async def _try_again(self, row: LiveRow) -> None:
        wait = AGAIN_FIRST_S
        while True:
            await asyncio.sleep(wait)
            if await self._handed_over(row):
                return
            wait = min(2 * wait, AGAIN_MAX_S)

    async def _handed_over(self, row: LiveRow) -> bool:
        try:
            await self._take(row.release, row.storage)
        except PluginProblem as problem:
            log.error(_STAYS + ": %s", row.release.id, problem)
            return False
        except Exception:  # whatever it is, the server goes on with the release it has
            log.exception(_STAYS, row.release.id)
            return False
        return True
