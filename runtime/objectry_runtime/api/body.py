"""The request's body: read once, bounded, and only where its type is one we take."""

import re

from objectry_runtime.api.asgi import Headers, Receive
from objectry_runtime.problems import Problem

JSON_TYPES = {
    "POST": ("application/json",),
    "PUT": ("application/json",),
    "PATCH": ("application/json", "application/merge-patch+json"),
    "DELETE": ("application/json",),
}
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]+)", re.IGNORECASE)


class ClientGone(Exception):
    """The client hung up before its request was whole: nobody is there to answer."""


async def read_body(receive: Receive, headers: Headers, bytes_max: int) -> bytes:
    """The whole body; more than `bytes_max` is a 413, announced or not."""
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced[:20]) > bytes_max:
        raise _too_large(bytes_max)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        assert isinstance(chunk, bytes)
        size += len(chunk)
        if size > bytes_max:
            raise _too_large(bytes_max)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def check_content_type(method: str, headers: Headers) -> None:
    """Refuse a body that does not say it is JSON in UTF-8."""
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


def _too_large(bytes_max: int) -> Problem:
    return Problem(
        413,
        "body_too_large",
        "The body is too large.",
        f"At most {bytes_max} bytes are taken; the setting is limits.body_bytes_max.",
        headers={"Connection": "close"},
    )
