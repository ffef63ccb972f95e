"""Requests that are no requests, and those that never end: each gets an answer, and an end."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn

from objectry_runtime.api.asgi import Message, Receive, Scope, Send, read_headers
from objectry_runtime.api.body import ClientGone, read_body
from objectry_runtime.problems import Problem
from objectry_runtime.services import protocol
from objectry_runtime.services.protocol import HEAD_BYTES_MAX, StrictProtocol

pytestmark = pytest.mark.anyio

HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"


async def reading_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads its body as the record API does, and answers with a status alone."""
    status = 204
    if scope["path"] == "/slow":
        await asyncio.sleep(0.02)
    try:
        await read_body(receive, read_headers(scope), 1000)
    except Problem as problem:
        status = problem.status
    except ClientGone:
        return
    closing = [] if scope["path"] == "/slow" else [(b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": closing})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(
        reading_app, port=0, http=StrictProtocol, lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.001)
    yield int(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    await serving


async def sent(port: int, *parts: bytes) -> bytes:
    """What a connection answers to these bytes, until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"BREW / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET relative HTTP/1.1\r\nhost: x\r\n\r\n",
        HEAD + b"content-length: -3\r\n\r\n",
        HEAD + b"content-length: 3\r\ncontent-length: 2\r\n\r\n{} ",
        HEAD + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"x-name: a\x00b\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_with_a_problem(port: int, request_bytes: bytes) -> None:
    answer = await sent(port, request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b'"code":"bad_request"' in answer


async def test_a_head_without_end_is_cut_off(port: int) -> None:
    endless = [b"GET / HTTP/1.1\r\nx-name: ", *[b"a" * 16_384] * (HEAD_BYTES_MAX // 16_384 + 40)]
    answer = await sent(port, *endless)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"head_too_large"' in answer


CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
PIECES = HEAD_BYTES_MAX // 16_384 + 40


@pytest.mark.parametrize(
    "parts",
    [
        [CHUNKED, b"2\r\n{}\r\n0\r\n", *[b"x-name: aaaaaa\r\n" * 1024] * PIECES],
        [CHUNKED, b"2\r\n{}\r\n0\r\nx-name: ", *[b"a" * 16_384] * PIECES],
        [CHUNKED, b"2;name=", *[b"a" * 16_384] * PIECES],
        [HEAD, *[b"x-name: aaaaaa\r\n" * 1024] * PIECES],
        [b"GET /", *[b"a" * 16_384] * PIECES],
    ],
    ids=["trailers", "trailer", "chunk extension", "headers", "address"],
)
async def test_what_grows_without_end_and_means_nothing_is_cut_off(
    port: int, parts: list[bytes]
) -> None:
    """Nothing but a body may be long: all else would stay in memory as long as it comes."""
    answer = await sent(port, *parts)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b'"code":"head_too_large"' in answer


@pytest.mark.parametrize(
    ("parts", "start"),
    [
        ([], b""),
        ([b"GET / HTTP/1.1\r\nhos"], b"HTTP/1.1 408 "),
        ([b"GET / HTTP/1.1\r\nhost: x\r\n"], b"HTTP/1.1 408 "),
    ],
)
async def test_a_head_that_does_not_come_is_not_waited_for_for_ever(
    port: int, monkeypatch: pytest.MonkeyPatch, parts: list[bytes], start: bytes
) -> None:
    """Connections are few; who says nothing must not hold one."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    answer = await sent(port, *parts)
    assert answer.startswith(start)
    assert (b'"code":"head_timeout"' in answer) == (start != b"")


async def test_who_began_in_time_may_take_time_for_the_body(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The head's time ends with the head."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HEAD + b"content-length: 2\r\n\r\n{")
    await asyncio.sleep(0.2)  # longer than a head may take
    writer.write(b"}")
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 204 ")


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"use_uvloop": True})])
async def test_who_hangs_up_on_pipelined_requests_is_no_error_of_ours(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A reset while several are under way ends them all, without a traceback in the log."""
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write((b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n") * 5)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.transport.abort()
    await asyncio.sleep(0.2)
    answer = await sent(port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_head_that_comes_with_the_end_of_a_long_body_is_not_long(port: int) -> None:
    """Pipelined: what came before a head is no part of it."""
    body = b"x" * 200_000
    first = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    answer = await sent(port, first + body + b"GET / HTTP/1.1\r\nho", b"st: x\r\n\r\n")
    assert b"HTTP/1.1 431 " not in answer


async def test_who_sends_far_too_much_still_gets_the_answer(port: int) -> None:
    body = b"x" * 20_000_000
    answer = await sent(port, HEAD + b"content-length: %d\r\n\r\n" % len(body), body)
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_who_asks_before_sending_is_told_at_once(port: int) -> None:
    answer = await sent(port, HEAD + b"content-length: 20000\r\nexpect: 100-continue\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_does_not_come_is_not_waited_for_for_ever() -> None:
    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Problem) as refused:
        await read_body(never, {"content-length": "5"}, 1000, seconds=0.01)
    assert (408, "body_timeout") == (refused.value.status, refused.value.code)
