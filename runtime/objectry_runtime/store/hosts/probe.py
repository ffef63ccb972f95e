"""Asking a server who it is and how far it has come, over a connection kept for that."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from objectry_runtime.store.hosts.progress import Standing
from objectry_runtime.store.statements import Connection

SILENT_S = 2.0  # without an answer for so long, a server counts as away

_DATA = """
(select s.system_identifier::text || '/' || d.oid::text
 from pg_control_system() s, pg_database d where d.datname = current_database())
"""
# Both fail on the other kind of server: on a primary there is no position of replay (null), on a
# standby none of writing. The timeline that a standby follows is known for sure only from what
# it has put on disk, some minutes after a promotion at the latest.
PRIMARY = f"""
select {_DATA}, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer,
       (pg_current_wal_lsn() - '0/0')::text, ''
"""
STANDBY = f"""
select {_DATA},
       (select greatest(c.timeline_id, r.min_recovery_end_timeline)
        from pg_control_checkpoint() c, pg_control_recovery() r),
       (pg_last_wal_replay_lsn() - '0/0')::text,
       coalesce((select r.id from objectry.live l join objectry.release r using (sequence)), '')
where pg_is_in_recovery()
"""


class NoStandby(Exception):
    """The server is a primary (now)."""


@asynccontextmanager
async def probing(dsn: str) -> AsyncGenerator[Connection]:
    """A connection to ask over."""
    connection: Connection = await AsyncConnection.connect(dsn, autocommit=True)
    async with connection:
        connection.prepare_threshold = None
        yield connection


async def ask(connection: Connection, question: str, on_silence: Callable[[], None]) -> Standing:
    """The server's standing. Raises psycopg.Error, TimeoutError, NoStandby.

    `on_silence` is called at once when no answer comes in time; ending the statement, which
    psycopg tries first, takes long on a server that is silent.
    """
    loop = asyncio.get_running_loop()
    alarm = loop.call_later(SILENT_S, on_silence)
    try:
        async with asyncio.timeout(SILENT_S):
            row = await (await connection.execute(question.encode())).fetchone()
    finally:
        alarm.cancel()
    if loop.time() >= alarm.when():
        raise TimeoutError  # it came, but late: the alarm may have been raised
    if row is None:
        raise NoStandby("it is no standby")
    data, timeline, position, release = row
    return Standing(
        data=str(data),
        timeline=int(str(timeline)),
        position=int(str(position)),
        release=str(release),
    )
