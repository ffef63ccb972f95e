"""The request's body: read once, bounded, and only where its type is one we take."""

import asyncio
import re
from collections.abc import AsyncGenerator

from objectry_runtime.api.asgi import Headers, Receive
from objectry_runtime.problems import Problem

JSON_TYPES = {
    "POST": ("application/json",),
    "PUT": ("application/json",),
    "PATCH": ("application/json", "application/merge-patch+json"),
    "DELETE": ("application/json",),
}
BODY_SECONDS = 120.0  # a whole body takes no longer
DRAINED_BYTES_MAX = 64 * 1024 * 1024  # of a refused body, so that its sender gets to the answer
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]+)", re.IGNORECASE)


class ClientGone(Exception):
    """The client hung up before its request was whole: nobody is there to answer."""


async def read_body(
    receive: Receive, headers: Headers, bytes_max: int, *, seconds: float = BODY_SECONDS
) -> bytes:
    """The whole body; more than `bytes_max` is a 413, one that does not come a 408."""
    announced = headers.get("content-length", "")
    length = int(announced[:20]) if announced.isdigit() else 0
    # Who waits for a 100 Continue has sent nothing of it yet.
    asks_first = headers.get("expect", "").lower() == "100-continue"
    if length > DRAINED_BYTES_MAX or (length > bytes_max and asks_first):
        raise _too_large(bytes_max, "limits.body_bytes_max")
    try:
        async with asyncio.timeout(seconds):
            return await _read(receive, bytes_max)
    except TimeoutError:
        raise Problem(
            408,
            "body_timeout",
            "The body did not come.",
            f"The whole of it is waited for {seconds:g} seconds. Send the request again.",
            headers={"Connection": "close"},
        ) from None


async def _read(receive: Receive, bytes_max: int) -> bytes:
    chunks = [chunk async for chunk in body_pieces(receive, bytes_max)]
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def body_pieces(
    receive: Receive, bytes_max: int, setting: str = "limits.body_bytes_max"
) -> AsyncGenerator[bytes]:
    """The body as it comes; more than `bytes_max`, which `setting` says, is a 413."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        assert isinstance(chunk, bytes)
        size += len(chunk)
        more = bool(message.get("more_body", False))
        if size > bytes_max:
            # Who is still sending when the connection closes never sees the answer.
            if not more or size > max(bytes_max, DRAINED_BYTES_MAX):
                raise _too_large(bytes_max, setting)
            continue
        yield chunk
        if not more:
            return


def check_coding(headers: Headers) -> None:
    """Refuse a body that is compressed."""
    coding = headers.get("content-encoding", "identity").lower()
    if coding not in ("identity", ""):
        raise Problem(
            415,
            "unsupported_media_type",
            "The body has a type that is not taken here.",
            f'It says Content-Encoding "{coding}"; send it uncompressed.',
            headers={"Accept-Encoding": "identity"},
        )


def check_content_type(method: str, headers: Headers) -> None:
    """Refuse a body that does not say it is JSON in UTF-8, as it is."""
    check_coding(headers)
    given = headers.get("content-type", "")
    kind = given.partition(";")[0].strip().lower()
    wanted = JSON_TYPES[method]
    charset = _CHARSET.search(given)
    if kind in wanted and (charset is None or charset[1].lower() in ("utf-8", "utf8")):
        return
    shown = f'"{given}"' if given else "no Content-Type"
    raise Problem(
        415,
        "unsupported_media_type",
        "The body has a type that is not taken here.",
        f"The request says {shown}; send {' or '.join(wanted)} in UTF-8.",
        headers={"Accept-Patch" if method == "PATCH" else "Accept": ", ".join(wanted)},
    )


def _too_large(bytes_max: int, setting: str) -> Problem:
    return Problem(
        413,
        "body_too_large",
        "The body is too large.",
        f"At most {bytes_max} bytes are taken; the setting is {setting}.",
        headers={"Connection": "close"},
    )
