"""The rounds: each kind of request, for each number of clients, at each server in turn."""

from collections.abc import Callable, Sequence
from random import Random

import msgspec
import psycopg

from objectry_runtime.store.database import Database
from tests.performance.bench.agreement import Json, ask, compare
from tests.performance.bench.capture import Sent, capture
from tests.performance.bench.data import SCALES, rewind
from tests.performance.bench.job import Job
from tests.performance.bench.measure import Counter, Figure, measure
from tests.performance.bench.options import Options
from tests.performance.bench.pgbench import find_pgbench, run_pgbench
from tests.performance.bench.processes import Running
from tests.performance.bench.requests import KINDS, Kind, encode
from tests.performance.bench.results import PGBENCH, Results
from tests.performance.bench.script import make_script
from tests.performance.bench.servers import Place, environment

SMOKE_TURNS = 5  # of each client: pgbench takes whole seconds, and a smoke test has none
ONCE_PER_SECOND_MAX = 2_000  # what pgbench may use up of records that can be used once

Requests = Sequence[tuple[str, str, bytes]]


class Bench(msgspec.Struct, kw_only=True):
    """All that a run has: its servers by name with their ports, its database, its results."""

    options: Options
    place: Place
    key: str
    database: Running
    counter: Counter
    results: Results
    up: dict[str, tuple[Running, int]] = {}

    @property
    def scale(self) -> str:
        """The name of the data's scale."""
        return self.options.scale


def measure_all(bench: Bench, progress: Callable[[str], None]) -> None:
    """Compare answers once, then measure, round after round."""
    kinds = [KINDS[name] for name in bench.options.kinds]
    requests = {kind.name: kind.make(SCALES[bench.scale], Random(1)) for kind in kinds}
    for kind in kinds:
        _agree(bench, kind, requests[kind.name])
    sent = _captured(bench, kinds, requests)
    for number in range(bench.options.rounds):
        for kind in kinds:
            encoded = [encode(*one, bench.key) for one in requests[kind.name]]
            for clients in bench.options.clients:
                for server in bench.options.servers:
                    if server == PGBENCH and not sent:
                        continue
                    if kind.once:
                        rewind(bench.place.dsn, SCALES[bench.scale])
                    figure = (
                        _pgbench(bench, kind, clients, sent[kind.name])
                        if server == PGBENCH
                        else _load(bench, kind, clients, encoded, server)
                    )
                    bench.results.add(kind.name, clients, server, figure)
                    progress(
                        f"round {number + 1}: {kind.name}, {clients} clients, {server}: "
                        f"{figure.per_second:.0f}/s"
                    )


def _agree(bench: Bench, kind: Kind, requests: Requests) -> None:
    answers: dict[str, list[Json]] = {}
    for name, (_, port) in bench.up.items():
        if kind.once:
            rewind(bench.place.dsn, SCALES[bench.scale])
        answers[name] = ask(f"http://127.0.0.1:{port}/api/v1", bench.key, requests)
    if answers:
        compare(answers, kind.title, of_writes=kind.writes)


def _captured(
    bench: Bench, kinds: Sequence[Kind], requests: dict[str, Requests]
) -> dict[str, list[Sent]]:
    if PGBENCH not in bench.options.servers:
        return {}
    program = find_pgbench()
    if program is None:
        bench.results.notes.append("pgbench is absent, so nothing is compared with it")
        return {}
    bench.results.servers[PGBENCH] = f"{program}, prepared statements, one thread"
    rewind(bench.place.dsn, SCALES[bench.scale])
    first = [requests[kind.name][0] for kind in kinds]
    told = environment(bench.place, bench.options.settings)
    found = capture(bench.place.dsn, told, bench.key, first)
    return {kind.name: sent for kind, sent in zip(kinds, found, strict=True)}


def _load(bench: Bench, kind: Kind, clients: int, requests: list[bytes], server: str) -> Figure:
    process, port = bench.up[server]
    job = Job(
        host="127.0.0.1",
        port=port,
        requests=requests,
        clients=clients,
        warm_up=bench.options.seconds / 4,
        seconds=bench.options.seconds,
        once=kind.once,
    )
    return measure(job, process, bench.database, bench.counter)


def _pgbench(bench: Bench, kind: Kind, clients: int, sent: list[Sent]) -> Figure:
    program = find_pgbench()
    assert program is not None
    scale = SCALES[bench.scale]
    free = bench.counter.free_connections()
    if clients > free:
        clients = free
        note = "pgbench for more clients than there are connections left: as many as there are"
        if note not in bench.results.notes:
            bench.results.notes.append(note)
    turns = 0 if bench.options.seconds >= 1 else SMOKE_TURNS
    if kind.once and not turns:
        records = min((scale.orders // 10 - 1) * 3, ONCE_PER_SECOND_MAX * bench.options.seconds)
        turns = max(1, int(records) // clients)
    return run_pgbench(
        program,
        Database.of(bench.place.dsn).runtime_dsn,
        make_script(kind, sent, scale, clients, _user(bench.place.dsn)),
        clients=clients,
        seconds=bench.options.seconds,
        turns=turns,
        database=bench.database,
    )


def _user(dsn: str) -> str:
    """Who the benchmark's API key belongs to."""
    with psycopg.connect(dsn) as owner:
        row = owner.execute("select id::text from objectry.principal where name = 'bench'")
        found = row.fetchone()
    assert found is not None
    return str(found[0])
