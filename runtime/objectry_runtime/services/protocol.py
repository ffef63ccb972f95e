"""HTTP/1.1 as uvicorn speaks it, with a bounded head, and refusals that are problems like all."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from objectry.values.ids import new_id
from objectry_runtime.api.problems import CONTENT_TYPE, render
from objectry_runtime.problems import Problem

HEAD_BYTES_MAX = 64 * 1024
LINGER_SECONDS = 1.0  # who is still sending when a connection closes never sees the answer

REASONS = {400: "Bad Request", 431: "Request Header Fields Too Large"}


class StrictProtocol(HttpToolsProtocol):
    """One connection. What is no request at all never reaches the app: it is refused here."""

    _head_bytes = 0
    _in_head = True
    _long = False
    _refused = False

    def on_message_begin(self) -> None:
        """A request begins: its head is counted."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        """The head is whole; what follows is body, which the app bounds."""
        if self._long:
            length = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
            if length > HEAD_BYTES_MAX:
                raise _HeadTooLarge  # the parser stops, and says so to `data_received`
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Pass on what came, unless the head grows without end."""
        if self._refused:
            return
        # What comes at once may be a short head and a long body: that shows when the head ends.
        self._long = self._head_bytes + len(data) > HEAD_BYTES_MAX
        super().data_received(data)
        if self._refused or not self._in_head:
            return
        self._head_bytes += len(data)
        if self._long:
            self._refuse(_head_too_large())

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem."""
        if self._long and self._in_head:
            self._refuse(_head_too_large())
            return
        title = "The request can't be read."
        detail = (
            "It is not HTTP/1.1: check its method, address, headers and the framing of its body."
        )
        self._refuse(Problem(400, "bad_request", title, detail))

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
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


class _HeadTooLarge(Exception):
    """Stops the parser."""


def _head_too_large() -> Problem:
    title = "The request's head is too large."
    detail = f"Address and headers together may have {HEAD_BYTES_MAX} bytes."
    return Problem(431, "head_too_large", title, detail)
