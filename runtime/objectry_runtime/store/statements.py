"""One connection in the executor's terms: text parameters in, the bytes of PostgreSQL out."""

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.pq.abc import PGresult

from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable, Row, Rows
from objectry_runtime.store.failures import failure
from objectry_runtime.store.silence import Watch

Connection = AsyncConnection[tuple[object, ...]]
Cursor = AsyncRawCursor[tuple[object, ...]]


class SingleConnection:
    """One connection in the executor's terms (see `store.executor.Transaction`).

    `silence`: seconds after which an answer that does not come is a broken connection; 0 is never.
    """

    def __init__(self, connection: Connection, silence: float = 0.0) -> None:
        self._connection = connection
        self._silence = silence

    async def run(self, statement: Bound) -> Rows:
        """Run one statement and return its rows."""
        try:
            with Watch(self._connection, self._silence):
                return await run_statement(self._connection, statement)
        except psycopg.Error as error:
            raise failure(error) or error from error


async def send(connection: Connection, statement: Bound) -> Cursor:
    """Execute a statement; in a pipeline only queue it."""
    cursor = AsyncRawCursor(connection)
    try:
        # Bytes, because psycopg asks of a text that it be a literal of the program; statements
        # are rendered by query/ and command/ from definitions, never from a request.
        await cursor.execute(statement.sql.encode(), statement.params or None)
    except UnicodeEncodeError as error:
        raise DatabaseError("22021", "the text is not valid Unicode") from error
    return cursor


async def run_statement(connection: Connection, statement: Bound) -> Rows:
    """Execute a statement and return its rows."""
    return rows(await send(connection, statement))


def rows(cursor: Cursor) -> list[Row]:
    """The rows a statement brought, none when it brings none."""
    result = cursor.pgresult
    if result is None:
        raise DatabaseUnavailable("the connection gave no answer")
    return rows_of(result)


def rows_of(result: PGresult) -> list[Row]:
    """The rows of a result, none when it has none."""
    value = result.get_value
    if result.nfields == 1:
        return [(value(row, 0),) for row in range(result.ntuples)]
    fields = range(result.nfields)
    return [tuple([value(row, field) for field in fields]) for row in range(result.ntuples)]
