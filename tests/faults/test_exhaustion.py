"""When every connection is held, whoever waits is told so in time; afterwards all is well again."""

import asyncio

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseUnavailable
from tests.faults.books import UNAVAILABLE
from tests.faults.world import SIZE, World, entered

pytestmark = pytest.mark.anyio


async def hold(world: World, held: list[int], leave: asyncio.Event) -> str:
    """Keep an interactive transaction open until told to leave."""
    try:
        async with world.executor.transaction() as transaction:
            await transaction.run(Bound("select 1"))
            held.append(1)
            await leave.wait()
    except DatabaseUnavailable:
        return UNAVAILABLE
    return ""


async def test_interactive_transactions_that_hold_all_connections(
    kind: str, fault_database: Database
) -> None:
    """More of them than there are connections: the rest are refused while the first still hold."""
    async with entered(kind, fault_database, pool_timeout=0.3) as world:
        held: list[int] = []
        leave = asyncio.Event()
        holders = {asyncio.create_task(hold(world, held, leave)) for _ in range(SIZE + 3)}
        refused, _ = await asyncio.wait(holders, return_when=asyncio.FIRST_COMPLETED)
        assert {UNAVAILABLE} == {task.result() for task in refused}
        while sum(task.done() for task in holders) + len(held) < SIZE + 3:
            await asyncio.sleep(0.01)
        assert 0 < len(held) <= SIZE
        with pytest.raises(DatabaseUnavailable, match="no database connection is free"):
            async with world.executor.transaction():
                pass
        leave.set()
        told = await asyncio.gather(*holders)
        assert len(held) == told.count("")
        await world.recovered()


async def test_slow_statements_that_hold_all_connections(
    kind: str, fault_database: Database
) -> None:
    """Reads and writes beyond are answered or told, none waits for ever."""
    async with entered(kind, fault_database, pool_timeout=0.3) as world:
        await world.warm()
        nap = Bound("select 'done' from pg_sleep(1.5)")
        slow = [
            asyncio.create_task(world.books.ask(world.executor, nap, "done"))
            for _ in range(3 * SIZE)
        ]
        slow += [asyncio.create_task(world.write(then=[nap])) for _ in range(3 * SIZE)]
        await world.running("pg_sleep")
        beyond = await asyncio.gather(
            *(world.write() for _ in range(20)), *(world.read() for _ in range(20))
        )
        assert set(beyond) <= {"", UNAVAILABLE}
        told = await asyncio.gather(*slow)
        assert {"", UNAVAILABLE} == set(told)
        await world.recovered()


async def test_a_contended_name_holds_up_no_other(world: World, fault_database: Database) -> None:
    """Units wait for one row that somebody else holds; writes and reads go on meanwhile."""
    await world.warm()
    bump = Bound("update faults.slot set count = count + 1 where id = 1")
    with fault_database.connect_owner() as holder, holder.transaction():
        holder.execute("select from faults.slot where id = 1 for update")
        waiting = [
            asyncio.create_task(world.write(first=[bump], contended="slot 1"))
            for _ in range(4 * SIZE)
        ]
        await world.running("faults.slot")
        if world.kind != "pool":  # which lets each hold a connection
            assert [""] * 20 == await asyncio.gather(*(world.write() for _ in range(20)))
            assert [""] * 20 == await asyncio.gather(*(world.read() for _ in range(20)))
    assert [""] * (4 * SIZE) == await asyncio.gather(*waiting)


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_the_smallest_executors_serve_every_lane(
    kind: str, fault_database: Database, size: int
) -> None:
    async with entered(kind, fault_database, size=size) as world:
        await world.warm()
        told = await asyncio.gather(
            *(world.write(contended="series") for _ in range(20)),
            *(world.write() for _ in range(20)),
            *(world.read() for _ in range(20)),
        )
        assert [""] * 60 == told
        await world.recovered()
