"""The event loop: nobody waits for a socket whose other end is gone."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import psycopg
import pytest

from objectry_runtime.services.loop import Loop
from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.executor import Bound, DatabaseUnavailable, Executor
from objectry_runtime.store.kinds import EXECUTORS


def run(main: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await main()

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(bounded())


@pytest.mark.parametrize("farewell", [b"", b"bye"])
def test_a_reader_hears_that_the_other_end_left_with_bytes_unread(farewell: bytes) -> None:
    """The end is told, after whatever came before it, though the kernel reports an error."""
    heard: list[bytes] = []

    async def main() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        ended = loop.create_future()

        def readable() -> None:
            try:
                data = ours.recv(100)
            except ConnectionResetError:
                return
            if data:
                heard.append(data)
            elif not ended.done():
                ended.set_result(None)

        loop.add_reader(ours, readable)
        ours.send(b"never read")
        theirs.send(farewell)
        theirs.close()
        await ended
        loop.remove_reader(ours)
        ours.close()

    run(main)
    assert heard == [farewell] * bool(farewell)


def test_a_reader_that_is_gone_is_not_called() -> None:
    """What was removed stays removed when its socket hangs up afterwards."""
    called: list[None] = []

    async def main() -> None:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        loop.add_reader(ours, called.append, None)
        loop.remove_reader(ours)
        theirs.close()
        await asyncio.sleep(0.3)  # the loop looks every 0.1 s
        ours.close()

    run(main)
    assert called == []


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL whose backends may be killed."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("mortal")) as server:
        yield server.dsn("postgres")


@pytest.mark.parametrize("lane", ["write", "read", "transaction"])
@pytest.mark.parametrize("kind", EXECUTORS)
def test_a_backend_that_dies_before_it_reads_is_noticed(kind: str, lane: str, mortal: str) -> None:
    """A request sent to a backend that is held up and then killed is told, and does not hang."""

    async def main() -> None:
        executor = EXECUTORS[kind](mortal, size=6)
        await executor.open()
        try:
            await _warm(executor, lane)
            held = _backends(mortal)
            for pid in held:
                os.kill(pid, signal.SIGSTOP)
            asking = asyncio.create_task(_ask(executor, lane))
            await asyncio.sleep(0.3)  # until it has been sent
            for pid in held:
                os.kill(pid, signal.SIGKILL)
            with suppress(DatabaseUnavailable):
                await asking
        finally:
            await executor.close()
            await asyncio.to_thread(_recovered, mortal)  # a stop in between takes PostgreSQL long

    run(main)


async def _warm(executor: Executor, lane: str) -> None:
    for _ in range(3):
        await _ask(executor, lane)


async def _ask(executor: Executor, lane: str) -> None:
    statement = Bound("select 1")
    if lane == "read":
        await executor.read(statement)
    elif lane == "write":
        await executor.write([statement])
    else:
        async with executor.transaction() as transaction:
            await transaction.run(statement)


def _recovered(dsn: str) -> None:
    while True:
        with suppress(psycopg.OperationalError), psycopg.connect(dsn):
            return
        time.sleep(0.1)  # polling a server that recovers


def _backends(dsn: str) -> list[int]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(
            "select pid from pg_stat_activity where backend_type = 'client backend'"
            " and pid <> pg_backend_pid()"
        ).fetchall()
    return [row[0] for row in rows]
