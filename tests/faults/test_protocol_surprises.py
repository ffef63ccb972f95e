"""What the server says unasked changes no answer; what it can't answer breaks nothing for good."""

import asyncio
import contextlib

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable
from tests.faults.world import SIZE, World

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def warner(fault_database: Database) -> None:
    """A function that warns at length; a trigger that notifies of each token."""
    with fault_database.connect_owner() as owner:
        owner.execute(
            "create function faults.warn(text) returns text language plpgsql as "
            "$$ begin raise warning '%', repeat($1, 100); return $1; end $$"
        )
        owner.execute(
            "create function faults.tell() returns trigger language plpgsql as "
            "$$ begin perform pg_notify('faults', new.token); return new; end $$"
        )


async def test_notices_are_no_answers(world: World, warner: None) -> None:
    async def warned() -> str:
        token = world.books.token()
        statement = Bound("select faults.warn($1::text)", (token,))
        return await world.books.ask(world.executor, statement, token)

    requests = [warned() if number % 2 else world.read() for number in range(100)]
    requests += [world.write(then=[Bound("select faults.warn('w')")]) for _ in range(30)]
    assert [""] * 130 == await asyncio.gather(*requests)


async def test_notifications_come_at_any_time_and_are_no_answers(
    world: World, warner: None
) -> None:
    """Every connection listens; each write notifies all of them, and so does somebody else."""
    listen, unlisten = Bound("listen faults"), Bound("unlisten faults")
    world.owner.execute(
        "create trigger tell after insert on faults.token for each row "
        "execute function faults.tell()"
    )
    try:
        for _ in range(5):
            await asyncio.gather(*(world.executor.write([listen]) for _ in range(2 * SIZE)))
            await asyncio.gather(*(world.executor.read(listen) for _ in range(2 * SIZE)))
        for _ in range(5):
            requests = [world.write() for _ in range(40)] + [world.read() for _ in range(40)]
            assert [""] * 80 == await asyncio.gather(*requests)
            for number in range(50):
                world.owner.execute("select pg_notify('faults', %s)", (str(number) * 1000,))
            await asyncio.sleep(0.02)  # they reach connections that lie idle
        assert [""] * 40 == await asyncio.gather(*(world.read() for _ in range(40)))
        await asyncio.gather(*(world.executor.write([unlisten]) for _ in range(2 * SIZE)))
    finally:
        world.owner.execute("drop trigger tell on faults.token")


async def test_changed_parameters_are_no_answers(world: World) -> None:
    """The server reports settings that statements change, before their results."""

    async def changing(number: int) -> str:
        zone = f"Etc/GMT+{number % 12}"
        first = [
            Bound("select set_config('TimeZone', $1::text, true)", (zone,)),
            Bound("select set_config('application_name', $1::text, true)", (world.name,)),
        ]
        return await world.write(first=first)

    requests = [changing(number) if number % 3 else world.read() for number in range(120)]
    assert [""] * 120 == await asyncio.gather(*requests)
    rows = await world.executor.read(Bound("select current_setting('TimeZone')"))
    assert [(b"UTC",)] == list(rows)


async def test_settings_reloaded_by_an_operator_are_no_answers(world: World) -> None:
    """Each connection is told of it unasked, the idle ones too."""
    await world.warm()
    name = world.owner.info.dbname
    try:
        for style in ("sql_standard", "iso_8601", "postgres"):
            world.owner.execute(
                f"alter system set intervalstyle = '{style}'".encode(), prepare=False
            )
            world.owner.execute("select pg_reload_conf()")
            requests = [world.read() for _ in range(30)] + [world.write() for _ in range(30)]
            assert [""] * 60 == await asyncio.gather(*requests)
            await asyncio.sleep(0.05)  # while they lie idle
    finally:
        world.owner.execute("alter system reset intervalstyle")
        world.owner.execute("select pg_reload_conf()")
    assert name
    await world.recovered()


async def test_an_empty_statement_brings_nothing(world: World) -> None:
    assert [] == list(await world.executor.read(Bound("")))
    assert [[], [(b"1",)]] == [
        list(rows) for rows in await world.executor.write([Bound(""), Bound("select '1'")])
    ]


SURPRISES = {
    "copy out": Bound("copy faults.slot to stdout"),
    "copy in": Bound("copy faults.slot from stdin"),
    "two statements": Bound("select 1; select 2"),
    "begin": Bound("begin"),
    "rollback": Bound("rollback"),
    "commit": Bound("commit"),
    "deallocate all": Bound("deallocate all"),
}


@pytest.mark.parametrize("surprise", sorted(SURPRISES))
@pytest.mark.parametrize("lane", ["read", "write", "contended", "transaction"])
async def test_statements_nobody_should_send_hang_nothing(
    world: World, surprise: str, lane: str
) -> None:
    """Answered or refused; afterwards, and beside them, every lane serves."""
    await world.warm()
    statement = SURPRISES[surprise]

    async def send() -> None:
        if lane == "read":
            await world.executor.read(statement)
        elif lane == "transaction":
            async with world.executor.transaction() as transaction:
                await transaction.run(statement)
        else:
            await world.executor.write([statement], contended="x" * (lane == "contended"))

    reads = [asyncio.create_task(world.read()) for _ in range(10)]
    sent = asyncio.create_task(send())
    reads += [asyncio.create_task(world.read()) for _ in range(10)]
    with contextlib.suppress(DatabaseError, DatabaseUnavailable):
        await sent
    assert [""] * 20 == await asyncio.gather(*reads)
    await world.recovered()
    await world.warm()
    writes = await asyncio.gather(*(world.write() for _ in range(2 * SIZE)))
    assert [""] * 2 * SIZE == writes
