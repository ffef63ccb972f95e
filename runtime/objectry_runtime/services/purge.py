"""What is kept for a while only: answers given for an Idempotency-Key, files that no record has."""

import asyncio
import logging

from objectry_runtime.files import Contents, content_unused, purge
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable, Executor

EVERY_S = 3600.0
BATCH = 1000

log = logging.getLogger("objectry.serve")


async def purge_answers(executor: Executor, days: int) -> int:
    """Delete the answers older than `days`, batch by batch. Returns how many they were.

    What another transaction holds is left for the next time, so nobody waits for longer than one
    batch takes.
    """
    gone = 0
    while True:
        (rows,) = await executor.write([Bound(_PURGE, (str(days), str(BATCH)))])
        deleted = int(rows[0][0] or b"0")
        gone += deleted
        if deleted < BATCH:
            return gone


async def purge_files(executor: Executor, contents: Contents) -> int:
    """Delete the files that no record took, then what nobody else's row holds. Returns how many.

    A crash in between leaves a content without a row, never a row without its content.
    """
    hashes = await purge(executor)
    for sha256 in dict.fromkeys(hashes):
        async with content_unused(executor, sha256) as unused:
            if unused:
                await contents.remove(sha256)
    await contents.tidy()
    return len(hashes)


async def keep_purging_files(
    executor: Executor, contents: Contents, every: float = EVERY_S
) -> None:
    """Purge files now and then every hour, until cancelled."""
    while True:
        try:
            gone = await purge_files(executor, contents)
        except (DatabaseError, DatabaseUnavailable, OSError) as error:
            log.warning("files that no record has could not be purged yet: %s", error)
        else:
            if gone:
                log.info("purged %d files that no record has taken", gone)
        await asyncio.sleep(every)


async def keep_purging(executor: Executor, days: int, every: float = EVERY_S) -> None:
    """Purge now and then every hour, until cancelled."""
    while True:
        try:
            gone = await purge_answers(executor, days)
        except (DatabaseError, DatabaseUnavailable) as error:
            log.warning("old answers to idempotency keys could not be purged yet: %s", error)
        else:
            if gone:
                log.info("purged %d answers to idempotency keys older than %d days", gone, days)
        await asyncio.sleep(every)


_PURGE = (
    "with old as (select tenant_id, principal, method, path, key from objectry.idempotency "
    "where created_at < now() - make_interval(days => $1::integer) "
    "order by created_at limit $2::integer for update skip locked), "
    "gone as (delete from objectry.idempotency i using old o where i.tenant_id = o.tenant_id "
    "and i.principal = o.principal and i.method = o.method and i.path = o.path and i.key = o.key "
    "returning 1) select count(*)::text from gone"
)
