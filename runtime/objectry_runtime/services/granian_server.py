"""granian in this process: HTTP is read by its Rust threads, requests are answered on our loop.

What it refuses itself (no HTTP, a head that is too large) it answers with a status alone.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any  # granian's own signatures are untyped

from granian._granian import SocketHolder  # pyright: ignore[reportPrivateUsage]
from granian.constants import HTTPModes, Interfaces
from granian.errors import FatalError
from granian.http import HTTP1Settings
from granian.server.embed import Server

from objectry_runtime.api.asgi import App, Message, Receive, Scope, Send

GRACE_S = 10  # requests on their way may take this long after the signal to stop
HEAD_BYTES_MAX = 64 * 1024
BACKLOG = 2048
_CLOSING = (b"connection", b"close")

log = logging.getLogger("objectry.serve")


async def serve(app: App, listener: socket.socket, ready: Callable[[], None]) -> bool:
    """Serve until SIGINT or SIGTERM; returns whether it ever was ready."""
    watched = _Watched(app, ready)
    server = _Server(watched, listener)
    with _stopped_by_signals(server), suppress(FatalError):  # the start failed: told below
        await server.serve()
    return watched.was_ready


class _Server(Server):
    """granian's embedded server on a socket that is listening already."""

    def __init__(self, app: App, listener: socket.socket) -> None:
        super().__init__(
            app,
            interface=Interfaces.ASGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=BACKLOG,
            http1_settings=HTTP1Settings(max_buffer_size=HEAD_BYTES_MAX),
            log_enabled=False,
        )
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # A copy: granian closes its own when it stops, the caller's stays the caller's.
        holder: Any = SocketHolder
        self._shd: Any = holder(self._listener.dup().detach(), False, BACKLOG)
        self._ssp = None


class _Watched:
    """The app as granian must see it: ready is told, and shutting down waits for its requests."""

    def __init__(self, app: App, ready: Callable[[], None]) -> None:
        self._app = app
        self._ready = ready
        self._answering = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.was_ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        self._answering += 1
        self._idle.clear()
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
            if not started:
                await _refuse(send)
        finally:
            self._answering -= 1
            if not self._answering:
                self._idle.set()

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def receiving() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._until_answered()
            return message

        async def sending(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self.was_ready = True
                self._ready()
            elif message["type"] == "lifespan.startup.failed":
                log.error("%s", message.get("message", "the start failed"))

        await self._app(scope, receiving, sending)

    async def _until_answered(self) -> None:
        try:
            async with asyncio.timeout(GRACE_S):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%d requests took longer than %d s to end", self._answering, GRACE_S)


async def _refuse(send: Send) -> None:
    """The app takes a body that broke off for a client that left, and answers nothing; the client
    is there still where the framing of its body was wrong. granian would tell it 500.
    """
    await send({"type": "http.response.start", "status": 400, "headers": [_CLOSING]})
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def _stopped_by_signals(server: Any) -> Generator[None]:
    """Stop in order on a signal, as uvicorn does for us."""
    loop = asyncio.get_running_loop()

    def stop(_number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(server.stop)

    handled = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, stop) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
