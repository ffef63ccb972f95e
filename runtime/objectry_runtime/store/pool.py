"""The plain executor: psycopg's pool, one connection for each statement or unit."""

import asyncio
import select
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.pq import ConnStatus, PipelineStatus, TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from objectry_runtime.store.database import with_options
from objectry_runtime.store.executor import (
    Bound,
    DatabaseError,
    DatabaseUnavailable,
    Rows,
    Transaction,
)
from objectry_runtime.store.failures import failure
from objectry_runtime.store.measures import Load, Measures
from objectry_runtime.store.persistent import persistent
from objectry_runtime.store.silence import Watch, silence_max
from objectry_runtime.store.statements import (
    Connection,
    Cursor,
    SingleConnection,
    rows,
    run_statement,
    send,
)

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

T = TypeVar("T")
PIPELINED_BYTES_MAX = 32_000  # below what any socket takes at once

_BEGIN = Bound("begin")
_COMMIT = Bound("commit")
_ROLLBACK = Bound("rollback")
# A dry run must hear what COMMIT would have said.
_CHECK_DEFERRED = Bound("set constraints all immediate")


class PoolExecutor:
    """Executor over a pool of `size` connections (see `store.executor.Executor`).

    `pool_timeout`: seconds a request waits for a free connection before DatabaseUnavailable;
    `statement_timeout`: seconds one statement may run before DatabaseError 57014;
    `prepared_max`: prepared statements kept per connection (0: none, as some proxies want);
    `measures`: those of the executor that this one is a lane of.
    """

    def __init__(
        self,
        dsn: str,
        *,
        size: int = 8,
        pool_timeout: float = 10.0,
        statement_timeout: float = 30.0,
        prepared_max: int = 200,
        measures: Measures | None = None,
    ) -> None:
        self._dsn = with_options(
            dsn,
            f"statement_timeout={round(statement_timeout * 1000)}",
            # An interactive transaction whose program hangs must not hold its locks for ever.
            "idle_in_transaction_session_timeout=60000",
        )
        self._size = size
        self._pool_timeout = pool_timeout
        self._statement_timeout = statement_timeout
        self._prepared_max = prepared_max
        self._pool: AsyncConnectionPool[Connection] | None = None
        self._measures = measures or Measures()
        self._counts = self._measures.lane("interactive" if measures else "pool", self._load)

    @property
    def registry(self) -> "CollectorRegistry":
        """What it does, as Prometheus reads it."""
        return self._measures.registry

    def _load(self) -> Load:
        stats = self._pool.get_stats() if self._pool else {}
        size = stats.get("pool_size", 0)
        busy = size - stats.get("pool_available", 0)
        return Load(size, busy, stats.get("requests_waiting", 0))

    async def open(self) -> None:
        """Connect. Idempotent; DatabaseUnavailable when the server can't be reached in time."""
        if self._pool is not None:
            return
        self._pool = pool = AsyncConnectionPool(
            self._dsn,
            connection_class=persistent(lambda: self._pool is not None),
            kwargs={"autocommit": True, "cursor_factory": AsyncRawCursor},
            min_size=min(2, self._size),
            max_size=self._size,
            open=False,
            configure=self._configure,
            timeout=self._pool_timeout,
            max_waiting=1000,
            max_lifetime=3600,
            num_workers=3 + self._size,  # those that wait for a server hold up nobody else
            name="objectry",
        )
        try:
            await pool.open(wait=True, timeout=self._pool_timeout)
        except PoolTimeout as error:
            await self.close()
            raise DatabaseUnavailable(
                f"no connection to PostgreSQL within {self._pool_timeout:g} s{await self._reason()}"
            ) from error

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def read(self, statement: Bound) -> Rows:
        """Run one read-only statement by itself; sent again once when its connection was lost."""
        try:
            return await self._read(statement)
        except DatabaseUnavailable as error:
            cause = error.__cause__
            unsent = isinstance(cause, PoolTimeout | TooManyRequests)
            if unsent or not isinstance(cause, psycopg.OperationalError):
                raise
        self._counts.sent_again += 1
        return await self._read(statement)

    async def _read(self, statement: Bound) -> Rows:
        async with self._connection() as connection:
            with self._watch(connection):
                return await _prepared_anew(
                    connection, partial(run_statement, connection, statement)
                )

    async def write(
        self, unit: Sequence[Bound], *, keep: bool = True, contended: str = ""
    ) -> list[Rows]:
        """Run a sealed unit in one transaction; one round trip unless it carries a lot."""
        end = (_COMMIT,) if keep else (_CHECK_DEFERRED, _ROLLBACK)
        statements = (_BEGIN, *unit, *end)
        send_all = _send_together if _weight(unit) <= PIPELINED_BYTES_MAX else _send_in_turn
        async with self._connection() as connection:

            async def send_unit() -> list[Cursor]:
                try:
                    return await send_all(connection, statements)
                except (psycopg.Error, DatabaseError):
                    await _leave_transaction(connection)
                    raise

            with self._watch(connection, len(statements)):
                cursors = await _prepared_anew(connection, send_unit)
            return [rows(cursor) for cursor in cursors[1 : 1 + len(unit)]]

    def transaction(self, *, keep: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """An interactive transaction; see `Executor.transaction`."""
        return self._transaction(keep)

    @asynccontextmanager
    async def _transaction(self, keep: bool) -> AsyncGenerator[Transaction]:
        async with self._connection() as connection:
            with self._watch(connection) as watch:
                async with connection.transaction(force_rollback=not keep):
                    watch.rest()  # as long as it likes: only answers are due in time
                    try:
                        yield SingleConnection(connection, silence_max(self._statement_timeout))
                    finally:
                        watch.arm()
                    if connection.pgconn.transaction_status == TransactionStatus.INERROR:
                        # The block swallowed a failure; COMMIT would roll back and say nothing.
                        raise DatabaseError("25P02", "a statement of the transaction failed")
                    if not keep:
                        await SingleConnection(connection).run(_CHECK_DEFERRED)

    def _watch(self, connection: Connection, statements: int = 1) -> Watch:
        return Watch(connection, silence_max(self._statement_timeout, statements))

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        pool = self._pool
        if pool is None:
            raise DatabaseUnavailable("the database connections are not open")
        asked = perf_counter()
        try:
            connection = await self._take(pool)
            taken = perf_counter()
            self._counts.waited.add(taken - asked)
            try:
                yield connection
            except Exception:
                raise
            except BaseException:
                # Cancelled: what is still under way on it must reach nobody else.
                await connection.close()
                raise
            finally:
                self._counts.ran.add(perf_counter() - taken)
                if connection.pgconn.pipeline_status != PipelineStatus.OFF:
                    await connection.close()
                await _give_back(pool, connection)  # rolls back what was left open
        except Exception as error:
            self._counts.timeouts += isinstance(error, PoolTimeout)
            told = failure(error)
            if told is None:
                raise
            raise told from error

    async def _reason(self) -> str:
        # The pool only says that it took too long; a last try of our own says why.
        try:
            await (await AsyncConnection.connect(self._dsn)).close()
        except psycopg.OperationalError as error:
            return f": {str(error).strip()}"
        return ""

    async def _take(self, pool: AsyncConnectionPool[Connection]) -> Connection:
        # The pool could check connections itself, but waits seconds after each dead one; after a
        # restart of PostgreSQL all are dead.
        for _ in range(self._size):
            connection = await pool.getconn()
            try:
                if await _lives(connection):
                    return connection
            except BaseException:
                await connection.close()
                await _give_back(pool, connection)
                raise
            self._counts.lost += 1
            await _give_back(pool, connection)
        return await pool.getconn()

    async def _configure(self, connection: Connection) -> None:
        self._counts.connected += 1
        connection.prepare_threshold = 2 if self._prepared_max else None
        connection.prepared_max = self._prepared_max or None


async def _give_back(pool: AsyncConnectionPool[Connection], connection: Connection) -> None:
    # A caller that is cancelled while it gives back would leave a connection that nobody has: it
    # stays open, and the pool counts it for ever.
    await asyncio.shield(pool.putconn(connection))


async def _lives(connection: Connection) -> bool:
    """Whether a connection survived lying idle; costs no round trip on one that said nothing.

    An idle connection has nothing to read, unless the server spoke: often to say good-bye.
    """
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    if poll.poll(0):
        try:
            await AsyncConnectionPool.check_connection(connection)
        except psycopg.OperationalError:
            await connection.close()
            return False
    return True


def _weight(unit: Sequence[Bound]) -> int:
    """About how many bytes a unit sends, rather more than fewer."""
    texts = (text for bound in unit for text in (bound.sql, *bound.params) if text)
    return sum(len(text) if text.isascii() else 4 * len(text) for text in texts)


async def _send_together(connection: Connection, statements: Sequence[Bound]) -> list[Cursor]:
    # The first failure makes the server skip everything up to the Sync, COMMIT included: a unit
    # is kept whole or not at all.
    async with connection.pipeline() as pipeline:
        cursors = [await send(connection, statement) for statement in statements]
        await pipeline.sync()
    return cursors


async def _send_in_turn(connection: Connection, statements: Sequence[Bound]) -> list[Cursor]:
    # psycopg 3.3's pipeline flushes its last command once and then only listens: what did not fit
    # into the socket's buffer is never sent. A round trip more costs a heavy unit little.
    return [await send(connection, statement) for statement in statements]


async def _prepared_anew(connection: Connection, run: Callable[[], Awaitable[T]]) -> T:
    """Run; once more when a statement prepared on this connection is no longer what it was.

    That is so after a publisher changed a table, and nothing was kept then.
    """
    try:
        return await run()
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidSqlStatementName):
        connection.prepare_threshold = None  # what was prepared is not even looked at
    try:
        return await run()
    finally:
        await connection.close()


async def _leave_transaction(connection: Connection) -> None:
    if connection.pgconn.status != ConnStatus.OK:
        return
    if connection.pgconn.transaction_status != TransactionStatus.IDLE:
        await connection.rollback()
