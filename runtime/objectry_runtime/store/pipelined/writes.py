"""The lane of sealed units, and how units share a transaction when there is a crowd."""

from objectry_runtime.store.measures import Measures
from objectry_runtime.store.pipelined.exchange import Exchange, UnitExchange
from objectry_runtime.store.pipelined.groups import Grouping
from objectry_runtime.store.pipelined.lane import Lane, Limits
from objectry_runtime.store.pipelined.request import Request


class WriteLane(Lane):
    """One unit after another on each link, or several in one transaction when more wait."""

    def __init__(self, dsn: str, size: int, limits: Limits, measures: Measures) -> None:
        super().__init__("write", dsn, size, limits, measures, depth=1)
        self._grouping = Grouping(self.counts)

    def gather(self, free: int) -> Exchange | None:
        """The next unit, and as many more as there are too few free links for."""
        share = -(-len(self.queue) // free)
        requests = self.take(*self._grouping.bounds(share))
        return self._grouping.exchange(requests, self.again) if requests else None

    def ended(self, exchange: Exchange, now: float) -> None:
        """Learn whether sharing worked."""
        if isinstance(exchange, UnitExchange):
            self._grouping.learn(exchange)


class ContendedLane(Lane):
    """Units that wait for each other at a name: each name in one exchange at a time.

    So many waiters for one row take one connection, not all, and those that wait here share the
    next transaction, also with waiters for other names.
    """

    def __init__(self, dsn: str, size: int, limits: Limits, measures: Measures) -> None:
        super().__init__("contended", dsn, size, limits, measures, depth=1)
        self._grouping = Grouping(self.counts)
        self._busy: set[str] = set()

    def gather(self, free: int) -> Exchange | None:
        """The first units whose names nobody is at."""
        most, joins = self._grouping.bounds(-(-len(self.queue) // free))
        requests: list[Request] = []
        passed: list[Request] = []
        while self.queue and len(requests) < most:
            request = self.queue.popleft()
            if request.answer.done():
                continue  # whoever asked has gone
            if request.contended in self._busy:
                passed.append(request)
            elif joins(request):
                requests.append(request)
            else:
                passed.append(request)
                break
        self.queue.extendleft(reversed(passed))
        self._busy.update(request.contended for request in requests)
        return self._grouping.exchange(requests, self.again) if requests else None

    def ended(self, exchange: Exchange, now: float) -> None:
        """Let the next of its names go."""
        self.dropped(exchange)
        if isinstance(exchange, UnitExchange):
            self._grouping.learn(exchange)

    def dropped(self, exchange: Exchange) -> None:
        """Let the next of its names go."""
        self._busy.difference_update(request.contended for request in exchange.requests)
