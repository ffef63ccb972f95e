"""The primary and its replicas, behind the one interface of an executor."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import psycopg

from objectry_runtime.store.executor import Executor
from objectry_runtime.store.hosts.over_primary import OverPrimary
from objectry_runtime.store.hosts.probe import PRIMARY, NoStandby, ask, probing
from objectry_runtime.store.hosts.progress import Progress
from objectry_runtime.store.hosts.reads import StaleReads
from objectry_runtime.store.hosts.replica import Replica

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

PROBE_S = 0.5
STALE_S_MAX = 60.0

log = logging.getLogger("objectry.store")


class Hosts(OverPrimary):
    """Executor (see `store.executor.Executor`) over the primary; `reads` may go to a replica.

    `make` builds the executor of one server; `stale_s_max`: a replica further behind is not asked,
    whatever a request would accept.
    """

    def __init__(
        self,
        primary_dsn: str,
        replica_dsns: Sequence[str],
        make: Callable[[str], Executor],
        stale_s_max: float = STALE_S_MAX,
    ) -> None:
        super().__init__(make(primary_dsn))
        self._dsn = primary_dsn
        self._stale_s_max = stale_s_max
        self._progress = Progress(stale_s_max)
        self.replicas = tuple(Replica(dsn, make, self._progress) for dsn in replica_dsns)
        self._beside: tuple[asyncio.Task[None], ...] = ()
        self._registry: CollectorRegistry | None = None

    def reads(self, stale_s: float, release: str) -> StaleReads | None:
        """Reads on the least busy replica that is at most `stale_s` seconds behind.

        It shows data as `release` keeps it. None where there is no such replica: ask the primary.
        """
        allowed = min(stale_s, self._stale_s_max)
        best: tuple[int, int, float, Replica] | None = None
        for replica in self.replicas:
            age = replica.age()
            if age is None or age > allowed or not replica.serves(release):
                continue
            if best is None or (replica.busy, replica.reads) < best[:2]:
                best = (replica.busy, replica.reads, age, replica)
        return None if best is None else StaleReads(self.primary, best[3], best[2])

    @property
    def registry(self) -> "CollectorRegistry":
        """What the primary's executor does, and what the replicas do."""
        from objectry_runtime.store.hosts.scraped import registry_of

        if self._registry is None:
            self._registry = registry_of(self.primary, self.replicas)
        return self._registry

    async def open(self) -> None:
        """Connect to the primary; replicas are taken in as they come. Idempotent."""
        await self.primary.open()
        if not self._beside:
            watches = (self._follow_primary(), *(replica.watch() for replica in self.replicas))
            self._beside = tuple(map(asyncio.create_task, watches))

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        beside, self._beside = self._beside, ()
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await self.primary.close()

    async def _follow_primary(self) -> None:
        while True:
            try:
                async with probing(self._dsn) as connection:
                    while True:
                        at = time.monotonic()
                        self._progress.note(at, await ask(connection, PRIMARY, _nothing))
                        await asyncio.sleep(PROBE_S)
            except (psycopg.Error, NoStandby, TimeoutError) as error:
                log.debug("the primary does not say how far it is: %s", error)
            await asyncio.sleep(PROBE_S)


def _nothing() -> None:
    """A silent primary: the age of what replicas show goes on rising by itself."""
