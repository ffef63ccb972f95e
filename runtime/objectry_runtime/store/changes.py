"""Runs changes of tables beside living clients: never make them queue behind a waiting lock."""

import random
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import RawCursor

from objectry_runtime.store.database import OwnerConnection
from objectry_runtime.store.executor import Bound

# A statement that waits for a lock makes everybody after it wait too: so it waits this long,
# steps back, and tries again.
LOCK_TIMEOUT_MS = 200
_WAIT_FIRST, _WAIT_MAX = 0.1, 2.0

PUBLISH_LOCK = 0x6F626A7075626C69  # "objpubli"


class Busy(Exception):
    """Somebody holds what is needed: another publisher, or clients a table for too long."""


class ChangeFailed(Exception):
    """PostgreSQL refused a change; nothing of its transaction was kept."""


@contextmanager
def only_publisher(connection: OwnerConnection) -> Generator[None]:
    """Hold the publisher's lock of this database for the block; Busy when another has it."""
    taken = connection.execute("select pg_try_advisory_lock(%s)", (PUBLISH_LOCK,)).fetchone()
    if not taken or not taken[0]:
        raise Busy("another program is publishing to this database")
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s)", (PUBLISH_LOCK,))


def run_together(
    connection: OwnerConnection,
    statements: Sequence[str],
    *,
    last: Sequence[tuple[str, Sequence[object]]] = (),
    patience: float = 60.0,
) -> None:
    """All statements in one transaction, tried again while clients hold their tables.

    `last` are statements with parameters that end the same transaction. Raises Busy after
    `patience` seconds of trying, ChangeFailed when PostgreSQL refuses.
    """

    def work() -> None:
        for statement in statements:
            connection.execute(statement.encode())
        for statement, params in last:
            connection.execute(statement.encode(), params)

    _patiently(connection, work, patience)


def run_bound(
    connection: OwnerConnection, statements: Sequence[Bound], *, patience: float = 60.0
) -> list[tuple[str, ...]]:
    """`run_together` for statements with `$n` parameters; gives the last one's rows as texts."""
    rows: list[tuple[str, ...]] = []

    def work() -> None:
        with RawCursor(connection) as cursor:
            for statement in statements:
                cursor.execute(statement.sql.encode(), list(statement.params))
            found = cursor.fetchall() if cursor.description else []
        rows[:] = [tuple(str(value) for value in row) for row in found]

    _patiently(connection, work, patience)
    return rows


def _patiently(connection: OwnerConnection, work: Callable[[], None], patience: float) -> None:
    end = time.monotonic() + patience
    wait = _WAIT_FIRST
    while True:
        try:
            with connection.transaction():
                connection.execute(f"set local lock_timeout = {LOCK_TIMEOUT_MS}".encode())
                work()
            return
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            if time.monotonic() > end:
                raise Busy(f"clients kept a table locked for {patience:g} s") from error
        except psycopg.Error as error:
            raise ChangeFailed(_told(error)) from error
        time.sleep(wait * random.uniform(0.5, 1))
        wait = min(wait * 2, _WAIT_MAX)


def run_alone(connection: OwnerConnection, statement: str) -> None:
    """One statement outside of any transaction (CREATE INDEX CONCURRENTLY); lets clients work."""
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        raise ChangeFailed(_told(error)) from error


def _told(error: psycopg.Error) -> str:
    words = error.diag.message_primary or str(error).strip()
    return f"{words} ({error.diag.message_detail})" if error.diag.message_detail else words
