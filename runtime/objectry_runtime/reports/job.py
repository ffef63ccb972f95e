"""What goes to a print worker and what comes back: one frame each way over a socket."""

import socket
import struct
from typing import Any, Literal

import msgspec

Format = Literal["html", "pdf"]
_LENGTH = struct.Struct("!I")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one print may use. The kernel holds it to them."""

    seconds: int = 10
    memory_bytes: int = 1024 * 1024 * 1024
    html_chars: int = 4_000_000


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A template and all it may know."""

    template: str
    context: dict[str, Any]
    format: Format
    limits: Limits


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The finished document, or what went wrong: `fault` is empty, "template",
    "limit" (it was stopped), or "unavailable" (no PDF can be made here)."""

    body: bytes = b""
    fault: str = ""
    detail: str = ""


class Outside(Exception):
    """A document wants something from outside; nothing is fetched."""


def framed(message: Job | Result) -> bytes:
    """The message with its length before it."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


def read_job(connection: socket.socket) -> Job:
    """The one job of a connection."""
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    return msgspec.msgpack.decode(_exactly(connection, length), type=Job)


def read_result(answer: bytes) -> Result | None:
    """The result in all that a worker sent; None where it died before it was through."""
    if len(answer) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(answer)
    if len(answer) != _LENGTH.size + length:
        return None
    return msgspec.msgpack.decode(answer[_LENGTH.size :], type=Result)


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        part = connection.recv(min(1 << 20, length - len(found)))
        if not part:
            raise EOFError("the connection ended inside a frame")
        found += part
    return bytes(found)
