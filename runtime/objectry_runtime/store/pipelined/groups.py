"""Group commit: several units in one transaction, while that goes well.

If anything in a group fails, all of it was rolled back and every unit is sent again by itself. A
group holds the locks of several requests in no order anybody chose, so it must never wait long: it
gives way within milliseconds, and is done or undone before PostgreSQL looks for deadlocks
(`deadlock_timeout`, 1 s), so that no other transaction is sacrificed for it.
"""

from collections.abc import Callable

from objectry_runtime.store.measures import LaneMeasures
from objectry_runtime.store.pipelined.exchange import UnitExchange
from objectry_runtime.store.pipelined.request import Request, Step

UNITS_MAX = 16
STATEMENTS_MAX = 16
BYTES_MAX = 64_000
LOCK_WAIT_MS = 50
TOGETHER_MS = 800
_LIMITS = (
    "select set_config('lock_timeout', $1::text, true), "
    "set_config('statement_timeout', $2::text, true)"
)
_RISE, _RISE_ALONE, _FALL = 1.0, 0.05, 0.5


class Grouping:
    """How many units may share a transaction now: more after a success, half after a failure."""

    def __init__(self, counts: LaneMeasures) -> None:
        self._counts = counts
        self._most = float(UNITS_MAX)

    def bounds(self, waiting: int) -> tuple[int, Callable[[Request], bool]]:
        """How many of those waiting to take, and a test for each in turn whether it may join."""
        units = statements = weight = 0
        closed = False

        def joins(request: Request) -> bool:
            nonlocal units, statements, weight, closed
            if closed:
                return False
            statements += len(request.steps)
            weight += request.weight
            single = request.alone or request.undo
            fits = statements <= STATEMENTS_MAX and weight <= BYTES_MAX and not single
            units += 1
            closed = not fits
            return fits or units == 1

        return max(1, min(int(self._most), waiting)), joins

    def exchange(self, requests: list[Request], again: Callable[[Request], None]) -> UnitExchange:
        """The units in one transaction; more than one keep to the limits of a group."""
        exchange = UnitExchange(requests, again)
        if len(requests) > 1:
            statements = sum(len(request.steps) for request in requests)
            exchange.before = (_limits(statements),)
            self._counts.grouped += len(requests)
        return exchange

    def learn(self, exchange: UnitExchange) -> None:
        """Adapt to how an exchange ended."""
        grouped = bool(exchange.before)
        if exchange.failed and grouped:
            self._counts.groups_undone += 1
            self._most = max(1.0, self._most * _FALL)
        elif not exchange.failed:
            self._most = min(UNITS_MAX, self._most + (_RISE if grouped else _RISE_ALONE))


def _limits(statements: int) -> Step:
    most = max(LOCK_WAIT_MS, TOGETHER_MS // statements)
    return _LIMITS, [b"%d" % LOCK_WAIT_MS, b"%d" % most]
