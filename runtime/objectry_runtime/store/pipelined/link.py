"""A link: one connection in libpq's pipeline mode, driven by the event loop.

It sends exchanges and hands every result to the exchange it belongs to, in the order that the
protocol guarantees. Whatever it does not expect breaks it: a connection whose place in the
protocol is in doubt answers nobody.
"""

import asyncio
import select
from collections import deque
from collections.abc import Callable, Sequence

import psycopg
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from objectry_runtime.store.executor import DatabaseError, DatabaseUnavailable
from objectry_runtime.store.failures import Refusal, StalePlan, refusal
from objectry_runtime.store.pipelined.exchange import Exchange
from objectry_runtime.store.pipelined.prepared import PreparedStatements
from objectry_runtime.store.pipelined.sending import Sender
from objectry_runtime.store.pipelined.steps import AnyStep, Execute, Prepare, Sync, Undo
from objectry_runtime.store.statements import Connection

_OK, _ROWS, _DONE = int(ConnStatus.OK), int(ExecStatus.TUPLES_OK), int(ExecStatus.COMMAND_OK)
_EMPTY, _SYNC = int(ExecStatus.EMPTY_QUERY), int(ExecStatus.PIPELINE_SYNC)
_ABORTED, _ERROR = int(ExecStatus.PIPELINE_ABORTED), int(ExecStatus.FATAL_ERROR)
_IDLE = int(TransactionStatus.IDLE)
_SILENT_MAX = 3


class Link:
    """One open connection.

    `ended` is called for each exchange that ended, `freed` when the link can take more, `broken`
    once, with the exchanges that were lost.
    """

    def __init__(
        self,
        connection: Connection,
        prepared_max: int,
        read_only: bool,
        freed: Callable[["Link"], None],
        broken: Callable[["Link", Sequence[Exchange]], None],
        ended: Callable[[Exchange, float], None],
    ) -> None:
        self.exchanges: deque[Exchange] = deque()
        self.heard = 0.0  # when the server last spoke
        self.cancelling = False
        self.wishes = 0  # how often we asked the server to stop what it runs now
        self.wished = -1.0
        self._connection = connection
        self._read_only = read_only
        self._pg = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._socket = self._pg.socket
        self._steps: deque[AnyStep] = deque()
        self._sender = Sender(self._pg, PreparedStatements(prepared_max), self._steps)
        self._freed, self._broken, self._ended = freed, broken, ended
        self._writing = self._spent = False
        self._commit_error: Refusal | None = None
        self._silent = 0  # times libpq had nothing to say where it owed us a Sync
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._pg.notice_handler = self._noticed
        self._pg.nonblocking = 1
        self._pg.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._readable)

    @property
    def is_open(self) -> bool:
        """Whether it can be sent something."""
        return self._socket >= 0 and not self._spent

    def lives(self) -> bool:
        """Whether an idle link survived lying idle; costs no round trip.

        An idle connection has nothing to read unless the server spoke: mostly to say good-bye.
        """
        while self.is_open and self._poll.poll(0):
            self._readable()
        return self.is_open

    def send(self, exchange: Exchange) -> None:
        """Send an exchange behind those under way."""
        now = self._loop.time()
        if not self.exchanges:
            exchange.began = self.heard = now
        self.exchanges.append(exchange)
        try:
            self._sender.send(exchange)
            if self._pg.flush() and not self._writing:
                self._writing = True
                self._loop.add_writer(self._socket, self._writable)
        except psycopg.Error as error:
            self.break_off(str(error))
        except BaseException:
            self.break_off("a request could not be written")  # half of it may be on its way
            raise

    def cancel(self) -> "asyncio.Task[None]":
        """Ask the server to stop what it runs for us; nothing new is sent meanwhile."""
        self.cancelling = True
        self.wishes += 1
        self.wished = self._loop.time()
        for exchange in self.exchanges:
            exchange.disturbed = True
        return self._loop.create_task(self._cancel())

    def break_off(self, reason: str) -> None:
        """Close the connection and tell everybody who waits on it. Idempotent."""
        if self._socket < 0:
            return
        self._loop.remove_reader(self._socket)
        if self._writing:
            self._loop.remove_writer(self._socket)
        self._socket = -1
        self._pg.notice_handler = None  # it holds us, and we hold it
        self._pg.finish()
        self._steps.clear()
        lost = tuple(self.exchanges)
        self.exchanges.clear()
        for exchange in lost:
            exchange.lost(_first_line(reason))
        self._broken(self, lost)

    async def _cancel(self) -> None:
        try:
            await self._connection.cancel_safe(timeout=5.0)
        except (psycopg.Error, OSError):
            pass  # it runs to its end, or to the statement time-out
        finally:
            self.cancelling = False
        if self.is_open:
            self._freed(self)

    def _writable(self) -> None:
        try:
            if not self._pg.flush():
                self._writing = False
                self._loop.remove_writer(self._socket)
        except psycopg.Error as error:
            self.break_off(str(error))

    def _readable(self) -> None:
        reason = ""
        try:
            self._pg.consume_input()
        except psycopg.Error as error:
            reason = str(error)  # what came before it was lost still counts
        self.heard = self._loop.time()
        under_way = len(self.exchanges)
        try:
            self._receive()
            if self._pg.status != _OK:
                reason = reason or self._pg.get_error_message()
            elif not self._steps:
                self._rest()
        except (psycopg.Error, _Surprise) as error:
            reason = reason or str(error)
        if reason:
            self.break_off(reason)
        elif len(self.exchanges) < under_way:
            self._freed(self)

    def _noticed(self, notice: PGresult) -> None:
        # What the server says unasked: "terminating connection", a moment before it is gone.
        if notice.error_field(DiagnosticField.SEVERITY_NONLOCALIZED) in (b"FATAL", b"PANIC"):
            self._spent = True

    def _rest(self) -> None:
        """Nothing is under way: look after what has no place of its own in the protocol."""
        while self._pg.notifies() is not None:
            pass
        if self._spent or self._pg.transaction_status != _IDLE:
            raise _Surprise("the connection was given up")

    def _receive(self) -> None:
        pg, steps = self._pg, self._steps
        while steps and not pg.is_busy():
            result, step = pg.get_result(), steps[0]
            if result is None:
                if type(step) is not Sync:
                    steps.popleft()  # the end of one step's results
                    continue
                # An error that the COMMIT of a Sync brought ends like this too.
                self._silent += 1
                if self._silent > _SILENT_MAX:
                    raise _Surprise("the server ended its answers early")
                continue
            status = result.status
            if type(step) is Execute:
                self._executed(step, result, status)
            elif type(step) is Sync:
                self._synced(step, result, status)
            elif type(step) is Prepare:
                if status != _DONE:
                    step.prepared.error = self._refusal(result, status)
                    self._sender.prepared.drop(step.prepared, exists=False)
            elif type(step) is Undo and status != _DONE:
                raise _Surprise("a dry run could not be rolled back")

    def _executed(self, step: Execute, result: PGresult, status: int) -> None:
        if status in (_ROWS, _DONE, _EMPTY):
            step.exchange.took(step.request, result)
        elif status not in (_ABORTED, _ERROR):  # COPY, and whatever else has no place here
            step.exchange.refused(step.request, DatabaseError("0A000", "no rows in the answer"))
            raise _Surprise(f"unexpected answer: {ExecStatus(status).name}")
        elif status == _ERROR:
            error = self._refusal(result, status)
            prepared = step.prepared
            if prepared is not None and isinstance(error, StalePlan):
                if prepared.error is not None:  # it never was prepared: that is what went wrong
                    error, step.exchange.unprepared = prepared.error, True
                self._sender.prepared.drop(prepared, exists=error.__class__ is StalePlan)
            step.exchange.refused(step.request, error)

    def _synced(self, step: Sync, result: PGresult, status: int) -> None:
        self._silent = 0
        if status != _SYNC:
            self._commit_error = self._refusal(result, status)
            return
        self._steps.popleft()
        error, self._commit_error = self._commit_error, None
        exchange = step.exchange
        if exchange is None:
            return
        if not self.exchanges or self.exchanges.popleft() is not exchange:
            raise _Surprise("an exchange ended out of turn")
        self.wishes = 0
        exchange.ended(error)
        self._ended(exchange, self.heard)
        if self.exchanges:
            self.exchanges[0].began = self.heard

    def _refusal(self, result: PGresult, status: int) -> Refusal:
        if status != _ERROR:
            raise _Surprise(f"unexpected answer: {ExecStatus(status).name}")
        error = refusal(result, read_only=self._read_only)
        if isinstance(error, DatabaseUnavailable):
            self._spent = True  # a session that ends, a server that became a standby
        return error


class _Surprise(Exception):
    """The connection did what it must not."""


def _first_line(reason: str) -> str:
    return reason.strip().partition("\n")[0] or "the connection broke"
