"""What the executors cost by themselves, without HTTP: processor time and requests per second.

`python -m tests.performance.executors --clients 16`: rounds of each executor take turns on one
PostgreSQL of its own. `--failing 10` lets one in ten units fail. Processor time is the figure to
trust on a busy machine; PostgreSQL's is that of this server's processes alone.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import psycopg
import uvloop

from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.executor import Bound, DatabaseError, Executor
from objectry_runtime.store.kinds import EXECUTORS
from objectry_runtime.store.pipelined import groups

ROWS = 5000
ALONE = "pipelined without groups"
KINDS = (*EXECUTORS, ALONE)
WORK = ("get", "list", "create", "series")
_TABLES = """
create table item (id bigint primary key, name text, a numeric, b text, c date, d timestamptz);
create table event (id bigint, doc jsonb);
create table series (name text primary key, value bigint) with (fillfactor = 10);
create sequence ids start 100000;
insert into item select n, 'name ' || n, n * 1.5, 'text', current_date, now()
  from generate_series(1, 5000) n;
insert into series values ('invoice', 0);
analyze item
"""
_GET = "select row_to_json(r)::text from (select * from public.item where id = $1::bigint) r"
_LIST = (
    "select string_agg(row_to_json(r)::text, ',') from "
    "(select * from public.item where id > $1::bigint order by name limit 50) r"
)
_CREATE = (
    "with r as (insert into public.item (id, name, a) "
    "values (nextval('public.ids'), $1::text, $2::numeric) returning id) "
    "insert into public.event select id, $3::jsonb from r returning id"
)
_NUMBER = (
    "with n as (update public.series set value = value + 1 where name = 'invoice' "
    "returning value) insert into public.item (id, name, a) "
    "select nextval('public.ids'), value::text, $1::numeric from n returning name"
)


class Figures(msgspec.Struct, frozen=True):
    """One round: microseconds of processor time per request, ours and PostgreSQL's; per second."""

    ours_us: float
    server_us: float
    per_second: float


def main() -> None:
    """Measure and print a table."""
    arguments = _arguments()
    with (
        tempfile.TemporaryDirectory(prefix="objectry-executors-") as folder,
        _server(Path(folder)) as server,
    ):
        dsn = server.dsn("postgres")
        with psycopg.connect(dsn, autocommit=True) as owner:
            for statement in _TABLES.split(";\n"):
                owner.execute(statement.encode())
            parent = _parent_of(owner.info.backend_pid)
        rounds: dict[str, list[Figures]] = {kind: [] for kind in KINDS}
        for _ in range(arguments.rounds):
            for kind, figures in rounds.items():
                figures.append(uvloop.run(_round(kind, dsn, parent, arguments)))
    print(f"{arguments.work}, {arguments.clients} clients, {arguments.failing} % failing")
    for kind, figures in rounds.items():
        ours, server, per_second = (
            statistics.median(getattr(one, name) for one in figures)
            for name in Figures.__struct_fields__
        )
        print(f"{kind:26} {ours:7.0f} us {server:7.0f} us PostgreSQL {per_second:8.0f}/s")


async def _round(kind: str, dsn: str, postmaster: int, arguments: argparse.Namespace) -> Figures:
    groups.UNITS_MAX = 1 if kind == ALONE else 16
    executor = EXECUTORS["pipelined" if kind == ALONE else kind](dsn, size=10)
    await executor.open()
    request = _request(executor, arguments.work, arguments.failing)
    await _requests(request, arguments.clients, arguments.requests // 4)
    ours, server, start = time.process_time(), _spent(postmaster), time.perf_counter()
    await _requests(request, arguments.clients, arguments.requests)
    seconds = time.perf_counter() - start
    figures = Figures(
        ours_us=(time.process_time() - ours) * 1e6 / arguments.requests,
        server_us=(_spent(postmaster) - server) * 1e6 / arguments.requests,
        per_second=arguments.requests / seconds,
    )
    await executor.close()
    return figures


async def _requests(request: Callable[[int], Awaitable[object]], clients: int, count: int) -> None:
    numbers = iter(range(count))

    async def client() -> None:
        for number in numbers:
            await request(number)

    await asyncio.gather(*(client() for _ in range(clients)))


def _request(executor: Executor, work: str, failing: int) -> Callable[[int], Awaitable[object]]:
    def get(number: int) -> Awaitable[object]:
        return executor.read(Bound(_GET, (str(number % ROWS + 1),)))

    def page(number: int) -> Awaitable[object]:
        return executor.read(Bound(_LIST, (str(number % 1000),)))

    def series(_: int) -> Awaitable[object]:
        return executor.write([Bound(_NUMBER, ("12.50",))], contended="invoice")

    async def create(number: int) -> object:
        # Evenly spread, so that no run of luck spares a group.
        document = "{" if number * 37 % 100 < failing else '{"name": "created"}'
        try:
            return await executor.write([Bound(_CREATE, (f"name {number}", "12.50", document))])
        except DatabaseError:
            return None

    return {"get": get, "list": page, "series": series, "create": create}[work]


def _server(folder: Path) -> EmbeddedPostgres:
    folder.chmod(0o755)  # PostgreSQL's own account passes
    return EmbeddedPostgres(folder / "postgres")


def _parent_of(pid: int) -> int:
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    text = Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2 :].split()


def _spent(postmaster: int) -> float:
    """Seconds of processor time of a server's processes; those that ended count in their parent."""
    ticks = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = _stat(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(entry.name) == postmaster:
                ticks += sum(map(int, stat[11:15]))
            elif int(stat[1]) == postmaster:
                ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.performance.executors")
    parser.add_argument("--work", choices=WORK, default="get")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--failing", type=int, default=0, help="units in a hundred that fail")
    return parser.parse_args()


if __name__ == "__main__":
    main()
