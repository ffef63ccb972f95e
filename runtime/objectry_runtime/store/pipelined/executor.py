"""The pipelined executor (see `store.executor.Executor` and docs/explanation/executor.md)."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from psycopg.pq.abc import PGresult

from objectry_runtime.store.database import with_options
from objectry_runtime.store.executor import Bound, DatabaseUnavailable, Rows, Transaction
from objectry_runtime.store.measures import Measures
from objectry_runtime.store.pipelined.lane import Lane, Limits
from objectry_runtime.store.pipelined.reads import Reads
from objectry_runtime.store.pipelined.request import Request, step_of
from objectry_runtime.store.pipelined.sizes import Sizes, sizes_of
from objectry_runtime.store.pipelined.writes import ContendedLane, WriteLane
from objectry_runtime.store.pool import PoolExecutor
from objectry_runtime.store.statements import rows_of

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

GRACE_S = 5.0
# A dry run must hear what COMMIT would have said; the link adds the ROLLBACK.
_BEGIN = ("begin", None)
_CHECK_DEFERRED = ("set constraints all immediate", None)


class PipelinedExecutor:
    """Executor whose requests share `size` connections, at least three, in lanes.

    `pool_timeout`: seconds a request waits to be sent before DatabaseUnavailable;
    `statement_timeout`: seconds one statement may run before DatabaseError 57014;
    `prepared_max`: prepared statements kept per connection (0: none, as some proxies want).
    """

    def __init__(
        self,
        dsn: str,
        *,
        size: int = 8,
        pool_timeout: float = 10.0,
        statement_timeout: float = 30.0,
        prepared_max: int = 200,
    ) -> None:
        self._dsn = with_options(dsn, f"statement_timeout={round(statement_timeout * 1000)}")
        self._limits = Limits(
            pool_timeout=pool_timeout,
            statement_timeout=statement_timeout,
            prepared_max=prepared_max,
        )
        self._sizes = sizes_of(size)
        self._measures = Measures()
        self._interactive = PoolExecutor(
            dsn,
            size=self._sizes.interactive,
            pool_timeout=pool_timeout,
            statement_timeout=statement_timeout,
            prepared_max=prepared_max,
            measures=self._measures,
        )
        self._lanes: _Lanes | None = None

    @property
    def registry(self) -> "CollectorRegistry":
        """What it does, as Prometheus reads it."""
        return self._measures.registry

    async def open(self) -> None:
        """Connect. Idempotent; DatabaseUnavailable when the server can't be reached in time."""
        if self._lanes is not None:
            return
        self._lanes = lanes = _Lanes(self._dsn, self._sizes, self._limits, self._measures)
        opened = await asyncio.gather(
            self._interactive.open(), *(lane.open() for lane in lanes.all), return_exceptions=True
        )
        failed = [error for error in opened if isinstance(error, BaseException)]
        if failed:
            await self.close()
            raise failed[0]

    async def close(self) -> None:
        """Finish what is under way within a few seconds, then close all. Idempotent."""
        lanes, self._lanes = self._lanes, None
        if lanes is not None:
            await asyncio.gather(*(lane.close(GRACE_S) for lane in lanes.all))
            # A read that one lane had to give up may have gone to one that was closed by then.
            await asyncio.gather(*(lane.close(0.0) for lane in lanes.all))
            await self._interactive.close()

    async def read(self, statement: Bound) -> Rows:
        """Run one read-only statement by itself; sent again when its connection was lost."""
        request = Request((step_of(statement),), self._answer())
        self._opened().reads.submit(request)
        (result,) = await request.answer
        return rows_of(result)

    async def write(
        self, unit: Sequence[Bound], *, keep: bool = True, contended: str = ""
    ) -> list[Rows]:
        """Run a sealed unit in one transaction and one round trip; never sent twice unknowingly."""
        steps = [step_of(statement) for statement in unit]
        if not keep:
            steps = [_BEGIN, *steps, _CHECK_DEFERRED]
        request = Request(steps, self._answer(), undo=not keep, contended=contended)
        self._opened().lane_of_unit(request).submit(request)
        results = await request.answer
        return [rows_of(result) for result in (results if keep else results[1:-1])]

    def transaction(self, *, keep: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """An interactive transaction; see `Executor.transaction`."""
        return self._interactive.transaction(keep=keep)

    def _opened(self) -> "_Lanes":
        if self._lanes is None:
            raise DatabaseUnavailable("the database connections are not open")
        return self._lanes

    @staticmethod
    def _answer() -> "asyncio.Future[list[PGresult]]":
        return asyncio.get_running_loop().create_future()


class _Lanes:
    """The lanes of an executor that is open."""

    def __init__(self, dsn: str, sizes: Sizes, limits: Limits, measures: Measures) -> None:
        self.reads = Reads(dsn, sizes, limits, measures)
        self._write = WriteLane(dsn, sizes.write, limits, measures)
        self._contended = (
            ContendedLane(dsn, sizes.contended, limits, measures) if sizes.contended else None
        )
        beside = [self._contended] if self._contended else []
        self.all: tuple[Lane, ...] = (*self.reads.lanes, self._write, *beside)

    def lane_of_unit(self, request: Request) -> Lane:
        """Where a unit waits."""
        return (request.contended and self._contended) or self._write
