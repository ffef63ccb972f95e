"""What only the pipelined executor does: sharing, moving, grouping, and leaving nothing behind."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable
from objectry_runtime.store.pipelined.exchange import SENT_MAX, Exchange
from objectry_runtime.store.pipelined.executor import PipelinedExecutor
from objectry_runtime.store.pipelined.lane import QUEUED_MAX
from objectry_runtime.store.pipelined.sending import Sender

pytestmark = pytest.mark.anyio

# One text for what is mostly cheap and sometimes slow.
MOSTLY_CHEAP = "select $1::text from pg_sleep($2::float8)"
COUNT = Bound("select count(*) from objectry.series")


@pytest.fixture
async def pipelined(database: Database) -> AsyncIterator[PipelinedExecutor]:
    """Open, as the runtime role: one connection for cheap reads, one for dear ones."""
    executor = PipelinedExecutor(database.runtime_dsn, size=6)
    await executor.open()
    yield executor
    await executor.close()


def cheap(name: str, seconds: float = 0.0) -> Bound:
    return Bound(MOSTLY_CHEAP, (name, str(seconds)))


def put(key: str) -> Bound:
    return Bound(
        "insert into objectry.series (tenant_id, series, key, value) "
        "values (1, 'test', $1::text, 1) returning key",
        (key,),
    )


def counted(executor: PipelinedExecutor, name: str, lane: str) -> float:
    value = executor.registry.get_sample_value(f"objectry_db_{name}", {"lane": lane})
    assert value is not None
    return value


async def test_a_slow_read_is_moved_out_of_its_neighbours_way(
    pipelined: PipelinedExecutor,
) -> None:
    """It is stopped and asked again on the dear lane; everybody gets their own answer, it last."""
    for number in range(20):
        await pipelined.read(cheap(str(number)))
    answered: list[str] = []

    async def ask(name: str, seconds: float = 0.0) -> None:
        [(value,)] = await pipelined.read(cheap(name, seconds))
        answered.append((value or b"").decode())

    moved = counted(pipelined, "sent_again_total", "dear")
    await asyncio.gather(ask("first"), ask("slow", 2), *(ask(str(n)) for n in range(10)))
    assert ("slow", {"first", *map(str, range(10))}) == (answered[-1], set(answered[:-1]))
    assert moved + 1 == counted(pipelined, "sent_again_total", "dear")


async def test_a_statement_known_to_be_slow_holds_up_no_cheap_one(
    pipelined: PipelinedExecutor,
) -> None:
    """It waits for the dear lane, where it is never stopped in favour of others."""
    slow = Bound("select 'slow' from pg_sleep(0.3)")
    await pipelined.read(slow)
    for number in range(5):
        await pipelined.read(cheap(str(number)))
    slows = [asyncio.create_task(pipelined.read(slow)) for _ in range(3)]
    await asyncio.gather(*(pipelined.read(cheap(str(number))) for number in range(50)))
    assert [False] * 3 == [task.done() for task in slows]
    assert [[(b"slow",)]] * 3 == await asyncio.gather(*slows)
    assert 0 == counted(pipelined, "sent_again_total", "dear")


async def test_units_share_transactions_when_they_wait(
    pipelined: PipelinedExecutor, owner: psycopg.Connection
) -> None:
    """Each has its own answer, and there are fewer transactions than units."""
    answers = await asyncio.gather(*(pipelined.write([put(f"{n:02}")]) for n in range(60)))
    assert [[[(b"%02d" % n,)]] for n in range(60)] == answers
    row = owner.execute("select count(distinct xmin::text) from objectry.series").fetchone()
    assert row is not None
    assert row[0] < 30
    assert 30 < counted(pipelined, "grouped_total", "write") <= 60


async def test_of_a_shared_transaction_that_fails_all_others_are_kept(
    pipelined: PipelinedExecutor,
) -> None:
    """The one at fault hears of its own fault, at whatever position."""
    for position in range(0, 40, 8):
        told = await asyncio.gather(
            *(
                pipelined.write([put(f"{position}-{n}" if n != position else "same")])
                for n in range(40)
            ),
            return_exceptions=True,
        )
        faults = [n for n, answer in enumerate(told) if isinstance(answer, DatabaseError)]
        assert ([] if position == 0 else [position]) == faults
    assert [(b"%d" % (5 * 39 + 1),)] == await pipelined.read(COUNT)
    assert counted(pipelined, "groups_undone_total", "write") >= 1


async def test_waiters_for_one_name_leave_other_writes_alone(
    pipelined: PipelinedExecutor, owner: psycopg.Connection
) -> None:
    """However many wait for a row that somebody holds; then they come in one after another."""
    await pipelined.write([put("series")])
    take = Bound("update objectry.series set value = value + 1 returning value")
    with owner.transaction():
        owner.execute("select from objectry.series for update")
        waiting = [
            asyncio.create_task(pipelined.write([take], contended="series")) for _ in range(30)
        ]
        for number in range(30):
            await pipelined.write([put(str(number))], keep=False)
        assert not any(task.done() for task in waiting)
    answers = await asyncio.gather(*waiting)
    assert sorted(b"%d" % n for n in range(2, 32)) == sorted(row[0][0][0] or b"" for row in answers)


async def test_a_unit_may_need_what_its_own_statements_made(
    database: Database,
) -> None:
    """Its statements can't be prepared beforehand, so they are sent with their texts."""
    executor = PipelinedExecutor(database.owner_dsn, size=3)
    await executor.open()
    unit = [
        Bound("create table public.made (x text)"),
        Bound("insert into public.made values ('a')"),
    ]
    assert [[], []] == await executor.write(unit)
    assert [(b"a",)] == await executor.read(Bound("select x from public.made"))
    await executor.close()


async def test_a_session_left_in_a_transaction_is_given_up(
    pipelined: PipelinedExecutor, owner: psycopg.Connection
) -> None:
    """So that no later request becomes part of it."""
    for _ in range(2):
        await pipelined.read(Bound("begin"))
    assert [(b"0",)] == await pipelined.read(COUNT)
    rows = owner.execute(
        "select count(*) from pg_stat_activity "
        "where datname = current_database() and state like 'idle in transaction%'"
    ).fetchone()
    assert (0,) == rows


async def test_copy_is_refused_and_nobody_hangs(pipelined: PipelinedExecutor) -> None:
    """It has no place in a pipeline; the requests beside it are answered."""
    told = await asyncio.gather(
        pipelined.read(Bound("copy (select 1) to stdout")),
        *(pipelined.read(COUNT) for _ in range(5)),
        return_exceptions=True,
    )
    refused = told[0]
    assert isinstance(refused, DatabaseError)
    assert "0A000" == refused.sqlstate
    assert [[(b"0",)]] * 5 == told[1:]


async def test_a_read_can_not_write(pipelined: PipelinedExecutor) -> None:
    """The reading lanes' sessions are read-only, whatever the statement says."""
    with pytest.raises(DatabaseError) as raised:
        await pipelined.read(put("a"))
    assert "25006" == raised.value.sqlstate
    assert 0 == counted(pipelined, "connections_lost_total", "dear")
    assert [(b"0",)] == await pipelined.read(COUNT)


async def test_closing_answers_what_is_under_way(database: Database) -> None:
    """And what still waits for its turn; afterwards requests are refused."""
    executor = PipelinedExecutor(database.runtime_dsn, size=3)
    await executor.open()
    reads = [asyncio.create_task(executor.read(cheap(str(n), 0.05))) for n in range(5)]
    writes = [asyncio.create_task(executor.write([put(str(n))])) for n in range(5)]
    await asyncio.sleep(0)
    await executor.close()
    assert [[(b"%d" % n,)] for n in range(5)] == await asyncio.gather(*reads)
    assert [[[(b"%d" % n,)]] for n in range(5)] == await asyncio.gather(*writes)
    with pytest.raises(DatabaseUnavailable):
        await executor.read(COUNT)
    await executor.open()
    assert [(b"5",)] == await executor.read(COUNT)
    await executor.close()


async def test_closing_does_not_wait_for_ever(
    database: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What hangs is told, what waits behind it too, and no connection stays."""
    monkeypatch.setattr("objectry_runtime.store.pipelined.executor.GRACE_S", 0.1)
    executor = PipelinedExecutor(database.runtime_dsn, size=3)
    await executor.open()
    hanging = Bound("select pg_sleep(60)")
    reads = [asyncio.create_task(executor.read(hanging)) for _ in range(5)]
    writes = [asyncio.create_task(executor.write([hanging])) for _ in range(5)]
    await asyncio.sleep(0.1)
    await executor.close()
    for task in (*reads, *writes):
        with pytest.raises(DatabaseUnavailable):
            await task
    others = 1
    for _ in range(500):  # the server notices at the end of what it runs
        found = owner.execute(
            "select count(*) from pg_stat_activity where datname = current_database() "
            "and pid <> pg_backend_pid() and query not like '%pg_sleep%'"
        ).fetchone()
        others = found[0] if found else 1
        if others == 0:
            break
        await asyncio.sleep(0.01)
    assert 0 == others


async def test_closing_forgets_no_read_that_changes_lanes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that hangs in one lane, of a text that belongs in another which is closed already."""
    monkeypatch.setattr("objectry_runtime.store.pipelined.executor.GRACE_S", 0.1)
    executor = PipelinedExecutor(database.runtime_dsn, size=6)
    await executor.open()
    hanging = asyncio.create_task(executor.read(cheap("hangs", 60)))  # unseen: the dear lane
    await asyncio.sleep(0.1)
    for _ in range(20):
        await executor.read(cheap("quick"))  # meanwhile the text proves to be cheap
    await executor.close()
    async with asyncio.timeout(5):
        with pytest.raises(DatabaseUnavailable):
            await hanging


async def test_a_full_queue_refuses_at_once(pipelined: PipelinedExecutor) -> None:
    """The others are served."""
    await pipelined.read(cheap("known"))
    told = await asyncio.gather(
        *(pipelined.read(cheap("x")) for _ in range(QUEUED_MAX + 10)), return_exceptions=True
    )
    refused = [answer for answer in told if isinstance(answer, DatabaseUnavailable)]
    assert (10, [[(b"x",)]] * QUEUED_MAX) == (
        len(refused),
        [answer for answer in told if not isinstance(answer, BaseException)],
    )


async def test_every_lane_is_measured(pipelined: PipelinedExecutor) -> None:
    """Connections, how long requests waited and ran."""
    await asyncio.gather(pipelined.read(COUNT), pipelined.write([put("a")]))
    await pipelined.read(COUNT)
    async with pipelined.transaction() as transaction:
        await transaction.run(COUNT)
    for lane in ("read", "dear", "write", "contended", "interactive"):
        assert counted(pipelined, "connections", lane) >= 1
    for lane in ("write", "interactive"):
        assert 1 == counted(pipelined, "wait_seconds_count", lane)
    ran = [counted(pipelined, "statement_seconds_count", lane) for lane in ("read", "dear")]
    assert 2 == sum(ran)


@pytest.mark.parametrize("sql", ["select '\ud800'", "select 1 \0 + 1"])
async def test_a_statement_that_cannot_be_sent_is_refused_and_breaks_nothing(
    pipelined: PipelinedExecutor, sql: str
) -> None:
    """Not half of it run, nobody left waiting, no connection lost."""
    async with asyncio.timeout(5):
        with pytest.raises(DatabaseError, match="22021"):
            await pipelined.read(Bound(sql))
        with pytest.raises(DatabaseError, match="22021"):
            await pipelined.write([put("a"), Bound(sql)])
    assert await pipelined.read(COUNT) == [(b"0",)]
    assert counted(pipelined, "connections_lost_total", "write") == 0


async def test_more_parameters_than_the_protocol_counts_are_refused(
    pipelined: PipelinedExecutor,
) -> None:
    """By themselves: nobody else's connection breaks over them."""
    many = Bound("select $1::text", ("x",) * 65_536)
    async with asyncio.timeout(5):
        with pytest.raises(DatabaseError, match="54000"):
            await pipelined.read(many)
        with pytest.raises(DatabaseError, match="54000"):
            await pipelined.write([many])
    assert counted(pipelined, "connections_lost_total", "write") == 0


async def test_a_unit_that_no_connection_takes_ends(
    pipelined: PipelinedExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told after a few tries that nothing was written, not sent again for ever."""
    sends = 0

    def refuse(self: Sender, exchange: Exchange) -> None:
        nonlocal sends
        sends += 1
        raise psycopg.OperationalError("libpq won't send that")

    monkeypatch.setattr(Sender, "send", refuse)
    async with asyncio.timeout(8):
        with pytest.raises(DatabaseUnavailable, match="nothing was written"):
            await pipelined.write([put("a")])
    assert sends == SENT_MAX
