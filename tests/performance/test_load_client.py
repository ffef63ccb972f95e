"""The load client against servers that do what servers do to a client."""

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import pytest

from tests.performance.bench.job import Job, Load
from tests.performance.bench.load import Refused, run_load

Answer = Callable[[socket.socket, int], None]
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n0123456789"


@contextmanager
def serving(answer: Answer) -> Generator[tuple[int, list[bytes]]]:
    """A server of 16-byte requests; yields its port and the requests it got so far."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):  # the client may hang up on us
                while request := connection.recv(16, socket.MSG_WAITALL):
                    got.append(request)
                    answer(connection, len(got))

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], got
        listener.shutdown(socket.SHUT_RDWR)


def well(connection: socket.socket, _: int) -> None:
    """As it should be."""
    connection.sendall(GOOD)


def not_at_all(connection: socket.socket, _: int) -> None:
    """Hang up."""
    connection.shutdown(socket.SHUT_RDWR)


def too_long(connection: socket.socket, _: int) -> None:
    """More than was announced."""
    connection.sendall(GOOD + b"more")


def without_length(connection: socket.socket, _: int) -> None:
    """Nobody knows where it ends."""
    connection.sendall(GOOD.replace(b"-Length", b"-Size"))


def run(port: int, requests: list[bytes], *, clients: int = 2, once: bool = False) -> Load:
    """A short run without a warm-up."""
    job = Job(
        host="127.0.0.1",
        port=port,
        requests=requests,
        clients=clients,
        warm_up=0,
        seconds=0.2,
        once=once,
    )
    return run_load(job, lambda: None, lambda: None)


def numbered(count: int) -> list[bytes]:
    """Requests of 16 bytes, each another."""
    return [f"request {number:08}".encode() for number in range(count)]


def test_every_answer_is_counted() -> None:
    """What the client says it sent is what the server got, and all of it was answered."""
    with serving(well) as (port, got):
        load = run(port, numbered(3), clients=16)
    assert load.sent_in_all == len(got)
    assert 0 < load.requests <= load.sent_in_all
    assert 0 < load.p50 <= load.p99


def test_an_answer_may_come_in_pieces() -> None:
    """Head and body are cut anywhere; the request ends with the last byte."""

    def answer(connection: socket.socket, number: int) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in (GOOD[: number % 40], GOOD[number % 40 : 65], GOOD[65:]):
            connection.sendall(piece)

    with serving(answer) as (port, got):
        load = run(port, numbered(3))
    assert load.sent_in_all == len(got)
    assert load.requests > 0


def test_what_is_to_be_sent_once_is_sent_once() -> None:
    """The run ends when nothing is left, and every request arrived."""
    with serving(well) as (port, got):
        load = run(port, numbered(50), once=True)
    assert sorted(got) == numbered(50)
    assert load.requests == 50


def test_one_refusal_spoils_the_run() -> None:
    """An answer that is no 2xx among good ones is told with its text."""
    refusal = b"HTTP/1.1 503 Away\r\ncontent-length: 4\r\n\r\naway"

    def answer(connection: socket.socket, number: int) -> None:
        connection.sendall(refusal if number == 3 else GOOD)

    with serving(answer) as (port, _), pytest.raises(Refused, match=r"1 of \d+ were refused.*Away"):
        run(port, numbered(3))


@pytest.mark.parametrize("answer", [not_at_all, too_long, without_length])
def test_what_is_no_answer_fails_the_run(answer: Answer) -> None:
    """A lost connection and an answer without a right length are never measured."""
    with serving(answer) as (port, _), pytest.raises(RuntimeError, match="load client failed"):
        run(port, numbered(3))
