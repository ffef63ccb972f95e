"""Connections that break half-way, at every part of what is asked and of what is answered.

`OBJECTRY_FAULT_STEP`: bytes between one cut and the next (`make long`: 1).
"""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable
from tests.faults.books import UNAVAILABLE
from tests.faults.proxy import Fault, How, Proxy, Way
from tests.faults.world import SIZE, World, entered, server_of, until

pytestmark = pytest.mark.anyio

STEP = int(os.environ.get("OBJECTRY_FAULT_STEP", "41"))
SECONDS = 60 + 2000 // STEP


@pytest.fixture
async def proxy(server_dsn: str) -> AsyncIterator[Proxy]:
    async with Proxy(server_of(server_dsn)) as proxy:
        yield proxy


@pytest.fixture
async def behind(kind: str, fault_database: Database, proxy: Proxy) -> AsyncIterator[World]:
    """A world whose executor reaches the server through the proxy."""
    dsn = proxy.dsn(fault_database.runtime_dsn)
    async with entered(kind, fault_database, dsn, pool_timeout=20) as world:
        await world.warm()
        yield world


async def size_of(world: World, proxy: Proxy, contended: str) -> dict[Way, int]:
    """How many bytes a write of one token sends and gets."""
    await until(lambda: world.write(contended=contended))
    await proxy.quiet()
    proxy.arm(None)
    assert "" == await world.write(contended=contended)
    return dict(proxy.passed)


@pytest.mark.seconds(SECONDS)
@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("contended", ["", "series"])
@pytest.mark.parametrize("way", ["request", "response"])
async def test_a_write_cut_at_any_byte_is_kept_or_unknown(
    behind: World, proxy: Proxy, way: Way, how: How, contended: str
) -> None:
    """Before all of the answer came it is unavailable; reads beside it are answered."""
    size = (await size_of(behind, proxy, contended))[way]
    assert size > 20
    for after in range(0, size + 1, STEP):
        await until(lambda: behind.write(contended=contended))
        await proxy.quiet()
        proxy.arm(Fault(way=way, after=after, how=how))
        told = await behind.write(contended=contended)
        if way == "response" and after < size - 6:
            assert UNAVAILABLE == told, f"answered after {after} of {size} bytes"
        proxy.arm(None)
        assert "" == await behind.read()
    await behind.recovered()


@pytest.mark.seconds(SECONDS)
@pytest.mark.parametrize("way", ["request", "response"])
async def test_reads_cut_at_any_byte_are_answered_all_the_same(
    behind: World, proxy: Proxy, way: Way
) -> None:
    """All that shared the connection, each its own answer: they are sent again."""
    for after in range(0, 1200, 3 * STEP):
        proxy.arm(Fault(way=way, after=after, how="reset" if after % 2 else "close"))
        told = await asyncio.gather(*(behind.read() for _ in range(8)))
        assert [""] * 8 == told
        proxy.arm(None)
    await behind.recovered()


async def test_units_that_wait_behind_a_cut_are_kept_or_unknown(
    behind: World, proxy: Proxy
) -> None:
    """Many at once, contended and not, over a connection that breaks among them."""
    for round_ in range(12):
        way: Way = "request" if round_ % 2 else "response"
        proxy.arm(Fault(way=way, after=97 * round_, how="reset" if round_ % 3 else "close"))
        told = await asyncio.gather(
            *(behind.write(contended=f"series {number % 3}" * (number % 2)) for number in range(40))
        )
        assert set(told) <= {"", UNAVAILABLE}
        assert told.count("") > 0
    await behind.recovered()


async def test_everything_cut_at_once_again_and_again(behind: World, proxy: Proxy) -> None:
    """Requests are answered or unavailable meanwhile; the executor comes back each time."""
    told: list[str] = []

    async def client(number: int) -> None:
        for _ in range(30):
            told.append(await behind.write(contended="series" if number % 3 == 0 else ""))
            told.append(await behind.read())
            await asyncio.sleep(0)

    clients = asyncio.gather(*(client(number) for number in range(10)))
    for how in ("reset", "close", "reset", "reset", "close"):
        await asyncio.sleep(0.05)
        proxy.cut_all(how)
    await clients
    assert set(told) <= {"", UNAVAILABLE}
    await behind.recovered()


async def test_a_server_that_can_not_be_reached_is_told_and_found_again(
    kind: str, fault_database: Database, proxy: Proxy
) -> None:
    dsn = proxy.dsn(fault_database.runtime_dsn)
    async with entered(kind, fault_database, dsn, pool_timeout=0.5) as world:
        await world.warm()
        proxy.refuse = True
        proxy.cut_all()
        while UNAVAILABLE != await world.write():
            await asyncio.sleep(0.01)
        told = await asyncio.gather(
            *(world.write() for _ in range(10)), *(world.read() for _ in range(10))
        )
        assert {UNAVAILABLE} == set(told)
        with pytest.raises(DatabaseUnavailable):
            async with world.executor.transaction():
                pass
        proxy.refuse = False
        await world.recovered()


@pytest.mark.parametrize("lane", ["read", "write", "contended", "transaction"])
async def test_a_connection_that_fell_silent_is_given_up(
    kind: str, fault_database: Database, proxy: Proxy, lane: str
) -> None:
    """Half-open: nobody says good-bye, nothing comes. The request is told; others go on."""
    dsn = proxy.dsn(fault_database.runtime_dsn)
    async with entered(kind, fault_database, dsn, statement_timeout=0.5, pool_timeout=5) as world:
        await world.warm()

        async def send() -> str:
            match lane:
                case "read":
                    return await world.read()
                case "transaction":
                    try:
                        async with world.executor.transaction() as transaction:
                            await transaction.run(Bound("select 1"))
                    except (DatabaseUnavailable, DatabaseError):
                        return UNAVAILABLE
                    return ""
                case _:
                    return await world.write(contended="x" * (lane == "contended"))

        proxy.arm(Fault(way="response", after=0, how="stall"))
        told = await send()
        assert told in ({"", UNAVAILABLE} if lane == "read" else {UNAVAILABLE})
        assert proxy.fault is None, "nothing was sent"
        await world.recovered()


async def test_a_slow_network_changes_nothing_but_the_pace(behind: World, proxy: Proxy) -> None:
    proxy.delay = 0.01
    told = await asyncio.gather(
        *(behind.write() for _ in range(30)),
        *(behind.write(contended="series") for _ in range(10)),
        *(behind.read() for _ in range(60)),
    )
    proxy.delay = 0
    assert [""] * 100 == told
    assert len(behind.backends()) <= SIZE
