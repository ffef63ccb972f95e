"""Following a notification channel: told at once, and looking each second all the same."""

import asyncio
import logging
from collections.abc import AsyncGenerator

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor, sql

from objectry_runtime.store.executor import Transaction
from objectry_runtime.store.statements import Connection, SingleConnection

_RECONNECT_MAX = 1.0

log = logging.getLogger("objectry.store")


async def follow(dsn: str, channel: str, every: float = 1.0) -> AsyncGenerator[Transaction, None]:
    """A connection to look with, each time the channel is notified or `every` seconds passed.

    Never ends by itself: a lost connection is made again, so that a restart of PostgreSQL is an
    interruption and nothing more. Close it (`contextlib.aclosing`) when done.
    """
    wait = 0.05
    while True:
        try:
            connection: Connection = await AsyncConnection.connect(
                dsn, autocommit=True, cursor_factory=AsyncRawCursor
            )
        except psycopg.OperationalError as error:
            log.debug("can't follow %s yet: %s", channel, error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _RECONNECT_MAX)
            continue
        async with connection:
            wait = 0.05
            try:
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
                while not connection.closed:
                    yield SingleConnection(connection)
                    async for _ in connection.notifies(timeout=every, stop_after=1):
                        pass
            except psycopg.OperationalError as error:
                log.info("the database connection that follows %s was lost: %s", channel, error)
