"""The HTTP server of this process, by name, on a socket bound before anything dear is started."""

import asyncio
import errno
import gc
import socket
import sys
from collections.abc import Callable

from objectry_runtime.api.asgi import App

SERVERS = ("uvicorn", "granian")


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


def run(
    app: App, listener: socket.socket, ready: Callable[[], None], server: str = "uvicorn"
) -> bool:
    """Serve until SIGINT or SIGTERM by one of `SERVERS`; `ready` is called once requests are
    answered.

    Returns whether it ever was ready.
    """
    assert server in SERVERS, server
    if server == "granian":
        from objectry_runtime.services.granian_server import serve
    else:
        from objectry_runtime.services.uvicorn_server import serve

    def settled() -> None:
        # What is there by now stays. Walking it again took a tenth of a bulk write's time; reads
        # leave nothing behind that the collector would have to look for.
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)
        ready()

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(serve(app, listener, settled))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Ours on uvloop where there is one, else (None) the standard library's."""
    if sys.platform == "win32":
        return None
    try:
        from objectry_runtime.services.loop import Loop
    except ImportError:
        return None
    return Loop


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
