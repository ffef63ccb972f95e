"""`python -m tests.performance.bench`: the benchmark that keeps us honest.

Everybody is measured in one run, in turns, on the same data of the same PostgreSQL. Figures are
compared within a run only.
"""

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec

from objectry_runtime.store.embedded import EmbeddedPostgres
from tests.performance.bench.data import SCALES, generate
from tests.performance.bench.machine import describe
from tests.performance.bench.measure import Counter
from tests.performance.bench.options import Options, read_options
from tests.performance.bench.processes import postmaster, running
from tests.performance.bench.report import report
from tests.performance.bench.results import PGBENCH, Results
from tests.performance.bench.rounds import Bench, measure_all
from tests.performance.bench.servers import PROJECT, Place, environment, served
from tests.server import free_port, objectry


def main() -> None:
    """Run it as the command line says; the tables go to standard output."""
    options = read_options()
    with ExitStack() as stack:
        results = _run(options, stack)
    print(report(results))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
    if options.history:
        with options.history.open("ab") as history:
            history.write(msgspec.json.encode(results.summary()) + b"\n")


def _run(options: Options, stack: ExitStack) -> Results:
    state = options.state or Path(stack.enter_context(tempfile.TemporaryDirectory()))
    state.mkdir(exist_ok=True)
    state.chmod(0o755)  # root's PostgreSQL runs in another account
    postgres = stack.enter_context(EmbeddedPostgres(state))
    place = Place(dsn=postgres.dsn(), state=state)
    told = environment(place, options.settings)
    objectry("apply", "--project", str(PROJECT), extra=told)
    words = ("key", "create", "bench", "--role", "admin", "--project", str(PROJECT))
    key = objectry(*words, extra=told).split()[0]
    began = time.monotonic()
    made = generate(place.dsn, SCALES[options.scale])
    results = Results(
        machine=describe(place.dsn),
        scale=f"{options.scale} {msgspec.structs.asdict(SCALES[options.scale])}",
        seconds=options.seconds,
        rounds=options.rounds,
        servers={},
        idle_mb={},
        loaded_in_s=time.monotonic() - began if made else None,
    )
    bench = Bench(
        options=options,
        place=place,
        key=key,
        database=postmaster(state / "pgdata"),
        counter=stack.enter_context(Counter(postgres.dsn("postgres"))),
        results=results,
    )
    for name in options.servers:
        if name == PGBENCH:
            continue
        port = free_port()
        one = served(name, place, port, options.settings)
        probe = f"http://127.0.0.1:{port}/healthz"
        process = stack.enter_context(running(one.command, one.environment, probe))
        bench.up[name] = (process, port)
        results.servers[name] = one.said
        results.idle_mb[name] = process.rss_mb()
    measure_all(bench, progress=lambda line: print(line, file=sys.stderr, flush=True))
    return results


if __name__ == "__main__":
    main()
