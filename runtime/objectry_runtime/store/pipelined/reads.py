"""The two lanes of reads: cheap ones share exchanges, dear ones have a connection each.

A statement is dear when it is known to be, or was never seen: it proves itself cheap where nobody
waits behind it.
"""

from objectry_runtime.store.measures import Measures
from objectry_runtime.store.pipelined.costs import Costs
from objectry_runtime.store.pipelined.exchange import Exchange, ReadExchange
from objectry_runtime.store.pipelined.lane import Lane, Limits
from objectry_runtime.store.pipelined.link import Link
from objectry_runtime.store.pipelined.request import Request
from objectry_runtime.store.pipelined.sizes import Sizes

SHARED_MAX = 64
SHARED_S = 0.001
DEAR_S = 0.02
STALLED_S = 0.05
STALLED_TIMES = 10
READ_ONLY = "default_transaction_read_only=on"


class Reads:
    """Sends a read to the lane where it belongs."""

    def __init__(self, dsn: str, sizes: Sizes, limits: Limits, measures: Measures) -> None:
        self._costs = Costs()
        self._dear = DearLane(dsn, sizes.dear, limits, measures, self) if sizes.dear else None
        self._cheap = CheapLane(dsn, sizes.read, limits, measures, self)
        self.lanes: tuple[Lane, ...] = (self._cheap, *([self._dear] if self._dear else []))

    def submit(self, request: Request) -> None:
        """Take a read; its answer comes through its future."""
        self._lane_of(request).submit(request)

    def again(self, request: Request) -> None:
        """Take a read that was sent before."""
        self._lane_of(request).again(request)

    def cost(self, request: Request) -> float | None:
        """Seconds it should take; None where nobody knows."""
        return self._costs.of(request.steps[0][0])

    def learn(self, exchange: Exchange, now: float) -> None:
        """Learn from an exchange that ended just now."""
        if exchange.disturbed:
            return
        seconds = now - exchange.began
        if len(exchange.requests) == 1:
            self._costs.learn(exchange.requests[0].steps[0][0], seconds)
        else:
            texts = [request.steps[0][0] for request in exchange.requests]
            self._costs.learn_shared(texts, seconds)

    @property
    def may_move(self) -> bool:
        """Whether a read that turns out to be slow has somewhere else to go."""
        return self._dear is not None and not self._dear.queue

    def _lane_of(self, request: Request) -> Lane:
        cost = self.cost(request)
        if cost is None or cost > DEAR_S or request.dear:
            request.alone = True
            if self._dear is not None and (cost is not None or self._worth_waiting()):
                return self._dear
        return self._cheap

    def _worth_waiting(self) -> bool:
        """Whether an unseen statement goes to the dear lane, rather than alone to an idle one."""
        dear, cheap = self._dear, self._cheap
        return dear is not None and (
            dear.idle_links > len(dear.queue) or bool(cheap.queue) or not cheap.idle_links
        )


class CheapLane(Lane):
    """Reads that share exchanges, up to about a millisecond of the server's time in each."""

    tick_s = 0.025

    def __init__(
        self, dsn: str, size: int, limits: Limits, measures: Measures, reads: Reads
    ) -> None:
        super().__init__("read", dsn, size, limits, measures, depth=2, settings=(READ_ONLY,))
        self._reads = reads

    def gather(self, free: int) -> Exchange | None:
        """What waits, until it is enough for one exchange."""
        expected = 0.0
        count = 0

        def fits(request: Request) -> bool:
            nonlocal expected, count
            cost = self._reads.cost(request)
            alone = request.alone or cost is None
            if count and (alone or expected + (cost or 0.0) > SHARED_S):
                return False
            # One that travels alone lets nobody else in.
            expected += SHARED_S if alone else (cost or 0.0)
            count += 1
            return True

        requests = self.take(SHARED_MAX, fits)
        if not requests:
            return None
        exchange = ReadExchange(requests, self._reads.again)
        exchange.expected = expected
        return exchange

    def ended(self, exchange: Exchange, now: float) -> None:
        """Learn what its statements cost."""
        self._reads.learn(exchange, now)

    def watch(self, link: Link, now: float) -> None:
        """Stop what keeps others waiting much longer than expected; it goes on in the dear lane.

        The server answers in order and in lumps, so only stopping it tells which one was slow.
        """
        exchange = link.exchanges[0]
        slow = max(STALLED_S, STALLED_TIMES * exchange.expected)
        if now - exchange.began < slow:
            return
        others = len(exchange.requests) > 1 or len(link.exchanges) > 1 or self.queue
        if not exchange.wanted or (others and self._reads.may_move):
            self.cancel(link)


class DearLane(Lane):
    """Reads that are slow, or may be: one at a time on each connection."""

    tick_s = 0.025

    def __init__(
        self, dsn: str, size: int, limits: Limits, measures: Measures, reads: Reads
    ) -> None:
        super().__init__("dear", dsn, size, limits, measures, depth=1, settings=(READ_ONLY,))
        self._reads = reads

    def gather(self, free: int) -> Exchange | None:
        """One read."""
        requests = self.take(1, lambda _: True)
        return ReadExchange(requests, self._reads.again) if requests else None

    def ended(self, exchange: Exchange, now: float) -> None:
        """Learn what its statement costs."""
        self._reads.learn(exchange, now)

    def watch(self, link: Link, now: float) -> None:
        """Stop what nobody waits for any more."""
        exchange = link.exchanges[0]
        if now - exchange.began > STALLED_S and not exchange.wanted:
            self.cancel(link)
