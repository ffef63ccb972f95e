"""The servers that are compared: how each is started."""

import sys
from pathlib import Path

import msgspec

from tests.server import OBJECTRY

ROOT = Path(__file__).parents[3]
CONNECTIONS = 10  # to the database, of each


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server finds its database and what it needs beside it."""

    dsn: str
    state: Path


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A server: its name in the tables, its command for a port, its environment."""

    name: str
    command: list[str]
    environment: dict[str, str]


def ours(place: Place, port: int, settings: dict[str, str]) -> Served:
    """`objectry serve` with all that it does by default; `settings` by environment variable."""
    return Served(
        name="ours",
        command=[*OBJECTRY, "serve", "--project", str(ROOT), "--port", str(port)],
        environment=environment(place) | settings,
    )


def baseline(name: str, place: Place, port: int) -> Served:
    """A hand-written server: `orm` or `core`."""
    return Served(
        name=name,
        command=[
            *(sys.executable, "-m", "uvicorn", "--log-level", "warning", "--no-access-log"),
            *("--loop", "uvloop", "--http", "httptools", "--port", str(port)),
            f"tests.performance.baselines.{name}_server:app",
        ],
        environment={"DSN": place.dsn, "CONNECTIONS": str(CONNECTIONS)},
    )


def environment(place: Place) -> dict[str, str]:
    """What our own programs are told of the database."""
    return {
        "OBJECTRY_DATABASE_URL": place.dsn,
        "OBJECTRY_STATE": str(place.state),
        "OBJECTRY_LIMITS_CONNECTIONS": str(CONNECTIONS),
    }
