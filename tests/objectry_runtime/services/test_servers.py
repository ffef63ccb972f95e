"""The HTTP servers: each starts, answers, refuses and stops in the same order, on either loop."""

import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from objectry_runtime.services.known_settings import SETTINGS
from objectry_runtime.services.server import SERVERS
from tests.server import clean_environment

ROOT = Path(__file__).parents[3]
SERVED = Path(__file__).with_name("served.py")
HEAD_BYTES_MAX = 64 * 1024

both = pytest.mark.parametrize("server", SERVERS)
loops = pytest.mark.parametrize("loop", ["uvloop", "plain"])


class Process:
    """The served app."""

    def __init__(self, server: str, loop: str = "uvloop", start: str = "starts") -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SERVED), server, loop, start],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=clean_environment(),
        )
        self.port = int(self.line())
        self.url = f"http://127.0.0.1:{self.port}"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def rest(self) -> list[str]:
        """What it still says, to its end."""
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return out.split("\n")[:-1]


@contextmanager
def served(server: str, loop: str = "uvloop", start: str = "starts") -> Generator[Process]:
    process = Process(server, loop, start)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.process.kill()
        process.process.communicate()


def answer_to(port: int, *parts: bytes) -> bytes:
    """What a connection answers to these bytes, until it is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        answer = b""
        try:
            for part in parts:
                connection.sendall(part)
        except OSError:
            pass  # refused before all of it was sent; the answer is what counts
        try:
            while more := connection.recv(65536):
                answer += more
        except ConnectionResetError:
            pass
        return answer


def test_the_setting_takes_every_server() -> None:
    """What can be named is what there is."""
    assert SERVERS == SETTINGS["server"].choices


@both
@loops
def test_a_request_under_way_is_answered_before_the_app_shuts_down(server: str, loop: str) -> None:
    """SIGTERM: ready was said once, the slow request gets its answer, then the app is closed."""
    with served(server, loop) as process:
        assert process.line() == "ready"
        with socket.create_connection(("127.0.0.1", process.port), timeout=30) as connection:
            connection.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert process.line() == "slow"
            process.process.send_signal(signal.SIGTERM)
            answer = b""
            while more := connection.recv(65536):
                answer += more

        assert answer.startswith(b"HTTP/1.1 200")
        assert ["shut down", "ended True"] == process.rest()


@both
def test_a_start_that_fails_is_told(server: str) -> None:
    """An app that can't start was never ready, and its server ends by itself."""
    with served(server, start="fails") as process:
        assert ["ended False"] == process.rest()


@both
def test_bodies_pass_whole_and_addresses_raw(server: str) -> None:
    """Long bodies come and go unchanged on one connection; the address keeps its escapes."""
    body = bytes(range(256)) * 8192
    with served(server) as process, httpx.Client(base_url=process.url, timeout=60) as client:
        echoes = [client.post("/echo", content=body).content for _ in range(3)]
        scope = client.get("/scope?a=%2F&b").content

    assert [body, body, body] == echoes
    assert b"(b'/scope', b'a=%2F&b', '/scope')" == scope


@both
def test_what_is_no_http_is_refused(server: str) -> None:
    """Both answer 400 and close; uvicorn's refusal is a problem document."""
    with served(server) as process:
        answer = answer_to(process.port, b"BREW\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400")
    assert (server == "uvicorn") == (b"application/problem+json" in answer)


@both
@pytest.mark.parametrize("pieces", [1, 40])
def test_a_head_that_is_too_large_is_refused(server: str, pieces: int) -> None:
    """431, whether it comes at once or bit by bit."""
    head = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-long: "
    head += b"a" * (2 * HEAD_BYTES_MAX) + b"\r\n\r\n"
    size = len(head) // pieces + 1
    with served(server) as process:
        parts = [head[start : start + size] for start in range(0, len(head), size)]
        answer = answer_to(process.port, *parts)

    assert answer.startswith(b"HTTP/1.1 431")


def test_a_short_head_before_a_long_body_passes() -> None:
    """Only the head counts, also where the body comes with it."""
    body = b"x" * (4 * HEAD_BYTES_MAX)
    head = b"POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
    with served("uvicorn") as process:
        answer = answer_to(process.port, head % len(body) + body)

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(body)


@both
@pytest.mark.parametrize("framing", ["length", "chunked", "none"])
@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_who_asks_for_another_protocol_is_answered_in_this_one(
    server: str, framing: str, protocol: str
) -> None:
    """The body comes whole and is never read as a request, wherever it is cut (as Java's client
    and `curl --http2` send it); the next request on the connection is answered as well.
    """
    inner = b"GET /scope?inner HTTP/1.1\r\nhost: x\r\n\r\n"
    frame, body, echoed = {
        "length": (b"content-length: %d\r\n" % len(inner), inner, inner),
        "chunked": (
            b"transfer-encoding: chunked\r\n",
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(inner), inner),
            inner,
        ),
        "none": (b"", b"", b""),
    }[framing]
    asks = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: %b\r\nhttp2-settings: AAMAAABk\r\n"
    head = b"POST /echo HTTP/1.1\r\nhost: x\r\n" + asks % protocol.encode() + frame + b"\r\n"
    last = b"POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4\r\n\r\nlast"
    whole = (head + body) * 2 + last
    with served(server) as process:
        for size in (len(whole), len(head), 5):
            parts = [whole[start : start + size] for start in range(0, len(whole), size)]
            answer = answer_to(process.port, *parts)
            assert answer.count(b"x-own: 1") == 3
            assert answer.endswith(b"last")
            assert not echoed or answer.count(echoed) == 2


@both
def test_a_trailer_is_no_header(server: str) -> None:
    """What comes behind a body can't name the caller or set a condition."""
    head = (
        b"POST /headers HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n"
    )
    body = b"\r\n2\r\n{}\r\n0\r\nauthorization: Bearer other\r\nif-match: *\r\n\r\n"
    with served(server) as process:
        answer = answer_to(process.port, head + body)

    assert answer.startswith(b"HTTP/1.1 200")
    assert b"b'host'" in answer
    assert b"authorization" not in answer
    assert b"if-match" not in answer


@both
@pytest.mark.parametrize("chunk", [b"-2\r\n{}", b"2\r\n{}XX0\r\n\r\n", b"10000000000000002\r\n{}"])
def test_a_body_in_wrong_chunks_is_the_clients_fault(server: str, chunk: bytes) -> None:
    """400, and the connection is closed: nothing behind it is read as a request."""
    head = b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    with served(server) as process:
        answer = answer_to(process.port, head + chunk + b"GET /scope HTTP/1.1\r\nhost: x\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"HTTP/1.1 200" not in answer
