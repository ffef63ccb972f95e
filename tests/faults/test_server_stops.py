"""PostgreSQL is stopped and started under load, in order and not: requests wait, or are told."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.migrate import migrate
from tests.faults.books import UNAVAILABLE
from tests.faults.world import World, entered, lay_tables
from tests.replication import PgServer

pytestmark = pytest.mark.anyio

STOPS = int(os.environ.get("OBJECTRY_FAULT_STOPS", "1"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PgServer]:
    """A server of these tests' own."""
    with PgServer.primary(tmp_path_factory.mktemp("stops")) as server:
        migrate(Database.of(server.address()))
        lay_tables(Database.of(server.address()))
        yield server


class Load:
    """Clients that write and read until told to stop, and what they were told."""

    def __init__(self, world: World) -> None:
        self.told: list[str] = []
        self._done = asyncio.Event()
        self._world = world
        self._clients = [asyncio.create_task(self._client(number)) for number in range(12)]

    async def _client(self, number: int) -> None:
        while not self._done.is_set():
            contended = f"series {number % 2}" if number % 3 == 0 else ""
            self.told.append(await self._world.write(contended=contended))
            self.told.append(await self._world.read())
            await asyncio.sleep(0.002)

    async def hears(self, words: str, times: int = 100) -> None:
        """Wait until clients were told this so many times more."""
        goal = self.told.count(words) + times
        while self.told.count(words) < goal:
            assert not any(client.done() for client in self._clients)
            await asyncio.sleep(0.005)

    async def end(self) -> None:
        """Let each client finish what it asked."""
        self._done.set()
        await asyncio.gather(*self._clients)
        assert set(self.told) <= {"", UNAVAILABLE}


@pytest.mark.seconds(60 * STOPS + 60)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_a_server_that_stops_and_starts_under_load(
    kind: str, server: PgServer, how: signal.Signals
) -> None:
    """Clients are told that it is away while it is, and served again when it is back."""
    async with entered(kind, Database.of(server.address()), pool_timeout=0.5) as world:
        load = Load(world)
        for _ in range(STOPS):
            await load.hears("")
            await asyncio.to_thread(server.stop, how)
            await load.hears(UNAVAILABLE, 24)
            await asyncio.to_thread(server.start)
            await load.hears("")
        await load.end()
        world.look_again()
        await world.recovered()


async def test_a_short_absence_is_waited_out(kind: str, server: PgServer) -> None:
    """What is asked while the server is away is answered once it is back."""
    async with entered(kind, Database.of(server.address()), pool_timeout=30) as world:
        await world.warm()
        await asyncio.to_thread(server.stop, signal.SIGINT)
        await asyncio.sleep(0.1)  # the executor hears of it
        asked = asyncio.gather(
            *(world.write() for _ in range(5)), *(world.read() for _ in range(5))
        )
        await asyncio.sleep(0.2)
        await asyncio.to_thread(server.start)
        assert [""] * 10 == await asked
        world.look_again()
        await world.recovered()


async def test_backends_of_a_server_that_hangs_are_given_up(kind: str, server: PgServer) -> None:
    """Every process is stopped in its tracks: requests are told; afterwards all goes on."""
    database = Database.of(server.address())
    async with entered(kind, database, pool_timeout=1, statement_timeout=0.5) as world:
        await world.warm()
        server.signal(signal.SIGSTOP)
        try:
            told = await asyncio.gather(
                *(world.write() for _ in range(10)),
                *(world.write(contended="series") for _ in range(5)),
                *(world.read() for _ in range(10)),
            )
        finally:
            server.signal(signal.SIGCONT)
        assert {UNAVAILABLE} == set(told)
        await world.recovered()
