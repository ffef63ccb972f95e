"""A lane: requests of one kind, in a queue, and the links that carry them."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from objectry_runtime.store.executor import DatabaseUnavailable
from objectry_runtime.store.measures import Load, Measures
from objectry_runtime.store.pipelined.connecting import lane_dsn
from objectry_runtime.store.pipelined.exchange import Exchange
from objectry_runtime.store.pipelined.link import Link
from objectry_runtime.store.pipelined.request import Request
from objectry_runtime.store.pipelined.roster import Roster
from objectry_runtime.store.statements import Connection

READ_ONLY = "default_transaction_read_only=on"
QUEUED_MAX = 1000
SILENCE_GRACE_S = 5.0
WISH_AGAIN_S = 1.0
WISHES_MAX = 5


class Limits(msgspec.Struct, frozen=True):
    """What all lanes of an executor keep to (see `PipelinedExecutor`)."""

    pool_timeout: float
    statement_timeout: float
    prepared_max: int


class Lane(ABC):
    """What lanes have in common: queue, links, reconnecting, time-outs.

    `depth`: exchanges under way on a link at once. A lane opens its links when they are needed
    and keeps at least one.
    """

    tick_s = 0.1
    read_only = False

    def __init__(
        self,
        name: str,
        dsn: str,
        size: int,
        limits: Limits,
        measures: Measures,
        *,
        depth: int,
    ) -> None:
        self.limits = limits
        self.counts = measures.lane(name, self.load)
        self.queue: deque[Request] = deque()
        self.roster = Roster(
            lane_dsn(dsn, *([READ_ONLY] if self.read_only else [])),
            size,
            crowded=lambda: bool(self.queue),
            make=self._link,
            arrived=self._arrived,
        )
        self._depth = depth
        self._loop = asyncio.get_running_loop()
        self._cancels: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()  # a link came or went, or an exchange ended
        self._clock: asyncio.TimerHandle | None = None
        self._called = self._closing = False

    # What each kind of lane decides for itself.

    @abstractmethod
    def gather(self, free: int) -> Exchange | None:
        """The next exchange out of the queue, `free` links being able to take one."""

    @abstractmethod
    def ended(self, exchange: Exchange, now: float) -> None:
        """An exchange ended, its requests are answered or sent again."""

    def dropped(self, exchange: Exchange) -> None:
        """An exchange was lost with its link, its requests are told or sent again."""
        return

    def silence_max(self, exchange: Exchange) -> float:
        """Seconds after which a link that said nothing meanwhile is taken for dead."""
        steps = sum(len(request.steps) for request in exchange.requests)
        return self.limits.statement_timeout * steps + SILENCE_GRACE_S

    def watch(self, link: Link, now: float) -> None:
        """Look at a link that has exchanges under way, every `tick_s`."""
        return

    # Requests

    def submit(self, request: Request) -> None:
        """Take a request; its answer comes through its future."""
        if self._closing:
            raise DatabaseUnavailable("the database connections are closed")
        if len(self.queue) >= QUEUED_MAX:
            self.counts.timeouts += 1
            raise DatabaseUnavailable("no database connection is free; try again shortly")
        request.queued_at = self._loop.time()
        self.queue.append(request)
        self._call()

    def again(self, request: Request) -> None:
        """Take a request that was sent before, ahead of the others."""
        self.counts.sent_again += 1
        request.queued_at = self._loop.time()
        self.queue.appendleft(request)
        self._call()

    def load(self) -> Load:
        """Connections, busy ones, waiting requests."""
        return Load(len(self.roster.links), len(self.roster.busy), len(self.queue))

    def _call(self) -> None:
        # At the end of the loop's turn: what others ask for in it may share an exchange.
        if not self._called:
            self._called = True
            self._loop.call_soon(self._dispatch)
        if self._clock is None:
            self._clock = self._loop.call_later(self.tick_s, self._tick)

    def _dispatch(self) -> None:
        self._called = False
        while self.queue:
            free = [link for link in self.roster.links if self._can_take(link)]
            if not free:
                break
            link = min(free, key=_under_way)
            if not link.exchanges and not link.lives():
                continue
            exchange = self.gather(len(free))
            if exchange is None:
                break
            self._send(link, exchange)
        if self.queue:
            self.roster.grow()

    def _can_take(self, link: Link) -> bool:
        return len(link.exchanges) < self._depth and link.is_open and not link.cancelling

    def _send(self, link: Link, exchange: Exchange) -> None:
        now = self._loop.time()
        waited = self.counts.waited
        for request in exchange.requests:
            request.exchange = exchange.number
            request.sent += 1
            waited.add(now - request.queued_at)
        link.send(exchange)

    def take(self, most: int, wanted: Callable[[Request], bool]) -> list[Request]:
        """Up to `most` requests off the head of the queue for as long as they are `wanted`."""
        taken: list[Request] = []
        queue = self.queue
        while queue and len(taken) < most:
            if queue[0].answer.done():  # whoever asked has gone
                queue.popleft()
            elif wanted(queue[0]):
                taken.append(queue.popleft())
            else:
                break
        return taken

    # Links

    async def open(self) -> None:
        """Connect once; DatabaseUnavailable when that does not work in time."""
        self.roster.grow()
        try:
            async with asyncio.timeout(self.limits.pool_timeout):
                while not self.roster.links:
                    await self._changed.wait()
                    self._changed.clear()
        except TimeoutError:
            raise self._unreachable() from None

    async def close(self, grace: float) -> None:
        """Finish what is under way within `grace` seconds, refuse the rest. Idempotent."""
        self._closing = True
        try:
            async with asyncio.timeout(grace):
                while self.queue or self.roster.busy:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            await self.roster.close()
            while self.queue:
                self.queue.popleft().fail(
                    DatabaseUnavailable("the database connections are closed")
                )
            if self._clock is not None:
                self._clock.cancel()
            for task in self._cancels:
                task.cancel()
            await asyncio.gather(*self._cancels, return_exceptions=True)

    def _link(self, connection: Connection) -> Link:
        self.counts.connected += 1
        return Link(
            connection,
            self.limits.prepared_max,
            self.read_only,
            self._freed,
            self._broken,
            self._ended,
        )

    def _arrived(self) -> None:
        self._changed.set()
        self._dispatch()

    def _ended(self, exchange: Exchange, now: float) -> None:
        self.counts.ran.add(now - exchange.began, len(exchange.requests))
        self.ended(exchange, now)

    def _freed(self, link: Link) -> None:
        self._changed.set()
        if self.queue:
            self._dispatch()

    def _broken(self, link: Link, lost: Sequence[Exchange]) -> None:
        self.roster.links.remove(link)
        for exchange in lost:
            self.dropped(exchange)
        self.counts.lost += not self._closing
        self._changed.set()
        self.roster.grow()

    def cancel(self, link: Link) -> None:
        """Have the server stop what it runs on a link; a server that never hears is dead."""
        if self._loop.time() - link.wished < WISH_AGAIN_S:
            return
        if link.wishes >= WISHES_MAX:
            link.break_off("the server does not answer")
        else:
            task = link.cancel()
            self._cancels.add(task)
            task.add_done_callback(self._cancels.discard)

    # The clock

    def _tick(self) -> None:
        self._clock = None
        now = self._loop.time()
        self._expire(now)
        for link in self.roster.busy:
            if now - link.heard > self.silence_max(link.exchanges[0]):
                link.break_off("the connection is silent")
            elif not link.cancelling:
                self.watch(link, now)
        if self.queue or self.roster.busy:
            self._clock = self._loop.call_later(self.tick_s, self._tick)

    def _expire(self, now: float) -> None:
        latest = now - self.limits.pool_timeout
        if not self.queue or min(request.queued_at for request in self.queue) > latest:
            return
        late = [request for request in self.queue if request.queued_at <= latest]
        self.queue = deque(request for request in self.queue if request.queued_at > latest)
        for request in late:
            self.counts.timeouts += 1
            request.fail(self._unreachable())

    def _unreachable(self) -> DatabaseUnavailable:
        if self.roster.links:
            return DatabaseUnavailable("no database connection is free; try again shortly")
        seconds = self.limits.pool_timeout
        return DatabaseUnavailable(
            f"no connection to PostgreSQL within {seconds:g} s: {self.roster.reason or 'no answer'}"
        )


def _under_way(link: Link) -> int:
    return len(link.exchanges)
