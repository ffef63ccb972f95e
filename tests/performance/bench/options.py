"""What may be said on the command line."""

import argparse
from pathlib import Path

import msgspec

from objectry_runtime.services.known_settings import SETTINGS
from tests.performance.bench.data import SCALES
from tests.performance.bench.requests import KINDS
from tests.performance.bench.results import OURS, PGBENCH

SERVERS = (OURS, "orm", "core", PGBENCH)
HISTORY = Path(__file__).parents[1] / "history.jsonl"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it was asked for. `settings` are those of our server, by name."""

    kinds: list[str]
    servers: list[str]
    clients: list[int]
    seconds: float
    rounds: int
    scale: str
    state: Path | None
    json: Path | None
    history: Path | None
    settings: dict[str, str]


def read_options(words: list[str] | None = None) -> Options:
    """Options from the command line; ends the program where they make no sense."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.performance.bench",
        description="Our server beside hand-written ones and pgbench: docs/reference/benchmark.md.",
    )
    add = parser.add_argument
    add("--only", default=",".join(KINDS), help="requests, of %(default)s")
    add(
        "--servers", default=",".join(SERVERS), help="of %(default)s; ours:SETTING=VALUE is another"
    )
    add("--clients", default="1,16,64", help="numbers of clients, default %(default)s")
    add("--seconds", type=float, default=2.0, help="each is measured for, default %(default)s")
    add("--rounds", type=int, default=1, help="default %(default)s")
    add("--scale", choices=list(SCALES), default="small", help="of the data, default %(default)s")
    add("--state", type=Path, help="a folder that keeps the database for the next run")
    add("--json", type=Path, help="a file for all figures")
    add("--history", action="store_true", help=f"append a line to {HISTORY.name}")
    add("--smoke", action="store_true", help="everything once and short, to see that it works")
    for name in ("executor", "server"):
        if name in SETTINGS:
            add(f"--{name}", choices=SETTINGS[name].choices, help="of our server")
    given = parser.parse_args(words)
    kinds, servers = given.only.split(","), given.servers.split(",")
    for name in kinds:
        if name not in KINDS:
            parser.error(f"there is no request {name!r}; there are {', '.join(KINDS)}")
    for name in servers:
        if name.partition(":")[0] not in SERVERS:
            parser.error(f"there is no server {name!r}; there are {', '.join(SERVERS)}")
    settings = {
        name: str(value)
        for name in ("executor", "server")
        if (value := getattr(given, name, None)) is not None
    }
    return Options(
        kinds=kinds,
        servers=servers,
        clients=[4] if given.smoke else [int(number) for number in given.clients.split(",")],
        seconds=0.2 if given.smoke else given.seconds,
        rounds=1 if given.smoke else given.rounds,
        scale="smoke" if given.smoke else given.scale,
        state=given.state,
        json=given.json,
        history=HISTORY if given.history and not given.smoke else None,
        settings=settings,
    )
