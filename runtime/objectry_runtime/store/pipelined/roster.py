"""The links of a lane: one from the start, more when there is work, another after a loss."""

import asyncio
from collections.abc import Callable

import psycopg

from objectry_runtime.store.persistent import pause
from objectry_runtime.store.pipelined.connecting import connect, reason_of
from objectry_runtime.store.pipelined.link import Link
from objectry_runtime.store.statements import Connection


class Roster:
    """Up to `size` links to `dsn`.

    `crowded`: whether more are wanted than there are; `make`: the link of a new connection;
    `arrived`: called for each.
    """

    def __init__(
        self,
        dsn: str,
        size: int,
        *,
        crowded: Callable[[], bool],
        make: Callable[[Connection], Link],
        arrived: Callable[[], None],
    ) -> None:
        self.links: list[Link] = []
        self.reason = ""  # why the last try to connect failed
        self._dsn = dsn
        self._size = size
        self._crowded, self._make, self._arrived = crowded, make, arrived
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def idle(self) -> int:
        """Links with nothing under way."""
        return sum(1 for link in self.links if not link.exchanges and not link.cancelling)

    @property
    def busy(self) -> list[Link]:
        """Links with something under way."""
        return [link for link in self.links if link.exchanges]

    def grow(self) -> None:
        """Connect, unless that is under way or there are enough."""
        if self._task is None and self._wanted():
            self._task = asyncio.get_running_loop().create_task(self._connect())

    async def close(self) -> None:
        """Break off all links. Idempotent."""
        self._closed = True
        for link in tuple(self.links):
            link.break_off("the database connections are closed")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _wanted(self) -> bool:
        enough = len(self.links) >= (self._size if self._crowded() else 1)
        return not enough and not self._closed

    async def _connect(self) -> None:
        failures = 0
        try:
            while self._wanted():
                try:
                    connection = await connect(self._dsn)
                except (psycopg.Error, OSError) as error:
                    self.reason = reason_of(error)
                    await asyncio.sleep(pause(failures))
                    failures += 1
                    continue
                failures, self.reason = 0, ""
                self.links.append(self._make(connection))
                self._arrived()
        finally:
            self._task = None
