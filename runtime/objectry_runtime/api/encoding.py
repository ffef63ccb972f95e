"""Answers compressed: by zstd or gzip, where the client takes it and the body is worth it.

Credentials come in a header that no foreign page can make a browser send, and problems, which say
again what was sent, stay as they are. Decision 0072 says what that leaves of BREACH.
"""

import asyncio
import sys
import zlib
from collections.abc import Iterable
from functools import lru_cache
from typing import cast

from objectry_runtime.api.asgi import Message, Send

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BYTES_MIN = 1400  # less fits into one packet either way
LOOP_BYTES_MAX = 128 * 1024  # more is compressed by a thread: others are served meanwhile
ACCEPT_LENGTH_MAX = 200
# Measured on pages of orders: zstd 1 is smaller than gzip 6 and four times as fast; higher levels
# of either cost far more than they save.
ZSTD_LEVEL, GZIP_LEVEL = 1, 1
CODINGS = ("zstd", "gzip")  # the first wins where the client has no preference


async def compress(body: bytes, accept_encoding: str) -> tuple[str, bytes]:
    """The coding to name and the body in it; empty and the body as it is where that is best."""
    if len(body) < BYTES_MIN or len(accept_encoding) > ACCEPT_LENGTH_MAX:
        return "", body
    coding = choose(accept_encoding)
    if not coding:
        return "", body
    run = _gzip if coding == "gzip" else _zstd
    if len(body) > LOOP_BYTES_MAX:
        return coding, await asyncio.to_thread(run, body)
    return coding, run(body)


@lru_cache(maxsize=256)
def choose(accept_encoding: str) -> str:
    """The coding an `Accept-Encoding` asks for among ours (RFC 9110 12.5.3), or empty."""
    wishes = dict(_wish(part) for part in accept_encoding.split(","))
    others = wishes.get("*", 0.0)
    plain = wishes.get("identity", 0.0)
    weights = {coding: wishes.get(coding, others) for coding in CODINGS}
    best = max(CODINGS, key=lambda coding: weights[coding])
    return best if weights[best] > 0 and weights[best] >= plain else ""


def tagged(etag: str, coding: str) -> str:
    """The ETag of an answer in a coding: other bytes are another representation."""
    return f'{etag[:-1]}-{coding}"'


def compressing(send: Send, accept_encoding: str) -> Send:
    """A `send` that compresses an answer whose body comes in one piece."""
    held: Message | None = None

    async def sending(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start":
            held = message
            return
        if held is not None:
            start, held = held, None
            body = message.get("body", b"")
            if start["status"] == 200 and isinstance(body, bytes) and not message.get("more_body"):
                coding, shorter = await compress(body, accept_encoding)
                if coding:
                    start = {**start, "headers": _in_coding(start["headers"], coding, len(shorter))}
                    message = {**message, "body": shorter}
            await send(start)
        await send(message)

    return sending


def _in_coding(headers: object, coding: str, length: int) -> list[tuple[bytes, bytes]]:
    pairs = cast("Iterable[tuple[bytes, bytes]]", headers)  # ASGI says so
    kept = [(name, value) for name, value in pairs if name.lower() != b"content-length"]
    return [
        *kept,
        (b"content-encoding", coding.encode("ascii")),
        (b"content-length", b"%d" % length),
    ]


def _wish(part: str) -> tuple[str, float]:
    name, _, parameters = part.partition(";")
    key, _, text = parameters.strip().partition("=")
    try:
        weight = float(text) if key.strip().lower() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return name.strip().lower(), weight if 0.0 <= weight <= 1.0 else 0.0


def _zstd(body: bytes) -> bytes:
    return zstd.compress(body, ZSTD_LEVEL)


def _gzip(body: bytes) -> bytes:
    # Without gzip's own module, which would write the time: the same answer is the same bytes.
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return compressor.compress(body) + compressor.flush()
