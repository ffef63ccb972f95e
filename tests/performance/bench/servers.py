"""The servers that are compared: how each is started."""

import sys
from pathlib import Path

import msgspec

from objectry_runtime.services.known_settings import SETTINGS
from tests.server import OBJECTRY

# A small business of its own, as the hand-written servers have it: the suite may grow.
PROJECT = Path(__file__).with_name("project")
CONNECTIONS = 10  # to the database, of each


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a server finds its database, and the folder of its secrets."""

    dsn: str
    state: Path


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A server: what it is in words, its command for a port, its environment."""

    said: str
    command: list[str]
    environment: dict[str, str]


def served(name: str, place: Place, port: int, settings: dict[str, str]) -> Served:
    """The server of a name: `ours`, `ours:SETTING=VALUE`, `orm` or `core`."""
    kind, _, more = name.partition(":")
    if kind != "ours":
        return _baseline(kind, place, port)
    told = settings | dict(pair.split("=", 1) for pair in more.split("+") if pair)
    return _ours(place, port, told)


def environment(place: Place, settings: dict[str, str] | None = None) -> dict[str, str]:
    """What our own programs are told: of the database, and settings by their names."""
    return {
        "OBJECTRY_DATABASE_URL": place.dsn,
        "OBJECTRY_STATE": str(place.state),
        "OBJECTRY_LIMITS_CONNECTIONS": str(CONNECTIONS),
        **{SETTINGS[name].variable: value for name, value in (settings or {}).items()},
    }


def _ours(place: Place, port: int, settings: dict[str, str]) -> Served:
    kinds = {
        name: settings.get(name, str(SETTINGS[name].default))
        for name in ("executor", "server")
        if name in SETTINGS
    }
    shown = ", ".join(f"{name} {value}" for name, value in (kinds | settings).items())
    return Served(
        said=f"objectry serve, {shown}, {CONNECTIONS} connections, all else as it comes",
        command=[*OBJECTRY, "serve", "--project", str(PROJECT), "--port", str(port)],
        environment=environment(place, settings),
    )


def _baseline(name: str, place: Place, port: int) -> Served:
    titles = {"orm": "the SQLAlchemy ORM", "core": "SQLAlchemy Core"}
    return Served(
        said=f"Litestar and {titles[name]} by hand, uvicorn with uvloop and httptools, "
        f"{CONNECTIONS} connections",
        command=[
            *(sys.executable, "-m", "uvicorn", "--log-level", "warning", "--no-access-log"),
            *("--loop", "uvloop", "--http", "httptools", "--port", str(port)),
            f"tests.performance.baselines.{name}_server:app",
        ],
        environment={"DSN": place.dsn, "CONNECTIONS": str(CONNECTIONS)},
    )
