"""What `objectry serve` does, step by step: settings, port, database, release, server."""

import logging
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from objectry.registry import Release
from objectry.registry.source import source_hash
from objectry_runtime.cli.failure import USAGE, Failure
from objectry_runtime.cli.greeting import greeting, say, url_of
from objectry_runtime.cli.project import open_settings, packages_of
from objectry_runtime.publishing import live_source, note_source
from objectry_runtime.services.app import create_app
from objectry_runtime.services.database import open_database
from objectry_runtime.services.runtime import Runtime, first_live
from objectry_runtime.services.secret import load_keyring
from objectry_runtime.services.server import bind, run
from objectry_runtime.services.settings import Settings
from objectry_runtime.services.topology import Topology, declared_services, topology_of
from objectry_runtime.store.database import Database, DatabaseUnusable
from objectry_runtime.store.pooler import check_pooler

if TYPE_CHECKING:
    from objectry_runtime.services.following import Neighbours

log = logging.getLogger("objectry.serve")


def serve(
    services: tuple[str, ...],
    demo: bool,
    host: str | None,
    port: int | None,
    project: Path | None,
    state: Path | None,
) -> int:
    """Serve until told to stop."""
    settings = open_settings(project, state)
    if demo and settings.database_url:
        raise Failure(
            "--demo loads made-up data, and OBJECTRY_DATABASE_URL names a database of yours.",
            "Unset it (and database_url in objectry.toml) to try the demo.",
            USAGE,
        )
    _log_to_stderr()
    topology = topology_of(settings, declared_services(settings.project)) if services else None
    if topology is not None:
        check_services(services, topology)
    address = host or settings.text("host")
    # The port first: it is the likeliest to fail and the cheapest to ask for.
    own = topology.ports[services[0]] if topology is not None else 0
    known = port if port is not None else own or settings.number("port")
    listener = bind(address, known)
    say("Starting …")
    with ExitStack() as stack:
        stack.enter_context(listener)
        name = topology.placed[services[0]] if topology is not None else ""
        database = stack.enter_context(open_database(settings, name))
        if pooler := settings.text("pooler_url"):
            check_pooler(pooler)
        sources: list[str] = []
        first = partial(_first_release, settings, topology, name, sources)
        live, published = first_live(database, settings, first)
        for source in sources:
            note_source(database, live.release.id, source)
        neighbours = _neighbours(settings, services, topology)
        runtime = Runtime(settings, database, live, frozenset(services), neighbours)
        demo_key = _demo(runtime, database, settings) if demo else ""
        hello = greeting(url_of(listener), runtime, database, published=published, key=demo_key)
        server = settings.text("server")
        ready = partial(_greet, hello, settings.project, database)
        if not run(create_app(runtime), listener, ready, server):
            raise Failure("The server did not start; the lines above say why.")
    say("Stopped.")
    return 0


def check_services(services: tuple[str, ...], topology: Topology) -> None:
    """Refuse a `--service` that there is not, and such as don't share a database."""
    known = sorted(topology.placed)
    for name in services:
        if name not in known:
            raise Failure(
                f'There is no service "{name}".', f"There are: {', '.join(known)}.", USAGE
            )
        if name not in topology.sharing(services[0]):
            raise Failure(
                f'"{services[0]}" and "{name}" have databases of their own; a process serves one.',
                f'Serve each alone, or set topology.together = "{",".join(services)}".',
                USAGE,
            )


def _neighbours(
    settings: Settings, services: tuple[str, ...], topology: Topology | None
) -> "Neighbours | None":
    """The services elsewhere; None where all share the database."""
    if topology is None or topology.sharing(services[0]) == frozenset(topology.placed):
        return None
    from objectry_runtime.services.following import Neighbours

    return Neighbours(services[0], topology, load_keyring(settings), settings.time_zone)


def _greet(hello: str, project: Path, database: Database) -> None:
    say(hello)
    Thread(target=_tell_of_changes, args=(project, database), daemon=True).start()


def _tell_of_changes(project: Path, database: Database) -> None:
    """Say so where the files are not those of the live release; requests are answered meanwhile."""
    try:
        live = live_source(database)
        if live and live != source_hash(project, packages_of(project)):
            say(
                f"\n  The files in {project} have changed since this release was published:"
                "\n  `objectry plan` shows what that means, `objectry apply` publishes them."
            )
    except (OSError, DatabaseUnusable) as error:
        log.debug("the files were not compared: %s", error)


def _first_release(
    settings: Settings, topology: Topology | None, database: str, sources: list[str]
) -> Release:
    # Loader and checks are only needed where nothing is published yet: most starts spare them.
    from objectry_runtime.cli.definitions import catalog_of_plugins, release_of

    say(f"The database is empty: publishing the definitions in {settings.project} …")
    sources.append(source_hash(settings.project, packages_of(settings.project)))
    release = release_of(settings.project)
    if topology is None:
        return release
    return topology.part(release, database, catalog_of_plugins())


def _demo(runtime: Runtime, database: Database, settings: Settings) -> str:
    from objectry_runtime.cli.demonstration import prepare_demo

    return prepare_demo(runtime, database, settings)


def _log_to_stderr() -> None:
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S%z",
    )
    for chatty in ("alembic", "httpx", "psycopg.pool", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # It warns of each unit the database refuses; the caller has been answered (a taken value, 422).
    logging.getLogger("psycopg").setLevel(logging.ERROR)
