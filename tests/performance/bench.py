"""The generic runtime beside a hand-written ORM server: same tables, same PostgreSQL, same run.

`python -m tests.performance.bench` prints a table and writes JSON; `--smoke` is the short form that
CI runs to see that the benchmark works. Figures of one run are compared with each other only.
"""

import argparse
import hashlib
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from objectry_runtime.store.embedded import EmbeddedPostgres
from tests.performance.load import Load, measure, request
from tests.server import OBJECTRY, clean_environment, free_port, objectry

ROOT = Path(__file__).parents[2]
COUNTRIES = ("DE", "AT", "CH", "FR", "DK")


@contextmanager
def process(command: list[str], environment: dict[str, str], probe: str) -> Generator[None]:
    """A server process that answers `probe` (with any status) while the block runs."""
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, env=clean_environment() | environment, stdout=log, stderr=log, cwd=ROOT
        )
        try:
            deadline = time.monotonic() + 60
            while True:
                if server.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(log.read().decode())
                try:
                    httpx.get(probe, timeout=5)
                    break
                except httpx.TransportError:
                    time.sleep(0.05)  # polling a process that is starting
            yield
        except Exception:
            log.seek(0)
            sys.stderr.write(log.read().decode())
            raise
        finally:
            server.terminate()
            server.wait(timeout=30)


def seed(url: str, headers: dict[str, str], rows: int) -> list[str]:
    """Create customers by bulk POST; returns their ids."""
    ids: list[str] = []
    with httpx.Client(base_url=url, headers=headers, timeout=120) as api:
        for start in range(0, rows, 1000):
            body = [
                {
                    "name": f"Customer {n}",
                    "country": COUNTRIES[n % len(COUNTRIES)],
                    "city": "Kiel",
                    "postal_code": "24103",
                    "credit_limit": "5000.00",
                }
                for n in range(start, min(start + 1000, rows))
            ]
            answer = api.post("/api/v1/customers", json=body)
            answer.raise_for_status()
            ids += [row["id"] for row in answer.json()["data"]]
    return ids


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="seconds instead of minutes")
    parser.add_argument("--json", type=Path, default=None, help="also write the figures there")
    options = parser.parse_args()
    rows, seconds, rounds = (1000, 0.5, 1) if options.smoke else (20_000, 5.0, 3)
    clients = 16

    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with EmbeddedPostgres(Path(folder) / "state") as server:
            figures = run(server.dsn("objectry"), Path(folder), rows, seconds, rounds, clients)
    report(figures, clients)
    if options.json:
        options.json.write_text(
            json.dumps(
                {
                    "interpreter": interpreter(),
                    "rows": rows,
                    "clients": clients,
                    "requests_per_second": {
                        kind: {
                            who: [load.per_second for load in loads] for who, loads in both.items()
                        }
                        for kind, both in figures.items()
                    },
                },
                indent=2,
            )
        )


def run(
    dsn: str, folder: Path, rows: int, seconds: float, rounds: int, clients: int
) -> dict[str, dict[str, list[Load]]]:
    """Interleaved rounds over every kind of request; kind → server → loads."""
    ours, theirs = free_port(), free_port()
    environment = {"OBJECTRY_DATABASE_URL": dsn, "OBJECTRY_STATE": str(folder / "keys")}
    serve = [*OBJECTRY, "serve", "--project", str(ROOT), "--port", str(ours)]
    uvicorn = [sys.executable, "-m", "uvicorn", "--log-level", "warning", "--loop", "uvloop"]
    uvicorn += ["--http", "httptools", "--port", str(theirs)]
    uvicorn += ["tests.performance.baselines.orm_server:app"]
    url = f"http://127.0.0.1:{ours}"
    with process(serve, environment, url + "/healthz"):
        key = objectry(
            "key", "create", "bench", "--role", "admin", "--project", str(ROOT), extra=environment
        ).split()[-1]
        headers = {"Authorization": f"Bearer {key}"}
        ids = seed(url, headers, rows)
        baseline = {
            "DSN": dsn,
            "KEY_HASH": hashlib.sha256(key.encode()).hexdigest(),
        }
        with process(uvicorn, baseline, f"http://127.0.0.1:{theirs}/"):
            return interleave(
                {
                    "ours": (url, "/api/v1", headers),
                    "orm": (f"http://127.0.0.1:{theirs}", "", headers),
                },
                ids,
                seconds,
                rounds,
                clients,
            )


def interleave(
    servers: dict[str, tuple[str, str, dict[str, str]]],
    ids: list[str],
    seconds: float,
    rounds: int,
    clients: int,
) -> dict[str, dict[str, list[Load]]]:
    """Each kind of request on each server, round after round."""
    figures: dict[str, dict[str, list[Load]]] = {}
    for _ in range(rounds):
        for who, (url, prefix, headers) in servers.items():
            for kind, make in requests(f"{prefix}/customers", headers, ids, who).items():
                measure(url, make, clients=clients, seconds=seconds / 5)  # warm up
                load = measure(url, make, clients=clients, seconds=seconds)
                figures.setdefault(kind, {}).setdefault(who, []).append(load)
    return figures


def requests(
    path: str, headers: dict[str, str], ids: list[str], who: str
) -> dict[str, Callable[[], bytes]]:
    """What is sent, by kind."""
    turn = itertools.cycle([request("GET", f"{path}/{id}", headers) for id in ids])
    sort = "&sort=-created_at" if who == "ours" else ""
    listing = request("GET", f"{path}?country=DE{sort}", headers)
    body = json.dumps({"name": "New", "country": "DE", "credit_limit": "1000.00"}).encode()
    creation = request("POST", path, headers, body)
    return {
        "get by id": lambda: next(turn),
        "list of 50": lambda: listing,
        "create": lambda: creation,
    }


def report(figures: dict[str, dict[str, list[Load]]], clients: int) -> None:
    """A table of medians and their ratio."""
    print(f"{interpreter()}, {clients} clients, medians of interleaved rounds")
    print(f"{'request':<12} {'ours/s':>9} {'p50 ms':>7} {'p99 ms':>7} {'ORM/s':>9} {'ratio':>7}")
    for kind, both in figures.items():
        middle: dict[str, Any] = {
            who: statistics.median(load.per_second for load in loads) for who, loads in both.items()
        }
        load = both["ours"][-1]
        print(
            f"{kind:<12} {middle['ours']:>9.0f} {load.p50:>7.1f} {load.p99:>7.1f}"
            f" {middle['orm']:>9.0f} {middle['ours'] / middle['orm']:>6.1f}x"
        )


def interpreter() -> str:
    """The interpreter and whether it was built with profile-guided optimisation."""
    flags = sysconfig.get_config_var("CONFIG_ARGS") or ""
    pgo = "PGO" if "--enable-optimizations" in flags else "no PGO"
    return f"{platform.python_implementation()} {platform.python_version()} ({pgo})"


if __name__ == "__main__":
    main()
