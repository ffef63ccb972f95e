"""PostgreSQL is killed under load: what was acknowledged is there, and requests go on."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.executor import Bound, DatabaseUnavailable
from objectry_runtime.store.migrate import migrate
from tests.executors import new_executor

pytestmark = pytest.mark.anyio

KILLS = 3
WRITERS = 6


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(tmp_path / "state") as server:
        migrate(server.database())
        yield server


def kill(state: Path) -> None:
    os.kill(int((state / "pgdata" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)


async def test_acknowledged_writes_survive_kills_of_the_server(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    executor = new_executor(server.database().runtime_dsn, size=4)
    await executor.open()
    acknowledged: list[int] = []
    unknown: list[int] = []
    waits: list[float] = []
    done = asyncio.Event()
    numbers = iter(range(1_000_000))

    async def writer() -> None:
        while not done.is_set():
            number = next(numbers)
            began = time.monotonic()
            try:
                await executor.write(
                    [
                        Bound(
                            "insert into objectry.series values (1, 'test', $1, 1)", (str(number),)
                        ),
                        Bound("select pg_sleep(0.001)"),
                    ]
                )
            except DatabaseUnavailable:
                unknown.append(number)
            else:
                acknowledged.append(number)
            waits.append(time.monotonic() - began)

    writers = [asyncio.create_task(writer()) for _ in range(WRITERS)]
    for _ in range(KILLS):
        goal = len(acknowledged) + 100
        while len(acknowledged) < goal:
            assert not any(task.done() for task in writers)
            await asyncio.sleep(0.01)
        kill(tmp_path / "state")
    goal = len(acknowledged) + 100
    while len(acknowledged) < goal:
        await asyncio.sleep(0.01)
    done.set()
    await asyncio.gather(*writers)
    rows = await executor.read(Bound("select key from objectry.series"))
    there = {int(key or b"") for (key,) in rows}
    await executor.close()
    assert (set(), set()) == (set(acknowledged) - there, there - {*acknowledged, *unknown})
    assert unknown
    assert max(waits) < 10
