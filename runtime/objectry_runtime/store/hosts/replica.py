"""One read replica: taken in while it is known to be good, taken out the moment it is not."""

import asyncio
import logging
import random
import time
from collections.abc import Callable

import psycopg

from objectry_runtime.store.executor import Bound, DatabaseUnavailable, Executor, Rows
from objectry_runtime.store.hosts.addresses import place
from objectry_runtime.store.hosts.probe import SILENT_S, STANDBY, NoStandby, ask, probing
from objectry_runtime.store.hosts.progress import Progress

PROBE_S = 0.25
RETRY_S_MAX = 5.0

log = logging.getLogger("objectry.store")


class Replica:
    """A replica with an executor of its own.

    `busy`: reads under way; `reads`: answered by it; `passed_on`: asked of the primary after all.
    """

    def __init__(self, dsn: str, make: Callable[[str], Executor], progress: Progress) -> None:
        self.name = place(dsn)
        self.busy = self.reads = self.passed_on = 0
        self._dsn = dsn
        self._make = make
        self._progress = progress
        self._executor: Executor | None = None
        self._lost: asyncio.Future[None] | None = None
        self._shown_at: float | None = None
        self._looked_at = 0.0
        self._release = ""
        self._trouble: str | None = None
        self._given_up: set[asyncio.Task[Rows]] = set()

    def age(self) -> float | None:
        """Seconds that what it shows may be old at most; None while it must not be asked.

        As it must not be when it was not looked at lately, because this process was held up.
        """
        now = time.monotonic()
        if self._shown_at is None or now - self._looked_at > SILENT_S:
            return None
        return now - self._shown_at

    def serves(self, release: str) -> bool:
        """Whether it shows the data as this release keeps it."""
        return release == self._release

    async def read(self, statement: Bound) -> Rows:
        """Run a read here; DatabaseUnavailable as soon as the replica is known to be lost."""
        executor, lost = self._executor, self._lost
        if executor is None or lost is None:
            raise DatabaseUnavailable("the replica is away")
        self.busy += 1
        reading = asyncio.ensure_future(executor.read(statement))
        try:
            await asyncio.wait((reading, lost), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                raise DatabaseUnavailable("the replica was lost")
            rows = reading.result()
            self.reads += 1
            return rows
        finally:
            self.busy -= 1
            if not reading.done():
                self._give_up(reading)

    async def watch(self) -> None:
        """Connect, probe, and connect again, until cancelled."""
        wait = PROBE_S
        while True:
            try:
                async with probing(self._dsn) as connection:
                    executor = self._make(self._dsn)
                    try:
                        await executor.open()
                        looked_at = time.monotonic()
                        shows = await ask(connection, STANDBY, self._leave)
                        wait = PROBE_S
                        self._enter(executor)
                        while True:
                            self._looked_at = looked_at
                            self._shown_at = self._progress.shown_at(shows)
                            self._release = shows.release
                            await asyncio.sleep(PROBE_S)
                            looked_at = time.monotonic()
                            shows = await ask(connection, STANDBY, self._leave)
                    finally:
                        self._leave()
                        await executor.close()
            except (psycopg.Error, DatabaseUnavailable, NoStandby, TimeoutError) as error:
                self._tell(str(error).strip().partition("\n")[0] or "no answer in time")
            except Exception:  # whatever it is: told, and tried again
                log.exception("replica %s can't be watched", self.name)
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))
            wait = min(wait * 2, RETRY_S_MAX)

    def doubt(self) -> None:
        """Not asked again before the next probe: a read failed here."""
        self._shown_at = None

    def _enter(self, executor: Executor) -> None:
        self._executor, self._lost = executor, asyncio.get_running_loop().create_future()
        self._trouble = None
        log.info("replica %s answers", self.name)

    def _leave(self) -> None:
        """Out of it at once, also for the reads under way. Idempotent."""
        self._executor = self._shown_at = None
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(None)

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.info("replica %s is out: %s", self.name, trouble)
        self._trouble = trouble

    def _give_up(self, reading: asyncio.Task[Rows]) -> None:
        # Ending a statement on a silent server takes psycopg seconds; nobody waits for it.
        self._given_up.add(reading)
        reading.add_done_callback(self._ended)
        reading.cancel()

    def _ended(self, reading: asyncio.Task[Rows]) -> None:
        self._given_up.discard(reading)
        if not reading.cancelled():
            reading.exception()  # looked at: nobody else is going to
