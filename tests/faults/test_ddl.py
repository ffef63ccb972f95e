"""A publisher changes tables while requests run: what was prepared before is prepared again."""

import asyncio
from collections.abc import Iterator

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound
from tests.faults.world import SIZE, World, entered

pytestmark = pytest.mark.anyio

STAR = Bound("select * from faults.wide where id = 1")


@pytest.fixture
def wide(fault_database: Database) -> Iterator[None]:
    """A table of one row and two columns."""
    with fault_database.connect_owner() as owner:
        owner.execute("create table faults.wide (id integer primary key, a text)")
        owner.execute("insert into faults.wide values (1, 'a')")
        owner.execute("grant all on faults.wide to objectry_runtime")
        yield
        owner.execute("drop table faults.wide")


async def everywhere(world: World) -> None:
    """Let every connection of every lane prepare what reads the table."""
    for _ in range(6):
        await asyncio.gather(*(world.executor.read(STAR) for _ in range(2 * SIZE)))
        await asyncio.gather(*(world.write(then=[STAR]) for _ in range(2 * SIZE)))
        await asyncio.gather(
            *(world.write(then=[STAR], contended="series") for _ in range(2 * SIZE))
        )


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("lane", ["read", "write", "contended"])
async def test_a_prepared_statement_whose_result_changed_is_prepared_again(
    world: World, lane: str
) -> None:
    """PostgreSQL says: cached plan must not change result type. Nobody hears of it."""
    await everywhere(world)
    world.owner.execute("alter table faults.wide add column b text default 'b'")
    if lane == "read":
        told = await asyncio.gather(*(world.executor.read(STAR) for _ in range(3 * SIZE)))
        assert [[(b"1", b"a", b"b")]] * 3 * SIZE == [list(rows) for rows in told]
    else:
        contended = "series" if lane == "contended" else ""
        writes = [world.write(then=[STAR], contended=contended) for _ in range(3 * SIZE)]
        assert [""] * 3 * SIZE == await asyncio.gather(*writes)


@pytest.mark.usefixtures("wide")
async def test_columns_come_and_go_under_load(world: World) -> None:
    """Twenty changes; every answer is one that the table had."""
    await everywhere(world)
    done = asyncio.Event()
    widths: set[int] = set()

    async def reader() -> None:
        while not done.is_set():
            [row] = await world.executor.read(STAR)
            widths.add(len(row))

    async def writer() -> None:
        while not done.is_set():
            assert "" == await world.write(then=[STAR])

    clients = [asyncio.create_task(reader()) for _ in range(6)]
    clients += [asyncio.create_task(writer()) for _ in range(6)]
    for number in range(20):
        change = "drop column if exists b" if number % 2 else "add column b text"
        await asyncio.to_thread(
            world.owner.execute, f"alter table faults.wide {change}".encode(), prepare=False
        )
        await asyncio.sleep(0.01)
    done.set()
    await asyncio.gather(*clients)
    assert {2, 3} == widths


@pytest.mark.usefixtures("wide")
async def test_a_table_that_goes_is_told_and_one_that_comes_back_is_read(world: World) -> None:
    await everywhere(world)
    world.owner.execute("alter table faults.wide rename to gone")
    asked = [world.books.ask(world.executor, STAR, "") for _ in range(2 * SIZE)]
    asked += [world.write(then=[STAR]) for _ in range(2 * SIZE)]
    assert ["42P01"] * 4 * SIZE == await asyncio.gather(*asked)
    world.owner.execute("alter table faults.gone rename to wide")
    told = await asyncio.gather(*(world.executor.read(STAR) for _ in range(2 * SIZE)))
    assert [[(b"1", b"a")]] * 2 * SIZE == [list(rows) for rows in told]


@pytest.mark.parametrize("prepared_max", [0, 3])
async def test_more_statements_than_may_be_prepared(
    kind: str, fault_database: Database, prepared_max: int
) -> None:
    """Each is answered; connections keep no more than they may (one more while one is made)."""
    async with entered(kind, fault_database, prepared_max=prepared_max) as world:

        async def numbered(number: int) -> str:
            statement = Bound(f"select '{number % 20}'::text")
            return await world.books.ask(world.executor, statement, str(number % 20))

        for _ in range(5):
            told = await asyncio.gather(*(numbered(number) for number in range(60)))
            assert [""] * 60 == told
            units = [world.write(then=[Bound(f"select {number}")]) for number in range(30)]
            assert [""] * 30 == await asyncio.gather(*units)
        kept = Bound("select count(*) from pg_prepared_statements")
        counts = await asyncio.gather(*(world.executor.read(kept) for _ in range(2 * SIZE)))
        assert max(int(count or b"") for [(count,)] in counts) <= prepared_max + 1
