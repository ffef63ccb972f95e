"""What a write costs: statements, processor time of ours, of the driver, and of PostgreSQL.

`python -m tests.performance.writes`, in one process and without HTTP: a command is called as a
server would call it. Processor time, so that a busy machine changes little; `--profile KIND` shows
where ours goes, `--sql KIND` what is sent.
"""

import argparse
import asyncio
import cProfile
import itertools
import os
import pstats
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import msgspec
from prometheus_client.registry import CollectorRegistry

from objectry_runtime.command import create, update
from objectry_runtime.identity import Call
from objectry_runtime.query.answer import Answer
from objectry_runtime.store.database import Database
from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.executor import Bound, Executor, Rows, Transaction
from objectry_runtime.store.kinds import EXECUTORS
from objectry_runtime.store.migrate import migrate
from objectry_runtime.workflow import act
from tests.suite.world import caller, publish, suite_release

BULK = 1000

Write = Callable[[], Awaitable[Answer]]


class Counted:
    """An executor that counts what passes it and the processor time spent below it."""

    def __init__(self, inner: Executor) -> None:
        self.inner = inner
        self.statements: list[Bound] = []
        self.units = 0
        self.seconds = 0.0

    @property
    def registry(self) -> CollectorRegistry:
        """What the executor below tells of itself."""
        return self.inner.registry

    async def read(self, statement: Bound) -> Rows:
        """A read, counted."""
        self.statements.append(statement)
        self.units += 1
        start = time.process_time()
        found = await self.inner.read(statement)
        self.seconds += time.process_time() - start
        return found

    async def write(
        self, unit: Sequence[Bound], *, keep: bool = True, contended: str = ""
    ) -> list[Rows]:
        """A unit, counted."""
        self.statements += unit
        self.units += 1
        start = time.process_time()
        found = await self.inner.write(unit, keep=keep, contended=contended)
        self.seconds += time.process_time() - start
        return found

    def transaction(self, *, keep: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """An interactive transaction; its statements are counted too."""
        return self._transaction(keep)

    @asynccontextmanager
    async def _transaction(self, keep: bool) -> AsyncGenerator[Transaction]:
        async with self.inner.transaction(keep=keep) as transaction:
            yield _Told(transaction, self.statements)

    async def open(self) -> None:
        """Connect."""
        await self.inner.open()

    async def close(self) -> None:
        """Close."""
        await self.inner.close()


class _Told:
    def __init__(self, transaction: Transaction, statements: list[Bound]) -> None:
        self._transaction = transaction
        self._statements = statements

    async def run(self, statement: Bound) -> Rows:
        self._statements.append(statement)
        return await self._transaction.run(statement)


async def kinds(new_call: Callable[[], Call]) -> dict[str, Write]:
    """The writes that are measured, by name, over a few records made for them."""
    customer = {"name": "New", "country": "DE", "credit_limit": "1000.00"}
    address = {"street": "Kai 1", "postal_code": "24103", "city": "Kiel"}
    made = await create(new_call(), "customer", _json(customer | address))
    owner = str(_id(made))
    product = {"sku": "A-1", "name": "Lamp", "price": "9.90", "cost": "4.00", "tax_rate": "19.00"}
    sold = _id(await create(new_call(), "product", _json(product)))
    line = {"product": sold, "quantity": "2", "unit_price": "9.90", "discount": "5"}
    order = {"customer": owner, "lines": [line] * 10}
    customers = _json([customer | {"name": f"Customer {n}"} for n in range(BULK)])
    places, skus = itertools.count(), itertools.count(time.time_ns())

    def products() -> bytes:
        return _json([product | {"sku": f"B-{next(skus)}"} for _ in range(BULK)])

    turn = itertools.cycle(("suspend", "reactivate"))
    return {
        "create customer": lambda: create(new_call(), "customer", _json(customer)),
        "create order of 10": lambda: create(new_call(), "order", _json(order)),
        "patch customer": lambda: update(
            new_call(), "customer", owner, _json({"city": f"Kiel {next(places)}"})
        ),
        "transition": lambda: act(new_call(), "customer", owner, next(turn), b"{}"),
        "bulk create": lambda: create(new_call(), "customer", customers),
        "bulk of products": lambda: create(new_call(), "product", products()),
    }


def _json(value: object) -> bytes:
    return msgspec.json.encode(value)


def _id(answer: Answer) -> object:
    return msgspec.json.decode(answer.body, type=dict[str, object])["id"]


def yardstick() -> float:
    """Seconds for a fixed piece of Python: what a processor shared with others is worth now."""
    start = time.process_time()
    for _ in range(200):
        {str(n): [n] for n in range(250)}
    return time.process_time() - start


def backend_seconds(pid: int) -> float:
    """Processor time that a backend has used so far."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


async def measure(counted: Counted, pid: int, write: Write, times: int) -> None:
    """Run a write so many times and print what it cost."""
    for _ in range(max(3, times // 10)):
        await write()
    counted.statements, counted.units, counted.seconds = [], 0, 0.0
    ruler = yardstick()
    theirs, start = backend_seconds(pid), time.process_time()
    for _ in range(times):
        await write()
    spent, theirs = time.process_time() - start, backend_seconds(pid) - theirs
    print(
        f"{len(counted.statements) / times:>8.1f}{counted.units / times:>8.1f}"
        f"{1e6 * (spent - counted.seconds) / times:>10.0f}"
        f"{1e6 * counted.seconds / times:>10.0f}{1e6 * theirs / times:>12.0f}"
        f"{1e6 * (ruler + yardstick()) / 400:>11.1f}",
        flush=True,
    )


async def run(dsn: str, options: argparse.Namespace) -> None:
    """Publish the suite and measure each kind."""
    database = Database.of(dsn)
    migrate(database)
    live = publish(database, suite_release())
    # One connection, so that one backend does all the work.
    counted = Counted(EXECUTORS[options.executor](database.runtime_dsn, size=1))
    await counted.open()
    try:
        pid = int((await counted.read(Bound("select pg_backend_pid()::text")))[0][0] or 0)
        found = await kinds(caller(live, counted, *options.roles.split(",")))
        chosen = options.profile or options.sql
        heads = ("µs each", "stmts", "trips", "ours", "driver", "PostgreSQL", "yardstick")
        print("{:<20}{:>8}{:>8}{:>10}{:>10}{:>12}{:>11}".format(*heads))
        for name, write in found.items():
            if chosen and chosen != name:
                continue
            print(f"{name:<20}", end="")
            times = options.times // 100 if name.startswith("bulk") else options.times
            await measure(counted, pid, write, max(1, times))
        if options.sql:
            counted.statements = []
            await found[options.sql]()
            for statement in counted.statements:
                print(f"\n{statement.sql}\n{statement.params}")
        if options.profile:
            times = options.times // 100 if options.profile.startswith("bulk") else options.times
            await profile(found[options.profile], max(1, times))
    finally:
        await counted.close()


async def profile(write: Write, times: int) -> None:
    """Where our processor time goes."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(times):
        await write()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--executor", default="pool", choices=sorted(EXECUTORS))
    parser.add_argument("--roles", default="admin", help="of the caller, by comma")
    parser.add_argument("--profile", default="", metavar="KIND")
    parser.add_argument("--sql", default="", metavar="KIND")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with EmbeddedPostgres(Path(folder) / "state") as server:
            asyncio.run(run(server.dsn("objectry"), options))


if __name__ == "__main__":
    main()
