"""One measurement: a kind of request at a server, with what it cost everybody."""

from types import TracebackType
from typing import Self

import msgspec
import psycopg

from tests.performance.bench.job import Job
from tests.performance.bench.load import run_load
from tests.performance.bench.processes import Running


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of request at one server came to; processor time and statements per request.

    `statements` are those PostgreSQL counted, BEGIN and COMMIT included. None: not to be had of
    pgbench, which is client and server in one.
    """

    per_second: float
    requests: int
    p50_ms: float | None
    p99_ms: float | None
    server_cpu_us: float | None
    database_cpu_us: float
    client_cpu_us: float
    statements: float | None
    rss_mb: float | None


class Clocks:
    """Processor time of server and database between two moments."""

    def __init__(self, *watched: Running) -> None:
        self._watched = watched
        self._at = [0.0 for _ in watched]
        self.spent = [0.0 for _ in watched]

    def begin(self) -> None:
        """From now on."""
        self._at = [one.cpu_seconds() for one in self._watched]

    def end(self) -> None:
        """Until now."""
        self.spent = [
            one.cpu_seconds() - at for one, at in zip(self._watched, self._at, strict=True)
        ]


class Counter:
    """How many statements PostgreSQL ran, by `pg_stat_statements` of the whole server."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg.connect(dsn, autocommit=True)
        self._connection.execute("create extension if not exists pg_stat_statements")

    def __call__(self) -> int:
        """Statements until now."""
        row = self._connection.execute(
            "select coalesce(sum(calls), 0)::bigint from pg_stat_statements"
        ).fetchone()
        assert row is not None
        found: int = row[0]
        return found

    def free_connections(self) -> int:
        """How many more clients PostgreSQL takes, a few kept for others."""
        row = self._connection.execute(
            "select current_setting('max_connections')::integer - count(*)::integer - 8"
            " from pg_stat_activity where backend_type = 'client backend'"
        ).fetchone()
        assert row is not None
        found: int = row[0]
        return found

    def __enter__(self) -> Self:
        """Connected already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        self._connection.close()


def measure(job: Job, server: Running, database: Running, counter: Counter) -> Figure:
    """Send the job and see what it cost."""
    clocks = Clocks(server, database)
    before = counter()
    clocks.begin()
    load = run_load(job, clocks.begin, clocks.end)
    per_request = [1e6 * spent / max(1, load.requests) for spent in clocks.spent]
    return Figure(
        per_second=load.per_second,
        requests=load.requests,
        p50_ms=load.p50,
        p99_ms=load.p99,
        server_cpu_us=per_request[0],
        database_cpu_us=per_request[1],
        client_cpu_us=load.client_cpu_us,
        # The look at the counter is one of them.
        statements=(counter() - before - 1) / max(1, load.sent_in_all),
        rss_mb=server.rss_mb(),
    )
