"""A primary with several hosts in its address: it dies, a standby is promoted, work goes on."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from objectry_runtime.store.database import Database, DatabaseUnusable
from objectry_runtime.store.executor import Bound, DatabaseUnavailable, Executor
from objectry_runtime.store.hosts import Hosts, replica_dsns
from objectry_runtime.store.kinds import EXECUTORS
from objectry_runtime.store.migrate import migrate
from tests.executors import KIND, new_executor
from tests.replication import HOST, PgServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[PgServer, PgServer]]:
    """A migrated primary and its standby."""
    with PgServer.primary(tmp_path) as a:
        migrate(Database.of(a.address()))
        with a.standby("b") as b:
            yield a, b


def either(a: PgServer, b: PgServer) -> str:
    """The address of whichever is the primary; one host is nobody's, as after a removal."""
    hosts = f"{HOST}:1,{HOST}:{a.port},{HOST}:{b.port}"
    return f"postgresql://objectry@{hosts}/objectry?target_session_attrs=read-write"


def words(a: PgServer, b: PgServer) -> str:
    """The same in libpq's other form."""
    ports = f"host={HOST},{HOST} port={b.port},{a.port}"
    return f"{ports} user=objectry dbname=objectry target_session_attrs=read-write"


def write(number: int) -> list[Bound]:
    return [
        Bound("insert into objectry.series values (1, 'failover', $1, 1)", (str(number),)),
    ]


async def write_until_kept(executor: Executor, number: int) -> None:
    """Again while the database is away, as a client does."""
    async with asyncio.timeout(60):
        while True:
            try:
                await executor.write(write(number))
                return
            except DatabaseUnavailable:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def opened(executor: Executor) -> AsyncGenerator[Executor]:
    await executor.open()
    try:
        yield executor
    finally:
        await executor.close()


@pytest.mark.parametrize("address", [either, words])
async def test_writes_go_on_at_the_new_primary(
    pair: tuple[PgServer, PgServer], address: Callable[[PgServer, PgServer], str]
) -> None:
    """Without a restart, and without anything that was acknowledged and replayed being lost."""
    a, b = pair
    database = Database.of(address(a, b))
    migrate(database)
    async with opened(EXECUTORS[KIND](database.runtime_dsn, size=4, pool_timeout=1)) as executor:
        for number in range(20):
            await executor.write(write(number))
        b.catch_up(a)
        a.stop()
        with pytest.raises(DatabaseUnavailable):
            await executor.write(write(100))
        b.promote()
        await write_until_kept(executor, 200)
        rows = await executor.read(Bound("select key from objectry.series"))
    assert {int(key or b"") for (key,) in rows} == {*range(20), 200}
    with database.connect_owner() as owner:
        assert owner.info.port == b.port
        with socket.socket(fileno=os.dup(owner.fileno())) as wire:
            assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 40_000


async def test_the_owner_is_told_when_no_host_takes_writes(
    pair: tuple[PgServer, PgServer],
) -> None:
    """A standby alone is no primary."""
    a, b = pair
    a.stop()
    with pytest.raises(DatabaseUnusable, match="can't connect"):
        Database.of(either(a, b)).connect_owner()


async def test_replicas_change_places_with_the_primary(pair: tuple[PgServer, PgServer]) -> None:
    """Both are named as replicas: the one in recovery serves old reads, before and after."""
    a, b = pair
    where = Bound("select inet_server_port()::text, pg_is_in_recovery()::text")
    dsns = replica_dsns(f"{a.address()} {b.address()}")
    both = Hosts(Database.of(either(a, b)).runtime_dsn, dsns, new_executor)
    async with opened(both):
        before = await stale(both, where)
        a.stop()
        await asyncio.to_thread(b.promote)
        await write_until_kept(both, 1)
        await asyncio.to_thread(a.follow, b)
        await asyncio.to_thread(a.start)
        after = await stale(both, where)
        now = await both.read(where)
    assert (before, after) == (
        [(str(b.port).encode(), b"true")],
        [(str(a.port).encode(), b"true")],
    )
    assert now == [(str(b.port).encode(), b"false")]


async def stale(both: Hosts, statement: Bound) -> object:
    """The first answer of a replica."""
    async with asyncio.timeout(60):
        while True:
            reads = both.reads(60.0, "")
            if reads is not None:
                rows = await reads.read(statement)
                if reads.age is not None:
                    return rows
            await asyncio.sleep(0.02)
