"""A world to break: a database, an executor in it, its books, and a count of what it holds open."""

import asyncio
import os
import uuid
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import CodeType
from typing import Any  # a task's result may be anything

from psycopg import conninfo

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, Executor
from objectry_runtime.store.kinds import EXECUTORS
from tests.faults.books import Books

SIZE = 6
# Reads, writes and transactions have one connection each at least, however small the executor.
LANES = 3

_TABLES = """
create schema faults
    create table token (token text not null)
    create table pair (
        id text primary key,
        other text references pair deferrable initially deferred
    )
    create table slot (id integer primary key, count integer not null default 0)
    create table register (name text primary key, tokens text[] not null default '{}');
insert into faults.slot select generate_series(1, 20);
insert into faults.register select 'r' || n from generate_series(1, 4) n;
grant usage on schema faults to objectry_runtime;
grant all on all tables in schema faults to objectry_runtime;
"""
# Fails at COMMIT: what it refers to is not there.
ORPHAN = Bound("insert into faults.pair values (gen_random_uuid()::text, 'nobody')")
DIVIDES_BY_ZERO = Bound("select 1 / $1::integer", ("0",))


def lay_tables(database: Database) -> None:
    """Make the tables of `faults`; the runtime may write them."""
    with database.connect_owner() as owner:
        for statement in _TABLES.split(";\n"):
            owner.execute(statement.encode())


class World:
    """An open executor, what it promised, and the owner's connection to look and to break."""

    def __init__(self, kind: str, executor: Executor, database: Database, name: str) -> None:
        self.kind = kind
        self.executor = executor
        self._database = database
        self.owner = database.connect_owner()
        self.owner.execute("set statement_timeout = '20s'")
        self.name = name
        self.reconnected = 0  # sockets more that we hold ourselves
        self.books = Books(name.split()[1] + "-")

    def look_again(self) -> None:
        """The server was restarted: the owner connects anew."""
        self.owner.close()
        self.owner = self._database.connect_owner()
        self.reconnected = 1

    async def write(
        self,
        *,
        first: Sequence[Bound] = (),
        then: Sequence[Bound] = (),
        contended: str = "",
        keep: bool = True,
    ) -> str:
        """Write a token; see `Books.write`."""
        return await self.books.write(
            self.executor, first=first, then=then, contended=contended, keep=keep
        )

    async def read(self) -> str:
        """Read a token; see `Books.read`."""
        return await self.books.read(self.executor)

    async def warm(self) -> None:
        """Let the executor learn that these statements are cheap, and prepare them."""
        for _ in range(5):
            await asyncio.gather(*(self.read() for _ in range(2 * SIZE)))
            await asyncio.gather(*(self.write() for _ in range(2 * SIZE)))
            await asyncio.gather(*(self.write(contended="warm") for _ in range(SIZE)))

    def backends(self, text: str = "") -> list[int]:
        """The executor's backends, or those that now run a statement with this text."""
        found = self.owner.execute(
            "select pid from pg_stat_activity where application_name = %s "
            "and (%s::text = '' or state = 'active' and strpos(query, %s::text) > 0)",
            (self.name, text, text),
        ).fetchall()
        return [pid for (pid,) in found]

    async def running(self, text: str, count: int = 1) -> list[int]:
        """Wait until so many backends run a statement with this text."""
        while len(found := self.backends(text)) < count:
            await asyncio.sleep(0.005)  # polling the server's view
        return found

    def terminate(self, pids: Sequence[int]) -> int:
        """End these backends; how many there still were."""
        row = self.owner.execute(
            "select count(*) filter (where pg_terminate_backend(pid)) from unnest(%s::int[]) pid",
            (list(pids),),
        ).fetchone()
        assert row is not None
        count: int = row[0]
        return count

    async def recovered(self) -> None:
        """Wait until requests of every lane are served again."""
        await until(lambda: self.read())
        await until(lambda: self.write())
        await until(lambda: self.write(contended="again"))
        async with self.executor.transaction() as transaction:
            await transaction.run(Bound("select 1"))


async def until(request: Callable[[], object]) -> None:
    """Send until it is answered; the guard around each test ends what never is."""
    while True:
        told = request()
        assert asyncio.iscoroutine(told)
        if await told == "":
            return
        await asyncio.sleep(0.02)


@asynccontextmanager
async def entered(
    kind: str,
    database: Database,
    dsn: str = "",
    *,
    size: int = SIZE,
    pool_timeout: float = 10.0,
    statement_timeout: float = 30.0,
    prepared_max: int = 200,
    pooled: bool = False,
) -> AsyncGenerator[World]:
    """A world around an executor; `dsn` when it goes another way than `database.runtime_dsn`.

    `pooled`: that way is through a pooler, which keeps its connections.

    Afterwards the books balance, and no connection, socket or task is left.
    """
    name = f"fault {uuid.uuid4().hex[:8]}"
    tasks = asyncio.all_tasks()
    executor = EXECUTORS[kind](
        conninfo.make_conninfo(dsn or database.runtime_dsn, application_name=name),
        size=size,
        pool_timeout=pool_timeout,
        statement_timeout=statement_timeout,
        prepared_max=prepared_max,
    )
    world = World(kind, executor, database, name)
    sockets = _sockets()
    await executor.open()
    try:
        try:
            yield world
            await _settled(
                lambda: len(world.backends()) <= max(size, LANES), "too many connections"
            )
        finally:
            await executor.close()
        await _settled(lambda: pooled or not world.backends(), "a connection is left")
        await _settled(lambda: len(_sockets() - sockets) <= world.reconnected, "a socket is left")
        await _settled(lambda: not _strangers(tasks), "a task is left")
        world.books.balance(world.owner)
    finally:
        world.owner.close()


async def _settled(holds: Callable[[], bool], what: str) -> None:
    # Backends end, and sockets close, a moment after they were told to.
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(what)


def _strangers(before: set[asyncio.Task[Any]]) -> list[asyncio.Task[Any]]:
    """Tasks that were not there before and are neither ours nor anyio's."""
    new = asyncio.all_tasks() - before - {asyncio.current_task()}
    return [task for task in new if "/anyio/" not in _file(task)]


def _file(task: asyncio.Task[Any]) -> str:
    code = getattr(task.get_coro(), "cr_code", None)
    return code.co_filename if isinstance(code, CodeType) else ""


def _sockets() -> set[str]:
    """The sockets this process holds (Linux; elsewhere the server's view has to do)."""
    found: set[str] = set()
    folder = Path("/proc/self/fd")
    for number in folder.iterdir() if folder.exists() else ():
        try:
            target = os.readlink(number)
        except OSError:  # the folder's own number
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


def server_of(dsn: str) -> str | tuple[str, int]:
    """Where a server listens: the path of a socket, or host and port."""
    words = conninfo.conninfo_to_dict(dsn)
    host, port = str(words.get("host") or "127.0.0.1"), int(words.get("port") or 5432)
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
