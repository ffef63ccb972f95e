"""uvicorn in this process, our own protocol in front: bounded heads, refusals explained."""

import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import uvicorn

from objectry_runtime.api.asgi import App
from objectry_runtime.services.protocol import StrictProtocol

GRACE_S = 10  # requests on their way may take this long after the signal to stop


async def serve(app: App, listener: socket.socket, ready: Callable[[], None]) -> bool:
    """Serve until SIGINT or SIGTERM; returns whether it ever was ready."""
    config = uvicorn.Config(
        app,
        http=StrictProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config, ready)
    with suppress(SystemExit):  # uvicorn's word for a start that failed
        await server.serve(sockets=[listener])
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
