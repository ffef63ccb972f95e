"""The HTTP server: uvicorn in this process, on a socket bound before anything dear is started."""

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn

from objectry_runtime.api.asgi import App
from objectry_runtime.services.protocol import StrictProtocol

GRACE_S = 10  # requests on their way may take this long after the signal to stop


class PortProblem(Exception):
    """The address can't be listened on; the message says why and what to do."""


def bind(host: str, port: int) -> socket.socket:
    """Listen on an address. Raises PortProblem."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise PortProblem(_reason(host, port, error)) from error
    listener.set_inheritable(False)
    return listener


def run(app: App, listener: socket.socket, ready: Callable[[], None]) -> bool:
    """Serve until SIGINT or SIGTERM; `ready` is called once requests are answered.

    Returns whether it ever was ready.
    """
    config = uvicorn.Config(
        app,
        http=StrictProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config, ready)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))
    return server.was_ready


class _Server(uvicorn.Server):
    """uvicorn's server, told when it is ready, and ending as a function does: by returning."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self.was_ready = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say so."""
        await super().startup(sockets=sockets)
        if not self.should_exit:
            self.was_ready = True
            self._ready()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Stop in order on a signal. uvicorn's own raises it again afterwards, which would end
        the process before the database is left in order.
        """
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _reason(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is in use. Name another with --port, or stop its user."
        case errno.EACCES:
            return f"Port {port} needs more rights than you have. Name one above 1023 with --port."
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine. Name another with --host."
        case _:
            return f"{host} port {port} can't be listened on: {error.strerror or error}."
