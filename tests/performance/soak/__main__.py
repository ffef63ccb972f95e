"""The soak: a real server under mixed load while its PostgreSQL dies in every way there is.

`python -m tests.performance.soak --minutes 30`. It fails (exit code 1) unless memory, open files
and connections stay flat, every answer is the one declared for its request (503 with Retry-After
alone while the database is away), everything acknowledged is stored exactly once, the server's own
count of requests is ours, and `objectry verify` is clean.
"""

import argparse
import asyncio
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.performance.soak.clients import Client
from tests.performance.soak.judge import Judge
from tests.performance.soak.ledger import Ledger
from tests.performance.soak.report import report
from tests.performance.soak.samples import Sample, judge_samples, sample
from tests.performance.soak.weather import Weather, schedule
from tests.server import Server, objectry

ROOT = Path(__file__).parents[3]
CONNECTIONS = 10  # the default of limits.connections
BESIDE = 3  # what follows releases, purges or is just being replaced


class Options(argparse.Namespace):
    """The command line."""

    minutes: float
    clients: int
    rate: float
    seed: int
    executor: str
    server: str


def main() -> int:
    """Soak, compare, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long the load lasts")
    parser.add_argument("--clients", type=int, default=12, help="connections to the server")
    parser.add_argument("--rate", type=float, default=150.0, help="actions a second, about")
    parser.add_argument("--seed", type=int, default=20261122, help="what happens when")
    parser.add_argument("--executor", default="", help="the setting of that name")
    parser.add_argument("--server", default="", help="the setting of that name")
    options = parser.parse_args(namespace=Options())
    given = {"OBJECTRY_EXECUTOR": options.executor, "OBJECTRY_SERVER": options.server}
    environment = {name: value for name, value in given.items() if value}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # PostgreSQL's account has to pass where root runs this
        with Server(ROOT, Path(folder) / "state", environment=environment) as server:
            return soak(server, options)


def soak(server: Server, options: Options) -> int:
    """The whole of it on a running server; the exit code."""
    key = server.key("soak", "admin")
    headers = {"Authorization": f"Bearer {key}"}
    away_s = min(15.0, options.minutes * 60 / 15)
    dsn = f"host={server.state / 'run'} user=objectry dbname=objectry"
    weather = Weather(server.state, server.url, dsn, away_s=away_s)
    judge, ledger = Judge(weather), Ledger()
    with httpx.Client(base_url=server.url + "/api/v1", headers=headers, timeout=60) as api:
        product = api.post("/products", json={"sku": "S", "name": "Soak", "price": "3.33"})
        product.raise_for_status()
        clients = [
            Client(f"client-{n}", server.port, key, judge, ledger, product.json()["id"])
            for n in range(options.clients)
        ]
        before = count_requests(api)
        samples = asyncio.run(load(server, clients, weather, options))
        counted = count_requests(api) - before
        wrong = ledger.compare(api)
    asked = sum(client.asked for client in clients)
    wrong += judge_samples(samples, options.minutes * 60 / 4, CONNECTIONS + BESIDE)
    if asked != counted:
        wrong.append(f"{asked} requests were answered, the server counted {counted}")
    wrong += [] if "clean" in objectry("verify", *server.folders) else ["verify is not clean"]
    server.stop()
    log = server.log.read_text()
    wrong += re.findall(r"^.* (?:ERROR|CRITICAL) .*$|^Traceback.*$", log, re.MULTILINE)[:10]
    report(judge, ledger, weather, samples, wrong)
    return 1 if wrong or judge.failed else 0


async def load(
    server: Server, clients: list[Client], weather: Weather, options: Options
) -> list[Sample]:
    """Load, weather and samples at once."""
    assert server.process is not None
    seconds = options.minutes * 60
    began = time.monotonic()
    pause = len(clients) / options.rate
    plan = schedule(random.Random(options.seed), list(weather.kinds), seconds)
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(
            sample(server.process.pid, weather, max(1.0, seconds / 360), began + seconds)
        )
        for client in clients:
            group.create_task(client.run(began + seconds, pause))
        for at, kind in plan:
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            await weather.strike(kind)
            print(f"{time.monotonic() - began:7.1f} s  {weather.told[-1]}", flush=True)
    return looking.result()


def count_requests(api: httpx.Client) -> int:
    """How many requests of ours the server says it answered."""
    answer = api.get(str(api.base_url).removesuffix("api/v1/") + "metrics")
    answer.raise_for_status()
    ours = 0.0
    for family in text_string_to_metric_families(answer.text):
        if family.name == "objectry_http_requests":
            ours = sum(
                one.value
                for one in family.samples
                if one.labels["kind"] not in ("probe", "metrics") and one.labels["status"] != "none"
            )
    return int(ours)


if __name__ == "__main__":
    sys.exit(main())
