"""Backends that are terminated or told to stop lose what was under way on them, and no more."""

import asyncio
import random
import time

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseUnavailable
from tests.faults.books import UNAVAILABLE, put
from tests.faults.world import LANES, SIZE, World, entered

pytestmark = pytest.mark.anyio

NAP = Bound("select pg_sleep(0.002)")
LONG = Bound("select pg_sleep(30)")


@pytest.mark.parametrize("contended", ["", "series"])
async def test_a_unit_whose_backend_is_terminated_is_unknown_and_not_sent_again(
    world: World, contended: str
) -> None:
    """Those that waited behind it, at the same name too, are kept."""
    await world.warm()
    first = asyncio.create_task(world.write(then=[LONG], contended=contended))
    pids = await world.running("pg_sleep")
    behind = [asyncio.create_task(world.write(contended=contended)) for _ in range(20)]
    await asyncio.sleep(0)
    world.terminate(pids)
    assert UNAVAILABLE == await first
    assert [""] * 20 == await asyncio.gather(*behind)
    await world.recovered()


async def test_reads_whose_backends_are_terminated_are_answered(world: World) -> None:
    slow = Bound("select 'late' from pg_sleep(0.4)")
    requests = [
        asyncio.create_task(world.books.ask(world.executor, slow, "late")) for _ in range(2)
    ]
    world.terminate(await world.running("pg_sleep"))
    assert ["", ""] == await asyncio.gather(*requests)


async def test_a_transaction_whose_backend_is_terminated_says_so(world: World) -> None:
    token = world.books.token()

    async def request() -> None:
        async with world.executor.transaction() as transaction:
            await transaction.run(put(token))
            [(pid,)] = await transaction.run(Bound("select pg_backend_pid()"))
            world.terminate([int(pid or b"")])
            await transaction.run(Bound("select 1"))

    with pytest.raises(DatabaseUnavailable):
        await request()
    world.books.absent.add(token)
    await world.recovered()


def terminate_idle(world: World) -> None:
    """End all backends and let the connections find out, while the loop stands still."""
    killed = world.backends()
    assert world.terminate(killed) > 0
    while set(killed) & set(world.backends()):
        time.sleep(0.005)  # until the server has let go of them
    time.sleep(0.05)


async def test_connections_that_died_while_idle_fail_no_request(world: World) -> None:
    """As after a restart of PostgreSQL, even when the loop had no turn to hear of it."""
    await world.warm()
    terminate_idle(world)
    told = await asyncio.gather(
        *(world.write() for _ in range(10)),
        *(world.read() for _ in range(10)),
        *(world.write(contended="series") for _ in range(10)),
    )
    assert [""] * 30 == told


async def test_connections_that_die_while_a_write_is_about_to_be_sent(world: World) -> None:
    """What was not sent yet goes elsewhere. (The pool sends within the same turn of the loop.)"""
    await world.warm()
    writes = [asyncio.create_task(world.write()) for _ in range(3)]
    asyncio.get_running_loop().call_soon(terminate_idle, world)
    told = await asyncio.gather(*writes)
    assert set(told) <= ({"", UNAVAILABLE} if world.kind == "pool" else {""})
    await world.recovered()


@pytest.mark.parametrize("how", ["pg_terminate_backend", "pg_cancel_backend"])
async def test_a_storm_of_kills_loses_nothing_that_was_acknowledged(
    kind: str, fault_database: Database, how: str
) -> None:
    """Writes, contended writes, reads and transactions while backends die all the time."""
    chance = random.Random(20261122)
    async with entered(kind, fault_database) as world:
        told: list[str] = []
        done = asyncio.Event()

        def hits() -> int:
            return len(told) - told.count("")

        async def client(number: int) -> None:
            while len(told) < 1000 or hits() < 3:
                contended = f"series {number % 3}" if number % 2 else ""
                told.append(await world.write(then=[NAP], contended=contended))
                said = await world.read()
                assert said in {"", UNAVAILABLE, "57014"}
                told.append(said)

        async def killer() -> None:
            while not done.is_set():
                if pids := world.backends():
                    world.owner.execute(f"select {how}(%s)".encode(), (chance.choice(pids),))
                await asyncio.sleep(0.01)

        killing = asyncio.create_task(killer())
        await asyncio.gather(*(client(number) for number in range(12)))
        done.set()
        await killing
        assert told.count("") > len(told) / 2 > hits() > 0
        assert set(told) <= {"", UNAVAILABLE, "57014"}
        await world.recovered()
        assert len(world.backends()) <= max(SIZE, LANES)
