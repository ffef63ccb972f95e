"""Units and interactive transactions that lock the same rows: who gives way, and who never does."""

import asyncio
import random

import pytest

from objectry_runtime.store.executor import Bound, DatabaseError
from tests.faults.books import UNAVAILABLE
from tests.faults.world import World

pytestmark = pytest.mark.anyio

SLOTS = 6


def bump(slot: int) -> Bound:
    """Count in one row; whoever does keeps it locked until their end."""
    return Bound(
        "update faults.slot set count = count + 1 where id = $1::integer returning id", (str(slot),)
    )


def counts(world: World) -> list[int]:
    """What the rows count, from the first on."""
    rows = world.owner.execute("select count from faults.slot order by id").fetchall()
    return [count for (count,) in rows]


@pytest.mark.parametrize("series", [False, True])
async def test_units_of_one_row_never_cost_a_transaction_its_life(
    world: World, series: bool
) -> None:
    """Transactions lock rows in order and so can't meet a deadlock of their own making.

    A unit locks one row. Only an executor that puts several units into one transaction could hold
    one row and wait for another; PostgreSQL might then end the transaction instead.
    """
    chance = random.Random(20261122)
    await world.warm()
    before = counts(world)
    expected = [0] * len(before)
    done = asyncio.Event()
    victims: list[str] = []

    async def transactions() -> None:
        for _ in range(12):
            try:
                async with world.executor.transaction() as transaction:
                    for slot in range(1, SLOTS + 1):
                        await transaction.run(bump(slot))
                        await asyncio.sleep(0.02)
            except DatabaseError as error:
                victims.append(error.sqlstate)
            else:
                for slot in range(SLOTS):
                    expected[slot] += 1

    async def units() -> None:
        while not done.is_set():
            slot = chance.randint(1, SLOTS)
            contended = f"slot {slot % 2}" if series else ""
            said = await world.write(first=[bump(slot)], contended=contended)
            assert said == ""
            expected[slot - 1] += 1

    clients = [asyncio.create_task(units()) for _ in range(24)]
    await asyncio.gather(transactions(), transactions())
    done.set()
    await asyncio.gather(*clients)
    assert [] == victims
    assert expected == [now - then for now, then in zip(counts(world), before, strict=True)]


async def test_units_that_deadlock_each_other_end_one_and_keep_the_other(world: World) -> None:
    """Each either counted twice or not at all, and knows which."""
    await world.warm()
    before = counts(world)
    nap = Bound("select pg_sleep(0.02)")
    ways = [(1, 2), (2, 1)]

    async def unit(number: int) -> str:
        first, second = ways[number % 2]
        return await world.write(first=[bump(first), nap, bump(second)])

    told = await asyncio.gather(*(unit(number) for number in range(12)))
    assert set(told) <= {"", "40P01", UNAVAILABLE}
    kept = told.count("")
    assert kept > 0
    now = counts(world)
    assert [kept, kept] == [now[0] - before[0], now[1] - before[1]]


async def test_a_lock_somebody_else_holds_is_waited_for(world: World) -> None:
    """Longer than any group may wait: every unit is kept once the lock is free."""
    await world.warm()
    before = counts(world)
    async with world.executor.transaction() as transaction:
        await transaction.run(bump(1))
        waiting = [asyncio.create_task(world.write(first=[bump(1)])) for _ in range(3)]
        others = [world.write(first=[bump(3)], contended="three") for _ in range(40)]
        assert [""] * 40 == await asyncio.gather(*others)
        await asyncio.sleep(0.3)  # longer than a group's patience
    assert [""] * 3 == await asyncio.gather(*waiting)
    now = counts(world)
    assert [4, 40] == [now[0] - before[0], now[2] - before[2]]
