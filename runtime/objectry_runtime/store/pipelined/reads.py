"""The two lanes of reads: cheap ones share exchanges, dear ones have a connection each.

A statement is dear when it is known to be, or was never seen: it proves itself cheap where nobody
waits behind it.
"""

from objectry_runtime.store.measures import Measures
from objectry_runtime.store.pipelined.costs import Costs
from objectry_runtime.store.pipelined.exchange import Exchange, ReadExchange
from objectry_runtime.store.pipelined.lane import SILENCE_GRACE_S, Lane, Limits
from objectry_runtime.store.pipelined.link import Link
from objectry_runtime.store.pipelined.request import Request
from objectry_runtime.store.pipelined.sizes import Sizes

SHARED_MAX = 64
SHARED_S = 0.001
DEAR_S = 0.02
STALLED_S = 0.05
STALLED_TIMES = 10


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
        dear, cost = self._dear, self.cost(request)
        if dear is None:
            return self._cheap
        if not request.dear and cost is not None and cost <= DEAR_S:
            # One that shares with nobody may as well use a connection that lies idle there.
            spare = cost > SHARED_S and not self._cheap.roster.idle and not dear.queue
            return dear if spare and dear.roster.idle else self._cheap
        request.alone = True
        # An unseen one need not wait here while the other lane has nothing to do.
        unseen = cost is None and not request.dear
        crowded = bool(dear.queue) or not dear.roster.idle
        if unseen and crowded and self._cheap.roster.idle and not self._cheap.queue:
            return self._cheap
        return dear


class ReadLane(Lane):
    """What both have in common."""

    tick_s = 0.025
    read_only = True

    def __init__(
        self,
        name: str,
        dsn: str,
        size: int,
        limits: Limits,
        measures: Measures,
        reads: Reads,
        *,
        depth: int,
    ) -> None:
        super().__init__(name, dsn, size, limits, measures, depth=depth)
        self.reads = reads

    def ended(self, exchange: Exchange, now: float) -> None:
        """Learn what its statements cost."""
        self.reads.learn(exchange, now)

    def silence_max(self, exchange: Exchange) -> float:
        """As long as one read may take: those that share an exchange take far less together."""
        return self.limits.statement_timeout + SILENCE_GRACE_S


class CheapLane(ReadLane):
    """Reads that share exchanges, up to about a millisecond of the server's time in each."""

    def __init__(
        self, dsn: str, size: int, limits: Limits, measures: Measures, reads: Reads
    ) -> None:
        super().__init__("read", dsn, size, limits, measures, reads, depth=2)

    def gather(self, free: int) -> Exchange | None:
        """What waits, until it is enough for one exchange."""
        expected = 0.0
        count = 0

        def fits(request: Request) -> bool:
            nonlocal expected, count
            cost = SHARED_S if request.alone else self.reads.cost(request) or SHARED_S
            if count and expected + cost > SHARED_S:
                return False
            expected += cost
            count += 1
            return True

        requests = self.take(SHARED_MAX, fits)
        if not requests:
            return None
        exchange = ReadExchange(requests, self.reads.again)
        exchange.expected = expected
        return exchange

    def watch(self, link: Link, now: float) -> None:
        """Stop what keeps others waiting much longer than expected; it goes on in the dear lane.

        The server answers in order and in lumps, so only stopping it tells which one was slow.
        """
        exchange = link.exchanges[0]
        if now - exchange.began < max(STALLED_S, STALLED_TIMES * exchange.expected):
            return
        others = len(exchange.requests) > 1 or len(link.exchanges) > 1 or self.queue
        if not exchange.wanted or (others and self.reads.may_move):
            self.cancel(link)


class DearLane(ReadLane):
    """Reads that are slow, or may be: one at a time on each connection."""

    def __init__(
        self, dsn: str, size: int, limits: Limits, measures: Measures, reads: Reads
    ) -> None:
        super().__init__("dear", dsn, size, limits, measures, reads, depth=1)

    def gather(self, free: int) -> Exchange | None:
        """One read."""
        requests = self.take(1, lambda _: True)
        return ReadExchange(requests, self.reads.again) if requests else None

    def watch(self, link: Link, now: float) -> None:
        """Stop what nobody waits for any more."""
        exchange = link.exchanges[0]
        if now - exchange.began > STALLED_S and not exchange.wanted:
            self.cancel(link)
