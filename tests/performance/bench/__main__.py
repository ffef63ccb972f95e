"""The benchmark that keeps us honest: `python -m tests.performance.bench`, see docs.

Everybody is measured in one run, in turns, on the same data of the same PostgreSQL; figures of
different runs are compared by nobody.
"""

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path
from random import Random

from objectry_runtime.store.embedded import EmbeddedPostgres
from tests.performance.bench.data import SCALES, generate, rewind
from tests.performance.bench.job import Job
from tests.performance.bench.measure import Counter, measure
from tests.performance.bench.processes import postmaster, running
from tests.performance.bench.requests import KINDS, encode
from tests.performance.bench.servers import Place, baseline, environment, ours
from tests.server import free_port, objectry

ROOT = Path(__file__).parents[3]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default=",".join(KINDS))
    parser.add_argument("--servers", default="ours,orm")
    parser.add_argument("--clients", default="16")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--scale", default="small")
    parser.add_argument("--state", type=Path)
    options = parser.parse_args()
    scale = SCALES[options.scale]
    with ExitStack() as stack:
        state = options.state or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        state.mkdir(exist_ok=True)
        state.chmod(0o755)
        server = stack.enter_context(EmbeddedPostgres(state))
        place = Place(dsn=server.dsn(), state=state)
        objectry("apply", "--project", str(ROOT), extra=environment(place))
        key = objectry(
            "key",
            "create",
            "bench",
            "--role",
            "admin",
            "--project",
            str(ROOT),
            extra=environment(place),
        ).split()[0]
        generate(place.dsn, scale)
        database = postmaster(state / "pgdata")
        counter = Counter(server.dsn("postgres"))
        stack.callback(counter.close)
        up = {}
        for name in options.servers.split(","):
            port = free_port()
            one = ours(place, port, {}) if name == "ours" else baseline(name, place, port)
            up[name] = (
                stack.enter_context(
                    running(one.command, one.environment, f"http://127.0.0.1:{port}/healthz")
                ),
                port,
            )
        for _ in range(options.rounds):
            for kind in (KINDS[name] for name in options.only.split(",")):
                requests = [encode(*one, key) for one in kind.make(scale, Random(1))]
                for clients in map(int, options.clients.split(",")):
                    for name, (process, port) in up.items():
                        if kind.once:
                            rewind(place.dsn)
                        job = Job(
                            host="127.0.0.1",
                            port=port,
                            requests=requests,
                            clients=clients,
                            warm_up=options.seconds / 4,
                            seconds=options.seconds,
                            once=kind.once,
                        )
                        figure, load = measure(job, process, database, counter)
                        print(
                            f"{kind.name:<9}{clients:>3} {name:<5} {figure.per_second:>8.0f}/s p50 {figure.p50_ms:.2f} p99 {figure.p99_ms:.2f} ms; CPU us server {figure.server_cpu_us:.0f} database {figure.database_cpu_us:.0f} client {figure.client_cpu_us:.0f}; statements {figure.statements:.2f} rss {figure.rss_mb:.0f} MB"
                        )


if __name__ == "__main__":
    main()
