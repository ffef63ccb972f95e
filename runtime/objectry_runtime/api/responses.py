"""How an answer leaves: the headers that every response of ours bears, and HEAD without a body."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import msgspec

from objectry_runtime.api.asgi import Send
from objectry_runtime.api.encoding import compress, tagged
from objectry_runtime.api.problems import CONTENT_TYPE, render
from objectry_runtime.problems import Problem


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer; one with `pieces` is sent as they come, `length` bytes in all."""

    status: int
    body: bytes = b""
    pieces: AsyncGenerator[bytes] | None = None
    length: int = 0
    headers: Mapping[str, str] = {}
    content_type: str = "application/json"


# What a caller may see differs by caller, and is private: no cache in between keeps it.
COMMON: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"private, no-store"),
    (b"vary", b"Authorization, Accept, Accept-Encoding, Accept-Language"),
    (b"x-content-type-options", b"nosniff"),
)


def problem_response(problem: Problem, request_id: str) -> Response:
    """A problem as an answer; a 401 says how to authenticate."""
    headers = dict(problem.headers)
    if problem.status == 401:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="objectry"')
    return Response(
        status=problem.status,
        body=render(problem, request_id),
        headers=headers,
        content_type=CONTENT_TYPE,
    )


async def respond(
    send: Send,
    response: Response,
    request_id: str,
    *,
    head: bool = False,
    accept_encoding: str = "",
) -> None:
    """Send the answer, compressed where `accept_encoding` asks for it; to HEAD all but the body."""
    coding, body = "", response.body
    if accept_encoding and response.status < 300 and response.pieces is None:
        coding, body = await compress(body, accept_encoding)
    content_type = response.content_type
    headers = [*COMMON, (b"x-request-id", request_id.encode("latin-1"))]
    for name, value in response.headers.items():
        if name == "Content-Type":
            content_type = value  # the rooms below may name another than this one's; never both
            continue
        if coding and name == "ETag":
            value = tagged(value, coding)
        headers.append((name.lower().encode("latin-1"), value.encode("latin-1")))
    if response.status not in (204, 304):
        headers.append((b"content-type", content_type.encode("latin-1")))
        length = len(body) if response.pieces is None else response.length
        headers.append((b"content-length", b"%d" % length))
        if coding:
            headers.append((b"content-encoding", coding.encode("ascii")))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.pieces is not None and not head:
        async with aclosing(response.pieces) as pieces:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if head else body})
