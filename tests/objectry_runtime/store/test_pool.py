"""The plain executor keeps what it acknowledges, and nothing else."""

import asyncio
import contextlib

import psycopg
import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable, Rows
from objectry_runtime.store.pool import PoolExecutor

pytestmark = pytest.mark.anyio

COUNT = Bound("select count(*) from objectry.series")


def put(key: str, value: int = 1) -> Bound:
    return Bound(
        "insert into objectry.series (tenant_id, series, key, value) "
        "values (1, 'test', $1::text, $2::bigint) returning key, value",
        (key, str(value)),
    )


async def keys(executor: PoolExecutor) -> list[str]:
    rows = await executor.read(Bound("select key from objectry.series order by key"))
    return [(key or b"").decode() for (key,) in rows]


async def test_results_are_the_bytes_postgresql_wrote(executor: PoolExecutor) -> None:
    rows = await executor.read(
        Bound(
            "select $1::numeric, $2::text, $3::uuid, row_to_json(r)::text "
            "from (values (1, 'ü')) r (a, b)",
            ("1.50", None, "00000000-0000-0000-0000-00000000000A"),
        )
    )
    assert [
        (b"1.50", None, b"00000000-0000-0000-0000-00000000000a", '{"a":1,"b":"ü"}'.encode())
    ] == rows


async def test_the_runtime_is_not_the_owner(executor: PoolExecutor) -> None:
    rows = await executor.read(Bound("select current_user, current_setting('TimeZone')"))
    assert [(b"objectry_runtime", b"UTC")] == rows


async def test_a_unit_answers_every_statement_in_order(executor: PoolExecutor) -> None:
    answers = await executor.write([put("a"), put("b", 2), COUNT])
    assert [[(b"a", b"1")], [(b"b", b"2")], [(b"2",)]] == answers


@pytest.mark.parametrize("position", [0, 1, 2])
async def test_a_unit_with_one_bad_statement_leaves_nothing(
    executor: PoolExecutor, position: int
) -> None:
    unit = [put("a"), put("b")]
    unit.insert(position, Bound("select 1 / $1::integer", ("0",)))
    with pytest.raises(DatabaseError) as raised:
        await executor.write(unit)
    assert ("22012", []) == (raised.value.sqlstate, await keys(executor))


async def test_a_violated_constraint_is_named(executor: PoolExecutor) -> None:
    await executor.write([put("a")])
    with pytest.raises(DatabaseError) as raised:
        await executor.write([put("a")])
    assert ("23505", "series_pkey") == (raised.value.sqlstate, raised.value.constraint)


async def test_nul_and_lone_surrogates_are_refused_not_sent(executor: PoolExecutor) -> None:
    for hostile in ("a\0b", "\ud800"):
        with pytest.raises(DatabaseError) as raised:
            await executor.write([put("first"), put(hostile)])
        assert "22021" == raised.value.sqlstate
    assert [] == await keys(executor)


async def test_a_dry_run_answers_and_keeps_nothing(executor: PoolExecutor) -> None:
    answers = await executor.write([put("a"), COUNT], keep=False)
    assert ([[(b"a", b"1")], [(b"1",)]], []) == (answers, await keys(executor))


@pytest.fixture
def deferred(owner: psycopg.Connection) -> None:
    owner.execute(
        "create schema shop; create table shop.pair (id integer primary key, "
        "other integer references shop.pair deferrable initially deferred); "
        "grant usage on schema shop to objectry_runtime; "
        "grant select, insert on shop.pair to objectry_runtime"
    )


@pytest.mark.usefixtures("deferred")
@pytest.mark.parametrize("keep", [True, False])
async def test_a_failure_at_commit_is_not_acknowledged(executor: PoolExecutor, keep: bool) -> None:
    orphan = Bound("insert into shop.pair values (1, 2)")
    with pytest.raises(DatabaseError) as raised:
        await executor.write([put("a"), orphan], keep=keep)
    assert ("23503", "pair_other_fkey") == (raised.value.sqlstate, raised.value.constraint)

    async def interactive() -> None:
        async with executor.transaction(keep=keep) as transaction:
            await transaction.run(put("b"))
            await transaction.run(orphan)

    with pytest.raises(DatabaseError):
        await interactive()
    assert [] == await keys(executor)


async def test_of_600_units_75_fail_and_525_are_there(executor: PoolExecutor) -> None:
    """Neighbours on the same connections neither lose nor gain by a failing unit."""

    async def one(number: int) -> str | None:
        last = Bound("select 1 / $1::integer", ("0" if number % 8 == 0 else "1",))
        try:
            [[(key, _)], _] = await executor.write([put(f"{number:03}"), last])
        except DatabaseError:
            return None
        return (key or b"").decode()

    answers = await asyncio.gather(*(one(number) for number in range(600)))
    acknowledged = [key for key in answers if key is not None]
    assert (525, acknowledged) == (len(acknowledged), await keys(executor))


async def test_every_answer_reaches_its_own_request(executor: PoolExecutor) -> None:
    async def one(number: int) -> bytes | None:
        [(value,)] = await executor.read(Bound("select $1::text", (str(number),)))
        return value

    answers = await asyncio.gather(*(one(number) for number in range(500)))
    assert [str(number).encode() for number in range(500)] == answers


async def test_a_transaction_commits_or_rolls_back_with_its_block(executor: PoolExecutor) -> None:
    async with executor.transaction() as transaction:
        await transaction.run(put("kept"))
    async with executor.transaction(keep=False) as transaction:
        await transaction.run(put("dry"))

    async def fails() -> None:
        async with executor.transaction() as transaction:
            await transaction.run(put("lost"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    assert ["kept"] == await keys(executor)


@pytest.mark.parametrize("keep", [True, False])
async def test_a_block_that_swallows_a_failure_is_not_acknowledged(
    executor: PoolExecutor, keep: bool
) -> None:
    """PostgreSQL answers COMMIT of a failed transaction with a silent ROLLBACK."""
    states: list[str] = []

    async def swallows() -> None:
        async with executor.transaction(keep=keep) as transaction:
            await transaction.run(put("a"))
            for statement in (Bound("select * from objectry.no_such_table"), COUNT):
                try:
                    await transaction.run(statement)
                except DatabaseError as error:
                    states.append(error.sqlstate)

    with pytest.raises(DatabaseError) as raised:
        await swallows()
    assert (["42P01", "25P02"], "25P02", []) == (
        states,
        raised.value.sqlstate,
        await keys(executor),
    )


async def test_a_slow_statement_is_stopped(database: Database) -> None:
    executor = PoolExecutor(database.runtime_dsn, size=1, statement_timeout=0.05)
    await executor.open()
    with pytest.raises(DatabaseError) as raised:
        await executor.write([put("a"), Bound("select pg_sleep(30)")])
    assert ("57014", []) == (raised.value.sqlstate, await keys(executor))
    await executor.close()


async def test_waiting_for_a_connection_ends(database: Database) -> None:
    executor = PoolExecutor(database.runtime_dsn, size=1, pool_timeout=0.5)
    await executor.open()
    async with executor.transaction():
        with pytest.raises(DatabaseUnavailable):
            await executor.read(COUNT)
    assert [(b"0",)] == await executor.read(COUNT)
    await executor.close()


async def test_a_pool_that_is_not_open_says_so(database: Database) -> None:
    executor = PoolExecutor(database.runtime_dsn)
    with pytest.raises(DatabaseUnavailable):
        await executor.read(COUNT)
    await executor.open()
    await executor.open()
    await executor.close()
    await executor.close()
    with pytest.raises(DatabaseUnavailable):
        await executor.write([put("a")])


async def test_an_unreachable_server_is_told_at_opening(database: Database) -> None:
    nowhere = Database.of(f"{database.owner_dsn} dbname=no_such_database")
    executor = PoolExecutor(nowhere.runtime_dsn, pool_timeout=0.2)
    with pytest.raises(DatabaseUnavailable, match='database "no_such_database" does not exist'):
        await executor.open()


async def running(owner: psycopg.Connection, text: str) -> int:
    """The backend that runs a statement with this text, once it does."""
    for _ in range(500):
        found = owner.execute(
            "select pid from pg_stat_activity "
            "where datname = current_database() and state = 'active' and query like %s "
            "and pid <> pg_backend_pid()",
            (f"%{text}%",),
        ).fetchone()
        if found:
            return int(found[0])
        await asyncio.sleep(0.01)
    raise AssertionError(f"nothing runs {text}")


@pytest.mark.parametrize("lane", ["read", "write", "transaction"])
async def test_a_cancelled_request_keeps_nothing_and_spoils_no_connection(
    database: Database, owner: psycopg.Connection, lane: str
) -> None:
    executor = PoolExecutor(database.runtime_dsn, size=1)
    await executor.open()
    sleep = Bound("select pg_sleep(30)")

    async def request() -> None:
        if lane == "read":
            await executor.read(sleep)
        elif lane == "write":
            await executor.write([put("a"), sleep])
        else:
            async with executor.transaction() as transaction:
                await transaction.run(put("a"))
                await transaction.run(sleep)

    task = asyncio.create_task(request())
    pid = await running(owner, "pg_sleep")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    still = owner.execute(
        "select from pg_stat_activity where pid = %s and state <> 'idle'", (pid,)
    ).rowcount
    assert (0, []) == (still, await keys(executor))
    assert [[(b"b", b"1")]] == await executor.write([put("b")])
    await executor.close()


async def test_a_write_cancelled_at_any_moment_disturbs_no_request_after_it(
    database: Database,
) -> None:
    """The next request on that connection gets its own answer; the unit is kept whole or not."""
    executor = PoolExecutor(database.runtime_dsn, size=1)
    await executor.open()
    answers: list[Rows] = []
    for number in range(120):
        unit = [put(f"{number}a"), Bound("select pg_sleep(0.002)"), put(f"{number}b")]
        task = asyncio.create_task(executor.write(unit))
        await asyncio.sleep(number / 20_000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        answers.append(await executor.read(Bound("select $1::text", (str(number),))))
    there = await keys(executor)
    whole = {key[:-1] for key in there}
    assert [[(b"%d" % number,)] for number in range(120)] == answers
    assert sorted(f"{number}{half}" for number in whole for half in "ab") == sorted(there)
    await executor.close()


@pytest.mark.parametrize("lane", ["write", "transaction"])
async def test_a_backend_killed_in_flight_loses_its_unit_and_no_other(
    executor: PoolExecutor, owner: psycopg.Connection, lane: str
) -> None:
    sleep = Bound("select pg_sleep(30)")

    async def request() -> None:
        if lane == "write":
            await executor.write([put("a"), sleep])
        else:
            async with executor.transaction() as transaction:
                await transaction.run(put("a"))
                await transaction.run(sleep)

    task = asyncio.create_task(request())
    owner.execute("select pg_terminate_backend(%s)", (await running(owner, "pg_sleep"),))
    with pytest.raises(DatabaseUnavailable):
        await task
    await executor.write([put("b")])
    assert ["b"] == await keys(executor)


async def test_a_read_whose_connection_dies_is_sent_again(
    executor: PoolExecutor, owner: psycopg.Connection
) -> None:
    task = asyncio.create_task(executor.read(Bound("select 'done' from pg_sleep(0.5)")))
    owner.execute("select pg_terminate_backend(%s)", (await running(owner, "pg_sleep"),))
    assert [(b"done",)] == await task


async def test_connections_that_died_while_idle_are_never_used(
    executor: PoolExecutor, owner: psycopg.Connection
) -> None:
    """As after a restart of PostgreSQL: not one write fails because of it."""
    await asyncio.gather(*(executor.read(Bound("select pg_sleep(0.05)")) for _ in range(4)))
    killed = owner.execute(
        "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    ).fetchone()
    answers = [await executor.write([put(str(number))]) for number in range(5)]
    assert ((4,), 5) == (killed, len(answers))


async def test_acknowledged_writes_survive_killed_backends(
    executor: PoolExecutor, owner: psycopg.Connection
) -> None:
    """What was acknowledged is there; what is there was acknowledged or reported as unknown."""
    acknowledged: set[str] = set()
    unknown: set[str] = set()
    done = asyncio.Event()

    async def writer(name: str) -> None:
        for number in range(60):
            key = f"{name}{number}"
            try:
                await executor.write([put(key), Bound("select pg_sleep(0.002)")])
            except DatabaseUnavailable:
                unknown.add(key)
            else:
                acknowledged.add(key)

    async def killer() -> None:
        while not done.is_set():
            owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = "
                "current_database() and pid <> pg_backend_pid() order by random() limit 1"
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), 0.03)

    killing = asyncio.create_task(killer())
    await asyncio.gather(*(writer(name) for name in "abcdef"))
    done.set()
    await killing
    there = set(await keys(executor))
    assert (set(), set()) == (acknowledged - there, there - acknowledged - unknown)
    assert acknowledged
    assert unknown


async def test_prepared_statements_are_bounded(database: Database) -> None:
    executor = PoolExecutor(database.runtime_dsn, size=1, prepared_max=5)
    await executor.open()
    for number in range(20):
        for _ in range(3):
            await executor.read(Bound(f"select {number}"))
    [(prepared,)] = await executor.read(Bound("select count(*) from pg_prepared_statements"))
    # One more than allowed at times: the oldest goes when a new one has come.
    assert int(prepared or 0) in (5, 6)
    await executor.close()
