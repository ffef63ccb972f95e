"""A primary with a real streaming standby: who is asked, and what happens when that goes wrong."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseError
from objectry_runtime.store.hosts import Hosts, StaleReads, replica_dsns
from objectry_runtime.store.hosts.probe import SILENT_S
from objectry_runtime.store.migrate import migrate
from tests.executors import new_executor
from tests.replication import PgServer

pytestmark = pytest.mark.anyio

T = TypeVar("T")
ANY = 1e9
WHERE = Bound("select pg_is_in_recovery()::text")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PgServer, PgServer]]:
    """A migrated primary and its standby, for tests that leave both as they were."""
    with PgServer.primary(tmp_path_factory.mktemp("pair")) as a:
        migrate(Database.of(a.address()))
        with a.standby("b") as b:
            yield a, b


@asynccontextmanager
async def hosts(primary: str, *replicas: str) -> AsyncGenerator[Hosts]:
    both = Hosts(Database.of(primary).runtime_dsn, replica_dsns(" ".join(replicas)), new_executor)
    await both.open()
    try:
        yield both
    finally:
        await both.close()


async def until(look: Callable[[], T | None]) -> T:
    """What `look` finds, as soon as it finds something."""
    async with asyncio.timeout(60):
        while True:
            found = look()
            if found is not None:
                return found
            await asyncio.sleep(0.02)


async def ready(both: Hosts, stale_s: float = ANY) -> StaleReads:
    """Reads on a replica, as soon as one may be asked."""
    return await until(lambda: both.reads(stale_s, ""))


async def gone(both: Hosts, stale_s: float = ANY) -> None:
    """No replica may be asked any more."""
    await until(lambda: True if both.reads(stale_s, "") is None else None)


async def never_asked(both: Hosts, server: PgServer) -> None:
    """The server is connected to and probed, and still never asked."""
    sessions = "select 1 from pg_stat_activity where application_name = 'objectry' limit 1"
    await until(lambda: server.execute(sessions) or None)
    for _ in range(50):
        assert both.reads(ANY, "") is None
        await asyncio.sleep(0.02)


async def test_a_replica_that_keeps_up_answers_and_says_how_old_that_may_be(
    pair: tuple[PgServer, PgServer],
) -> None:
    """A second at most while it keeps up; writes and plain reads stay on the primary."""
    a, b = pair
    async with hosts(a.address(), b.address()) as both:
        reads = await ready(both, 1.0)
        assert [await reads.read(WHERE), await both.read(WHERE)] == [[(b"true",)], [(b"false",)]]
        assert (reads.age, both.replicas[0].reads, both.replicas[0].busy) == (1, 1, 0)
        assert await reads.write([WHERE]) == [[(b"false",)]]
        assert both.reads(0.0, "") is None


async def test_a_replica_behind_is_asked_by_those_who_accept_it(
    pair: tuple[PgServer, PgServer],
) -> None:
    """And again by all when it has caught up."""
    a, b = pair
    a.execute("create table public.lag (n integer); grant select on public.lag to public")
    b.catch_up(a)
    count = Bound("select count(*)::text from public.lag")
    async with hosts(a.address(), b.address()) as both:
        await ready(both, 1.0)
        b.pause()
        try:
            a.execute("insert into public.lag values (1)")
            await gone(both, 2.0)
            reads = await ready(both, 50.0)
            assert (await reads.read(count), await both.read(count)) == ([(b"0",)], [(b"1",)])
            assert reads.age is not None
            assert reads.age >= 2
        finally:
            b.resume()
        assert await (await ready(both, 1.0)).read(count) == [(b"1",)]


async def test_a_replica_further_behind_than_the_bound_is_asked_by_nobody(
    pair: tuple[PgServer, PgServer],
) -> None:
    """Whatever a request would accept."""
    a, b = pair
    dsns = replica_dsns(b.address())
    both = Hosts(Database.of(a.address()).runtime_dsn, dsns, new_executor, stale_s_max=2.0)
    await both.open()
    try:
        await ready(both)
        b.pause()
        a.execute("select pg_switch_wal()")
        await gone(both)
    finally:
        b.resume()
        await both.close()


async def test_a_read_whose_replica_dies_is_answered_by_the_primary(
    pair: tuple[PgServer, PgServer],
) -> None:
    """Without an age; and the replica comes back by itself."""
    a, b = pair
    slow = Bound("select pg_is_in_recovery()::text from pg_sleep(2)")
    async with hosts(a.address(), b.address()) as both:
        reads = await ready(both)
        asked = asyncio.create_task(reads.read(slow))
        await until(lambda: both.replicas[0].busy or None)
        b.stop()
        assert (await asked, reads.age) == ([(b"false",)], None)
        await gone(both)
        assert both.replicas[0].passed_on == 1
        b.start()
        assert await (await ready(both)).read(WHERE) == [(b"true",)]


async def test_a_read_whose_replica_falls_silent_is_answered_by_the_primary(
    pair: tuple[PgServer, PgServer],
) -> None:
    """Its connections stand, but nothing comes any more."""
    a, b = pair
    async with hosts(a.address(), b.address()) as both:
        reads = await ready(both)
        b.signal(signal.SIGSTOP)
        try:
            assert (await reads.read(WHERE), reads.age) == ([(b"false",)], None)
        finally:
            b.signal(signal.SIGCONT)
        assert await (await ready(both)).read(WHERE) == [(b"true",)]


async def test_what_is_not_replayed_yet_is_asked_of_the_primary(
    pair: tuple[PgServer, PgServer],
) -> None:
    """A name that the replica does not know yet, too."""
    a, b = pair
    async with hosts(a.address(), b.address()) as both:
        reads = await ready(both)
        b.pause()
        try:
            a.execute("create table public.fresh as select 1 as n")
            a.execute("grant select on public.fresh to public")
            found = await reads.read(Bound("select n::text from public.fresh"))
        finally:
            b.resume()
        assert (found, reads.age) == ([(b"1",)], None)


async def test_a_read_that_replay_ends_is_asked_of_the_primary(
    pair: tuple[PgServer, PgServer],
) -> None:
    """Rows that it still needs are vacuumed on the primary."""
    a, b = pair
    a.execute("create table public.swept as select generate_series(1, 100) as n")
    a.execute("grant select on public.swept to public")
    b.execute("alter system set max_standby_streaming_delay = 0")
    b.execute("select pg_reload_conf()")
    b.catch_up(a)
    slow = Bound("select count(*)::text from public.swept, pg_sleep(60)")
    async with hosts(a.address(), b.address()) as both:
        reads = await ready(both)
        asked = asyncio.create_task(reads.read(slow))
        running = "select 1 from pg_stat_activity where wait_event = 'PgSleep'"
        await until(lambda: b.execute(running) or None)
        a.execute("delete from public.swept")
        a.execute("vacuum public.swept")
        await until(lambda: both.replicas[0].passed_on or None)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)


async def test_a_refusal_that_the_primary_would_repeat_is_not_asked_twice(
    pair: tuple[PgServer, PgServer],
) -> None:
    """A division by zero is one everywhere."""
    a, b = pair
    async with hosts(a.address(), b.address()) as both:
        reads = await ready(both)
        with pytest.raises(DatabaseError, match="22012"):
            await reads.read(Bound("select (1 / $1::integer)::text", ("0",)))
        assert both.replicas[0].passed_on == 0


async def test_a_release_that_is_not_replayed_yet_is_not_read_from_the_replica(
    pair: tuple[PgServer, PgServer],
) -> None:
    """Its columns may be there, and their values not."""
    a, b = pair
    async with hosts(a.address(), b.address()) as both:
        await ready(both)
        assert both.reads(ANY, "a release of tomorrow") is None


async def test_the_work_is_shared_by_replicas_that_keep_up(
    pair: tuple[PgServer, PgServer],
) -> None:
    """The least busy one is asked, of equals the one that answered less."""
    a, b = pair
    with a.standby("c") as c:
        async with hosts(a.address(), b.address(), c.address()) as both:
            await until(lambda: True if all(one.age() for one in both.replicas) else None)
            for _ in range(10):
                await (await ready(both)).read(WHERE)
            assert [one.reads for one in both.replicas] == [5, 5]


async def test_a_standby_of_other_data_is_never_asked(
    pair: tuple[PgServer, PgServer], tmp_path: Path
) -> None:
    """Neither of another cluster nor of another database of the same one."""
    a, b = pair
    with PgServer.primary(tmp_path, "x") as x:
        migrate(Database.of(x.address()))
        with x.standby("y") as y:
            async with hosts(a.address(), y.address()) as both:
                await never_asked(both, y)
    a.execute("create database elsewhere")
    migrate(Database.of(a.address("elsewhere")))
    b.catch_up(a)
    async with hosts(a.address(), b.address("elsewhere")) as both:
        await never_asked(both, b)


async def test_a_primary_is_never_asked_as_a_replica(pair: tuple[PgServer, PgServer]) -> None:
    """Naming all servers as replicas is fine: those in recovery serve as such."""
    a, b = pair
    async with hosts(a.address(), a.address(), b.address()) as both:
        await ready(both)
        for _ in range(10):
            assert await (await ready(both)).read(WHERE) == [(b"true",)]
        assert both.replicas[0].age() is None


async def test_a_promoted_replica_is_out(tmp_path: Path) -> None:
    """Two primaries: the one that was a replica a moment ago is not asked any more."""
    with PgServer.primary(tmp_path) as a:
        migrate(Database.of(a.address()))
        with a.standby("b") as b:
            async with hosts(a.address(), b.address()) as both:
                await ready(both)
                b.promote()
                await gone(both)
                for _ in range(20):
                    assert both.reads(ANY, "") is None
                    await asyncio.sleep(0.05)


async def test_a_process_that_was_held_up_asks_nobody_it_has_not_looked_at_again(
    pair: tuple[PgServer, PgServer],
) -> None:
    """Much may have happened: a promotion, say."""
    a, b = pair
    async with hosts(a.address(), b.address()) as both:
        await ready(both)
        time.sleep(SILENT_S + 0.1)  # the loop stands still, and so do the probes
        assert both.reads(ANY, "") is None
        await ready(both)


async def test_after_a_failover_only_those_who_followed_it_are_asked(tmp_path: Path) -> None:
    """A standby of the old primary may show what never happened."""
    with PgServer.primary(tmp_path) as a:
        migrate(Database.of(a.address()))
        with a.standby("b") as b, a.standby("c") as c:
            b.promote()
            a.execute("create table public.lost as select 1 as n")
            c.catch_up(a)
            async with hosts(b.address(), c.address()) as both:
                await never_asked(both, c)
            a.stop(signal.SIGINT)
            c.stop(signal.SIGINT)
            c.follow(b)
            c.start()
            async with hosts(b.address(), c.address()) as both:
                assert await (await ready(both)).read(WHERE) == [(b"true",)]
