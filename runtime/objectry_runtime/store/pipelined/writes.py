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
    """Units that wait for each other at a name: one exchange at a time for each name.

    So many waiters for one row take one connection, not all, and those that wait here share the
    next transaction.
    """

    def __init__(self, dsn: str, size: int, limits: Limits, measures: Measures) -> None:
        super().__init__("contended", dsn, size, limits, measures, depth=1)
        self._grouping = Grouping(self.counts)
        self._busy: set[str] = set()

    def gather(self, free: int) -> Exchange | None:
        """The first unit of a name that nobody is at, and those behind it of the same name."""
        first = self._first()
        if first is None:
            return None
        name = first.contended
        self._busy.add(name)
        most, wanted = self._grouping.bounds(len(self.queue))
        requests: list[Request] = []
        others: list[Request] = []
        open_ = True
        while self.queue and open_ and len(requests) < most:
            request = self.queue.popleft()
            if request.contended != name:
                others.append(request)
            elif wanted(request):
                requests.append(request)
            else:
                others.append(request)
                open_ = False
        self.queue.extendleft(reversed(others))
        return self._grouping.exchange(requests, self.again)

    def ended(self, exchange: Exchange, now: float) -> None:
        """Let the next of the name go."""
        self._busy.discard(exchange.requests[0].contended)
        if isinstance(exchange, UnitExchange):
            self._grouping.learn(exchange)

    def dropped(self, exchange: Exchange) -> None:
        """Let the next of the name go."""
        self._busy.discard(exchange.requests[0].contended)

    def _first(self) -> Request | None:
        gone = [request for request in self.queue if request.answer.done()]
        for request in gone:
            self.queue.remove(request)
        return next(
            (request for request in self.queue if request.contended not in self._busy), None
        )
