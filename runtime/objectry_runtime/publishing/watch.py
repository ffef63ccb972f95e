"""Telling a running server that another release became live."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from objectry.registry import Release, StorageMap
from objectry_runtime.publishing.releases import CHANNEL, live_sequence, load_live
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import DatabaseError, DatabaseUnavailable
from objectry_runtime.store.follow import follow

Take = Callable[[Release, StorageMap], Awaitable[None]]

log = logging.getLogger("objectry.publishing")


async def watch(database: Database, take: Take, current: str = "", *, every: float = 1.0) -> None:
    """Call `take` with each release that becomes live, other than `current` at first.

    Runs until cancelled. Hears of a switch at once and looks every second beside, so that one
    missed while PostgreSQL restarted is taken up too.
    """
    seen: int | None = None
    async with aclosing(follow(database.runtime_dsn, CHANNEL, every)) as looks:
        async for connection in looks:
            try:
                now = await live_sequence(connection)
                if now is None or now[0] == seen:
                    continue
                if seen is None and now[1] == current:
                    seen = now[0]
                    continue
                row = await load_live(connection)
            except (DatabaseError, DatabaseUnavailable) as error:
                log.info("the live release can't be read now: %s", error)
                continue
            seen = row.sequence
            await _hand_over(take, row.release, row.storage)


async def _hand_over(take: Take, release: Release, storage: StorageMap) -> None:
    try:
        await take(release, storage)
    except Exception:  # whatever it is, the server goes on with the release it has
        log.exception("release %s could not be taken up", release.id)
