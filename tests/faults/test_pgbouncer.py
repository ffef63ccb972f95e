"""Behind a PgBouncer in transaction mode every lane does what it does without one.

Runs where PgBouncer 1.21 or newer is: `OBJECTRY_TEST_PGBOUNCER` names the program, else the one on
the path is taken.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound
from objectry_runtime.store.migrate import migrate
from tests.faults.books import UNAVAILABLE
from tests.faults.pgbouncer import pgbouncer, program
from tests.faults.world import DIVIDES_BY_ZERO, ORPHAN, SIZE, World, entered, lay_tables
from tests.replication import PgServer
from tests.server import Server

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not program(), reason="no PgBouncer 1.21 or newer is installed"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PgServer]:
    """A server of these tests' own."""
    with PgServer.primary(tmp_path_factory.mktemp("bounced")) as server:
        migrate(Database.of(server.address()))
        lay_tables(Database.of(server.address()))
        yield server


@pytest.fixture(params=[200, 0], ids=["prepared", "unprepared"])
async def bounced(
    kind: str, server: PgServer, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    """A world whose executor goes through PgBouncer, with and without prepared statements."""
    prepared: int = request.param
    with pgbouncer(tmp_path, server.port, prepared=prepared) as port:
        direct = Database.of(server.address())
        through = Database.of(f"postgresql://objectry@127.0.0.1:{port}/objectry")
        async with entered(
            kind, direct, through.runtime_dsn, prepared_max=prepared, pooled=True
        ) as world:
            await world.warm()
            yield world


async def test_sessions_are_what_the_runtime_asks_for(bounced: World) -> None:
    """Whatever of it PgBouncer passes on, or its configuration sets."""
    wanted = Bound(
        "select current_user, current_setting('search_path'), current_setting('TimeZone'), "
        "current_setting('client_encoding'), "
        "current_setting('idle_in_transaction_session_timeout')"
    )
    expected = (b"objectry_runtime", b"pg_catalog", b"UTC", b"UTF8", b"1min")
    reads = await asyncio.gather(*(bounced.executor.read(wanted) for _ in range(2 * SIZE)))
    units = await asyncio.gather(*(bounced.executor.write([wanted]) for _ in range(2 * SIZE)))
    assert [[expected]] * 4 * SIZE == [list(rows) for rows in [*reads, *(r for [r] in units)]]


async def test_units_fail_alone_and_reads_beside_them_are_answered(bounced: World) -> None:
    bad = [None, ORPHAN, DIVIDES_BY_ZERO, None]
    states = ["", "23503", "22012", ""]
    requests = [
        bounced.write(
            then=[statement] if (statement := bad[number % 4]) else [],
            contended=f"series {number % 3}" if number % 2 else "",
        )
        for number in range(400)
    ]
    reads = [bounced.read() for _ in range(200)]
    told = await asyncio.gather(*requests, *reads)
    assert states * 100 + [""] * 200 == told


async def test_cancelled_callers_mix_up_no_answers(bounced: World) -> None:
    for turns in range(12):
        tasks = [asyncio.create_task(bounced.read()) for _ in range(10)]
        tasks += [asyncio.create_task(bounced.write()) for _ in range(10)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in tasks[::3]:
            task.cancel()
        told = await asyncio.gather(*tasks, return_exceptions=True)
        assert [""] * 13 == [said for place, said in enumerate(told) if place % 3]
    await bounced.recovered()


async def test_backends_that_die_behind_it_lose_nothing_acknowledged(bounced: World) -> None:
    """PgBouncer's own connections to the server are killed under load."""
    told: list[str] = []

    async def client(number: int) -> None:
        for _ in range(40):
            told.append(await bounced.write(contended="series" if number % 3 == 0 else ""))
            told.append(await bounced.read())

    clients = asyncio.gather(*(client(number) for number in range(10)))
    while not clients.done():
        bounced.terminate(bounced.backends()[:2])
        await asyncio.sleep(0.03)
    await clients
    assert set(told) <= {"", UNAVAILABLE, "25P02"}
    assert told.count("") > len(told) / 2
    await bounced.recovered()


@pytest.mark.parametrize("bounced", [0], indirect=True, ids=["unprepared"])
async def test_a_table_that_changes_is_read_as_it_is(bounced: World) -> None:
    """Not so with statements that PgBouncer keeps prepared: it must be told to RECONNECT then."""
    star = Bound("select * from faults.narrow")
    bounced.owner.execute("create table faults.narrow (a text)")
    try:
        bounced.owner.execute("grant all on faults.narrow to objectry_runtime")
        bounced.owner.execute("insert into faults.narrow values ('a')")
        for columns in (1, 2, 3):
            for _ in range(5):
                rows = await asyncio.gather(*(bounced.executor.read(star) for _ in range(2 * SIZE)))
                assert {columns} == {len(row) for [row] in rows}
                units = [bounced.write(then=[star]) for _ in range(2 * SIZE)]
                assert [""] * 2 * SIZE == await asyncio.gather(*units)
            bounced.owner.execute(f"alter table faults.narrow add column c{columns} text".encode())
    finally:
        bounced.owner.execute("drop table faults.narrow")


def test_a_server_goes_through_it_and_refuses_sessions_of_the_owner(
    tmp_path: Path, server: PgServer
) -> None:
    """With the setting `pooler_url`: publishing goes directly, requests through the pooler."""
    (tmp_path / "right").mkdir()
    (tmp_path / "wrong").mkdir()
    server.execute("create database shop", database="postgres")
    direct = server.address("shop")
    with (
        pgbouncer(tmp_path / "right", server.port, prepared=0) as right,
        pgbouncer(tmp_path / "wrong", server.port, prepared=0, session="select 1") as wrong,
    ):

        def addresses(port: int) -> dict[str, str]:
            through = f"postgresql://objectry@127.0.0.1:{port}/shop"
            return {"OBJECTRY_DATABASE_URL": direct, "OBJECTRY_POOLER_URL": through}

        with Server(ROOT, tmp_path / "state", environment=addresses(right)) as served:
            assert 200 == httpx.get(served.url + "/readyz", timeout=30).status_code
        refused = Server(ROOT, tmp_path / "state", environment=addresses(wrong))
        with pytest.raises(AssertionError, match="connect_query"):
            refused.start()
        assert "Traceback" not in refused.log.read_text()
