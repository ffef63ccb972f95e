"""An exchange: the requests that travel under one Sync, which is one transaction.

The link tells it what the server said; it tells the requests what that means for them, and its
lane (`again`) which of them must be sent again.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import count

from psycopg.pq.abc import PGresult

from objectry_runtime.store.executor import DatabaseError, DatabaseUnavailable
from objectry_runtime.store.failures import Refusal, StalePlan
from objectry_runtime.store.pipelined.request import Request, Step

SENT_MAX = 3
_CANCELLED = "57014"
_NUMBERS = count(1)


class Exchange(ABC):
    """What reads and units have in common.

    `before`: steps whose results nobody wants. `expected`: seconds it should take. `began`: when
    the server could begin with it. `disturbed`: we asked the server to stop what ran here.
    `sealed`: its Sync was handed to libpq, so that the server may have acted on it. `unprepared`:
    one of its statements could not be prepared.
    """

    __slots__ = (
        "again",
        "before",
        "began",
        "disturbed",
        "expected",
        "number",
        "requests",
        "sealed",
        "unprepared",
    )

    def __init__(self, requests: list[Request], again: Callable[[Request], None]) -> None:
        self.number = next(_NUMBERS)
        self.requests = requests
        self.again = again
        self.before: tuple[Step, ...] = ()
        self.expected = 0.0
        self.began = 0.0
        self.disturbed = False
        self.sealed = False
        self.unprepared = False

    @abstractmethod
    def took(self, request: Request | None, result: PGresult) -> None:
        """A step succeeded; `request` is None for one of `before`."""

    @abstractmethod
    def refused(self, request: Request | None, error: Refusal) -> None:
        """A step failed; all behind it are skipped."""

    @abstractmethod
    def ended(self, error: Refusal | None) -> None:
        """Its Sync came back; `error` is what the COMMIT said."""

    @abstractmethod
    def lost(self, reason: str) -> None:
        """The connection broke before its Sync came back."""

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits for an answer from here."""
        return any(self._holds(request) for request in self.requests)

    def _holds(self, request: Request) -> bool:
        return request.exchange == self.number and not request.answer.done()

    def repeat(self, request: Request) -> None:
        """Send a request again, if anybody still waits for its answer."""
        request.exchange = 0
        if not request.answer.done():
            request.results = []
            request.error = None
            self.again(request)


class ReadExchange(Exchange):
    """Reads that share a Sync; each is answered as soon as its own result came."""

    __slots__ = ()

    def took(self, request: Request | None, result: PGresult) -> None:
        """Answer: a read needs no COMMIT."""
        if request is not None and not request.answer.done():
            request.answer.set_result([result])

    def refused(self, request: Request | None, error: Refusal) -> None:
        """Tell the one that failed, unless it was not its own fault."""
        if request is None:
            return
        if self.disturbed and isinstance(error, DatabaseError) and error.sqlstate == _CANCELLED:
            request.dear = True
            self._once_more(request, error)
        elif isinstance(error, DatabaseUnavailable | StalePlan):
            self._once_more(request, error)
        else:
            request.fail(error)

    def ended(self, error: Refusal | None) -> None:
        """Send those again, each alone, that a failing neighbour aborted."""
        for request in self.requests:
            if self._holds(request):
                self._once_more(request, error or DatabaseUnavailable("the read was not answered"))

    def lost(self, reason: str) -> None:
        """Send the unanswered again elsewhere."""
        for request in self.requests:
            if self._holds(request):
                self._once_more(request, DatabaseUnavailable(reason))

    def _once_more(self, request: Request, error: Refusal) -> None:
        if request.sent >= SENT_MAX:
            request.fail(error)
            return
        if isinstance(error, StalePlan) and request.sent > 1:
            request.plain = True  # a proxy that keeps plans of its own gives back the old one
        request.alone = True
        self.repeat(request)


class UnitExchange(Exchange):
    """Units in one transaction; answered only after its COMMIT came back."""

    __slots__ = ("failed",)

    def __init__(self, requests: list[Request], again: Callable[[Request], None]) -> None:
        super().__init__(requests, again)
        self.failed = False

    def took(self, request: Request | None, result: PGresult) -> None:
        """Keep the result until the COMMIT came back."""
        if request is not None:
            request.results.append(result)

    def refused(self, request: Request | None, error: Refusal) -> None:
        """Everything will be rolled back."""
        self.failed = True
        if request is not None and request.error is None:
            request.error = error

    def ended(self, error: Refusal | None) -> None:
        """Answer; of a group that failed send everyone again alone: nothing of it was kept."""
        if error is None and not self.failed:
            for request in self.requests:
                request.succeed()
            return
        self.failed = True
        grouped = bool(self.before)
        for request in self.requests:
            told = request.error or error or DatabaseUnavailable("the unit was not answered")
            if grouped:
                request.alone = True
                self.repeat(request)
            elif request.sent < SENT_MAX and self._blameless(request, told):
                self.repeat(request)
            else:
                request.fail(told)

    def lost(self, reason: str) -> None:
        """Nobody knows whether it was kept, unless its Sync was never sent."""
        unknown = DatabaseUnavailable(f"{reason}; the outcome of the write is unknown")
        for request in self.requests:
            if self.sealed:
                request.fail(unknown)
            elif request.sent >= SENT_MAX:
                request.fail(DatabaseUnavailable(f"{reason}; nothing was written"))
            else:
                self.repeat(request)

    def _blameless(self, request: Request, error: Refusal) -> bool:
        stale = isinstance(error, StalePlan)
        # What could not be prepared beforehand may need what the steps before it do; a proxy
        # that keeps plans of its own gives back the old one.
        request.plain = (self.unprepared and len(request.steps) > 1) or (stale and request.sent > 1)
        return stale or request.plain
