"""Callers that go away and statements that take too long stand in nobody's way."""

import asyncio
import random

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound
from tests.faults.books import UNAVAILABLE
from tests.faults.world import DIVIDES_BY_ZERO, LANES, SIZE, World, entered

pytestmark = pytest.mark.anyio

LONG = Bound("select 'late' from pg_sleep(40)")


async def test_requests_cancelled_at_any_moment_mix_up_no_answers(world: World) -> None:
    """A third of all callers leave, after any number of turns of the loop or of milliseconds."""
    chance = random.Random(20261122)
    await world.warm()

    async def request() -> str:
        match chance.randrange(4):
            case 0:
                return await world.write(contended=chance.choice(["", "one", "two"]))
            case 1:
                return await world.write(then=[DIVIDES_BY_ZERO])
            case 2:
                async with world.executor.transaction() as transaction:
                    await transaction.run(Bound("select 1"))
                return ""
            case _:
                return await world.read()

    async def leaving() -> None:
        task = asyncio.create_task(request())
        if chance.random() < 0.5:
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
        else:
            await asyncio.sleep(chance.random() * 0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def client() -> list[str]:
        told: list[str] = []
        for _ in range(40):
            if chance.random() < 0.33:
                await leaving()
            else:
                told.append(await request())
        return told

    told = {said for each in await asyncio.gather(*(client() for _ in range(16))) for said in each}
    assert {"", "22012"} == told
    await world.recovered()
    assert len(world.backends()) <= max(SIZE, LANES)


@pytest.mark.parametrize("lane", ["read", "write", "contended", "transaction"])
async def test_cancelled_slow_requests_free_what_they_held(
    kind: str, fault_database: Database, lane: str
) -> None:
    """As many as there are connections; a read's statement is stopped in the server too."""
    async with entered(kind, fault_database, statement_timeout=600) as world:
        await world.warm()
        long = Bound("select pg_sleep(300)")

        async def slow() -> None:
            if lane == "read":
                await world.executor.read(long)
            elif lane == "transaction":
                async with world.executor.transaction() as transaction:
                    await transaction.run(long)
            else:
                contended = "x" if lane == "contended" else ""
                await world.executor.write([Bound("select pg_sleep(0.5)")], contended=contended)

        for _ in range(2):
            tasks = [asyncio.create_task(slow()) for _ in range(SIZE)]
            await world.running("pg_sleep")
            await asyncio.sleep(0.1)  # a wish to cancel what the server has not begun goes unheard
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await world.recovered()
        while world.backends("pg_sleep"):
            await asyncio.sleep(0.01)  # the guard ends a test whose statement is never stopped


async def test_neighbours_of_a_cancelled_read_are_answered(world: World) -> None:
    """Wherever in the batch it was."""
    await world.warm()
    for position in range(9):
        tasks = [asyncio.create_task(world.read()) for _ in range(9)]
        await asyncio.sleep(0)
        tasks[position].cancel()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [""] * 8 == told[:position] + told[position + 1 :]


@pytest.mark.parametrize("contended", ["", "series"])
async def test_neighbours_of_a_cancelled_write_are_kept(world: World, contended: str) -> None:
    await world.warm()
    for position in range(0, 20, 3):
        tasks = [asyncio.create_task(world.write(contended=contended)) for _ in range(20)]
        for _ in range(position % 4):
            await asyncio.sleep(0)
        tasks[position].cancel()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [""] * 19 == told[:position] + told[position + 1 :]


async def test_a_statement_that_takes_too_long_is_stopped_alone(
    kind: str, fault_database: Database
) -> None:
    """Quick reads and writes beside it are answered, before and after."""
    async with entered(kind, fault_database, statement_timeout=0.3) as world:
        await world.warm()
        slow = Bound("select 'late' from pg_sleep($1::float)", ("30",))
        requests = [world.read() for _ in range(20)]
        requests.insert(10, world.books.ask(world.executor, slow, "late"))
        requests += [world.write() for _ in range(20)]
        requests.append(world.write(then=[LONG]))
        requests.append(world.write(then=[LONG], contended="series"))
        requests += [world.write(contended="series") for _ in range(5)]
        told = await asyncio.gather(*requests)
        assert {10: "57014", 41: "57014", 42: "57014"} == {
            number: said for number, said in enumerate(told) if said
        }


async def test_slow_reads_do_not_stand_before_quick_ones(world: World) -> None:
    """Some reads of one text are slow all of a sudden: all get their own answers."""
    await world.warm()
    text = "select $1::text from pg_sleep($2::float)"

    async def ask(seconds: str) -> str:
        token = world.books.token()
        return await world.books.ask(world.executor, Bound(text, (token, seconds)), token)

    for _ in range(4):
        await asyncio.gather(*(ask("0") for _ in range(8)))
    mixed = [ask("0.3" if number % 10 == 5 else "0") for number in range(60)]
    assert [""] * 60 == await asyncio.gather(*mixed)


async def test_closing_with_requests_under_way_answers_each(
    kind: str, fault_database: Database
) -> None:
    """Done, or unavailable; none waits for ever, none is reported and lost."""
    async with entered(kind, fault_database) as world:
        await world.warm()
        requests = [
            asyncio.create_task(world.write(then=[Bound("select pg_sleep(0.01)")]))
            for _ in range(30)
        ]
        requests += [asyncio.create_task(world.read()) for _ in range(30)]
        await asyncio.sleep(0.02)
        await world.executor.close()
        assert set(await asyncio.gather(*requests)) <= {"", UNAVAILABLE}
        assert UNAVAILABLE == await world.read()
