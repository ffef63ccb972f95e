"""HTTP/1.1 as uvicorn speaks it, with a bounded head, and refusals that are problems like all."""

import asyncio

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from objectry.values.ids import new_id
from objectry_runtime.api.problems import CONTENT_TYPE, render
from objectry_runtime.problems import Problem

HEAD_BYTES_MAX = 64 * 1024
HEAD_SECONDS = 30.0  # who opens a connection, or begins a head, has to go on; granian's is the same
LINGER_SECONDS = 1.0  # who is still sending when a connection closes never sees the answer

_FRAMING = (b"content-length", b"transfer-encoding")
REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class StrictProtocol(HttpToolsProtocol):
    """One connection. What is no request at all never reaches the app: it is refused here."""

    _in_head = True
    _length = 0  # of the head, as far as it is read
    _silent = 0  # bytes of which nothing came: one header, chunk extensions, trailers
    _heard = False
    _too_long = False
    _again = False
    _refused = False
    _timer: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connects: a head must follow."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_timer()
        self._abandon()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins: its head is counted."""
        if not self._again:
            super().on_message_begin()
            self._in_head, self._heard, self._length = True, True, 0

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        if not self._again:
            self._count(len(url))
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; or a trailer, which never becomes one (RFC 9110 6.5.1): that is dropped."""
        if self._in_head:
            self._count(len(name) + len(value) + 4)
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole; what follows is body, which the app bounds."""
        if self._again:
            self._again = False
            return
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._heard = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole, unless the parser only thinks so: see `_http_only`."""
        self._heard = True
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Pass on what came, unless it grows without end and without meaning anything."""
        if self._refused:
            return
        self._unset_keepalive_if_required()
        self._heard = False
        rest: bytes | None = data
        while rest is not None:
            rest = self._fed(rest)
        self._silent = 0 if self._heard else self._silent + len(data)
        if self._silent > HEAD_BYTES_MAX and not self._refused:
            self._refuse(_head_too_large())
        elif self._in_head:
            self._expect_head()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem."""
        if self._too_long:
            self._refuse(_head_too_large())
            return
        title = "The request can't be read."
        detail = (
            "It is not HTTP/1.1: check its method, address, headers and the framing of its body."
        )
        self._refuse(Problem(400, "bad_request", title, detail))

    def _fed(self, data: bytes) -> bytes | None:
        """Let the parser read; what it left over, and has to be read still."""
        try:
            self.parser.feed_data(data)
        except HttpParserError:
            self.send_400_response("")
        except HttpParserUpgrade as upgrade:
            offset: int = upgrade.args[0]
            return self._http_only() + data[offset:]
        return None

    def _http_only(self) -> bytes:
        """Go on as if nobody had asked for another protocol; what the next parser reads first.

        Clients that ask for h2c (Java's, `curl --http2`) send their body all the same. The parser
        takes it for that protocol's, which would lose it, or read it as requests of its own.
        """
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's is
        self._again = True
        framing = [
            name + b": " + value + b"\r\n" for name, value in self.headers if name in _FRAMING
        ]
        return b"POST / HTTP/1.1\r\n" + b"".join(framing) + b"\r\n"

    def _should_upgrade(self) -> bool:
        return False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _abandon(self) -> None:
        """Nobody hears any more; uvicorn itself tells only the last of pipelined requests."""
        for cycle in (self._answering, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()

    def _expect_head(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        self._timer = None
        if self._refused or self.transport.is_closing():
            return
        if self.cycle and not self.cycle.response_complete:
            self._expect_head()  # it may be us who don't read: one answer comes after the other
        elif self._length:
            title, detail = "The request did not come.", "Its head is waited for {:g} seconds."
            self._refuse(Problem(408, "head_timeout", title, detail.format(HEAD_SECONDS)))
        else:
            self.transport.close()

    def _count(self, length: int) -> None:
        self._heard = True
        self._length += length
        if self._length > HEAD_BYTES_MAX:
            self._too_long = True
            raise _HeadTooLarge  # the parser stops, and says so to `_fed`

    def _refuse(self, problem: Problem) -> None:
        request_id = new_id()
        body = render(problem, request_id)
        head = (
            f"HTTP/1.1 {problem.status} {REASONS[problem.status]}\r\n"
            f"content-type: {CONTENT_TYPE}\r\ncontent-length: {len(body)}\r\n"
            f"x-request-id: {request_id}\r\ncache-control: private, no-store\r\n"
            "connection: close\r\n\r\n"
        )
        self._refused = True
        self.transport.write(head.encode("ascii") + body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._abandon()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


class _HeadTooLarge(Exception):
    """Stops the parser."""


def _head_too_large() -> Problem:
    title = "The request's head is too large."
    detail = f"Address and headers together may have {HEAD_BYTES_MAX} bytes."
    return Problem(431, "head_too_large", title, detail)
