"""What every executor promises (see `store.executor.Executor`), asked of each there is.

How they keep it when things break is in tests/faults.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from objectry_runtime.services.known_settings import SETTINGS
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable, Executor
from objectry_runtime.store.kinds import EXECUTORS

pytestmark = pytest.mark.anyio

COUNT = Bound("select count(*) from objectry.series")
FAILS = Bound("select 1 / $1::integer", ("0",))


def put(key: str) -> Bound:
    """Insert a row and get its key back."""
    return Bound(
        "insert into objectry.series (tenant_id, series, key, value) "
        "values (1, 'test', $1::text, 1) returning key",
        (key,),
    )


@pytest.fixture(params=sorted(EXECUTORS))
async def each(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Executor]:
    """An open executor of each kind, in the runtime role."""
    executor = EXECUTORS[request.param](database.runtime_dsn, size=6)
    await executor.open()
    yield executor
    await executor.close()


async def keys(executor: Executor) -> list[str]:
    """The rows there are."""
    rows = await executor.read(Bound("select key from objectry.series order by key"))
    return [(key or b"").decode() for (key,) in rows]


async def test_the_setting_names_each_there_is() -> None:
    assert set(SETTINGS["executor"].choices) == set(EXECUTORS)


async def test_results_are_the_bytes_postgresql_wrote(each: Executor) -> None:
    """Of types that have a binary form too, of NULL, of rows without columns."""
    rows = await each.read(
        Bound(
            "select $1::numeric, $2::text, $3::uuid, true, '\\x00ff'::bytea, "
            "row_to_json(r)::text from (values (1, 'ü')) r (a, b)",
            ("1.50", None, "00000000-0000-0000-0000-00000000000A"),
        )
    )
    expected = (
        *(b"1.50", None, b"00000000-0000-0000-0000-00000000000a", b"t", b"\\x00ff"),
        '{"a":1,"b":"ü"}'.encode(),
    )
    assert [expected] == list(rows)
    assert [(), ()] == list(await each.read(Bound("select from generate_series(1, 2)")))
    assert [] == list(await each.read(Bound("select 1 where false")))


async def test_sessions_are_the_runtimes(each: Executor) -> None:
    """In every lane: the role that owns nothing, UTC, names found nowhere but where they say."""
    asked = Bound(
        "select current_user, current_setting('TimeZone'), current_setting('search_path')"
    )
    async with each.transaction() as transaction:
        inside = await transaction.run(asked)
    [unit], [contended] = await each.write([asked]), await each.write([asked], contended="x")
    expected = [(b"objectry_runtime", b"UTC", b"pg_catalog")]
    read = await each.read(asked)
    assert [expected] * 4 == [list(rows) for rows in (read, unit, contended, inside)]


@pytest.mark.parametrize("contended", ["", "series"])
async def test_a_unit_is_one_transaction(each: Executor, contended: str) -> None:
    """Its statements see each other and one instant, are answered in order, and stay together."""
    instant = Bound("select now()::text, txid_current_if_assigned()::text")
    unit = [put("a"), instant, put("b"), COUNT, instant]
    first, now, second, count, then = await each.write(unit, contended=contended)
    assert ([(b"a",)], [(b"b",)], [(b"2",)]) == (list(first), list(second), list(count))
    assert list(now) == list(then)
    with pytest.raises(DatabaseError) as raised:
        await each.write([put("c"), put("a")], contended=contended)
    assert ("23505", "series_pkey") == (raised.value.sqlstate, raised.value.constraint)
    assert ["a", "b"] == await keys(each)


@pytest.mark.parametrize("contended", ["", "series"])
async def test_a_dry_run_answers_and_keeps_nothing(each: Executor, contended: str) -> None:
    answers = await each.write([put("a"), COUNT], keep=False, contended=contended)
    assert [[(b"a",)], [(b"1",)]] == [list(rows) for rows in answers]
    with pytest.raises(DatabaseError) as raised:
        await each.write([put("a"), FAILS], keep=False, contended=contended)
    assert ("22012", []) == (raised.value.sqlstate, await keys(each))


async def test_an_empty_unit_is_kept_too(each: Executor) -> None:
    assert [] == list(await each.write([]))
    assert [] == list(await each.write([], keep=False))


async def test_a_write_is_seen_by_whoever_asks_afterwards(each: Executor) -> None:
    """Whatever lane and connection they are on."""
    for number in range(40):
        await each.write([put(f"{number:02}")], contended="series" if number % 2 else "")
        counts = await asyncio.gather(*(each.read(COUNT) for _ in range(4)))
        async with each.transaction() as transaction:
            counts.append(await transaction.run(COUNT))
        assert {str(number + 1).encode()} == {count for [(count,)] in counts}


async def test_a_transaction_commits_rolls_back_or_is_dry(each: Executor) -> None:
    async with each.transaction() as transaction:
        await transaction.run(put("kept"))
    async with each.transaction(keep=False) as transaction:
        await transaction.run(put("dry"))

    async def fails() -> None:
        async with each.transaction() as transaction:
            await transaction.run(put("lost"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails()
    assert ["kept"] == await keys(each)


async def test_reads_change_nothing(each: Executor) -> None:
    """An executor may refuse a read that writes in either way."""
    with pytest.raises((DatabaseError, DatabaseUnavailable)):
        await each.read(Bound("create table objectry.made_by_a_read ()"))
    assert [] == await keys(each)


@pytest.mark.parametrize("kind", sorted(EXECUTORS))
async def test_opening_and_closing(kind: str, database: Database) -> None:
    """Both may be done twice, and again; what is not open says so."""
    executor = EXECUTORS[kind](database.runtime_dsn, size=3)
    with pytest.raises(DatabaseUnavailable):
        await executor.read(COUNT)
    for _ in range(2):
        await executor.open()
        await executor.open()
        assert [(b"0",)] == list(await executor.read(COUNT))
        await executor.close()
        await executor.close()
        with pytest.raises(DatabaseUnavailable):
            await executor.write([put("a")])
        with pytest.raises(DatabaseUnavailable):
            async with executor.transaction():
                pass


@pytest.mark.parametrize("kind", sorted(EXECUTORS))
async def test_an_unreachable_database_is_told_at_opening(kind: str, database: Database) -> None:
    nowhere = Database.of(f"{database.owner_dsn} dbname=no_such_database")
    executor = EXECUTORS[kind](nowhere.runtime_dsn, pool_timeout=0.2)
    with pytest.raises(DatabaseUnavailable, match='database "no_such_database" does not exist'):
        await executor.open()
    await executor.close()


@pytest.mark.parametrize("kind", sorted(EXECUTORS))
async def test_a_slow_statement_is_stopped_in_every_lane(kind: str, database: Database) -> None:
    executor = EXECUTORS[kind](database.runtime_dsn, size=6, statement_timeout=0.1)
    await executor.open()
    slow = Bound("select pg_sleep(30)")

    async def interactive() -> None:
        async with executor.transaction() as transaction:
            await transaction.run(slow)

    asked = [
        executor.read(slow),
        executor.write([put("a"), slow]),
        executor.write([put("b"), slow], contended="series"),
        interactive(),
    ]
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert ["57014"] * 4 == [
        error.sqlstate if isinstance(error, DatabaseError) else str(error) for error in told
    ]
    assert [] == await keys(executor)
    await executor.close()
