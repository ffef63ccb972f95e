"""A connection that says nothing any more, though PostgreSQL should have ended its statement."""

import asyncio
import logging
import socket
from types import TracebackType
from typing import Self

from psycopg import AsyncConnection

GRACE_S = 5.0  # beyond the statement time-out, by which the server itself should have spoken

log = logging.getLogger("objectry.store")


class Watch:
    """Hangs up a connection that is silent for `seconds` while it is armed; 0 is never.

    Whoever waits for an answer then hears that the connection broke. Cancelling would not do:
    psycopg first waits for what it cancelled, and that is exactly what doesn't come.
    """

    def __init__(self, connection: AsyncConnection[tuple[object, ...]], seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        """An answer is due from now on."""
        if self._seconds and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._seconds, self._hang_up)

    def rest(self) -> None:
        """Nothing is due."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> Self:
        """Arm."""
        self.arm()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Rest."""
        self.rest()

    def _hang_up(self) -> None:
        if self._connection.closed:
            return
        log.warning("a database connection was silent for %g s", self._seconds)
        borrowed = socket.socket(fileno=self._connection.fileno())
        try:
            borrowed.shutdown(socket.SHUT_RDWR)
        except OSError as error:  # the other end was quicker
            log.debug("it was closed already: %s", error)
        finally:
            borrowed.detach()  # libpq closes what is its own


def silence_max(statement_timeout: float, statements: int = 1) -> float:
    """Seconds that so many statements may take together; 0 where they have no bound."""
    return statement_timeout * statements + GRACE_S if statement_timeout else 0.0
