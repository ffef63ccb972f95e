"""The database of a project: the one its settings name, or the embedded one in its state folder."""

from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager

from psycopg import conninfo, errors, sql

from objectry_runtime.services.settings import Settings
from objectry_runtime.services.topology import declared_services, topology_of
from objectry_runtime.store.database import Database, DatabaseUnusable, OwnerConnection
from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.migrate import migrate


@contextmanager
def open_database(settings: Settings, name: str = "") -> Generator[Database]:
    """The migrated database for the block; an embedded server runs at least as long.

    `name` is that of another database on the same server, which is made if it isn't there. Works
    beside other programs on the same state folder: they share the server.
    """
    if settings.database_url:
        database = _named(Database.of(settings.database_url), name)
        migrate(database)
        yield database
        return
    with EmbeddedPostgres(settings.state) as server:
        database = _named(server.database(), name)
        migrate(database)
        yield database


@contextmanager
def open_identities(settings: Settings) -> Generator[Database]:
    """The database that users and keys belong to: its service's, where services live apart."""
    name = ""
    if settings.text("topology.mode") == "services":
        topology = topology_of(settings, declared_services(settings.project))
        name = topology.placed[topology.identity]
    with open_database(settings, name) as database:
        yield database


@contextmanager
def open_databases(settings: Settings) -> Generator[Mapping[str, Database]]:
    """All databases of the installation by name: the one ("") or, apart, those of the services."""
    names = [""]
    if settings.text("topology.mode") == "services":
        topology = topology_of(settings, declared_services(settings.project))
        names = sorted(set(topology.placed.values())) or names
    with ExitStack() as stack:
        yield {name: stack.enter_context(open_database(settings, name)) for name in names}


def _named(main: Database, name: str) -> Database:
    """The database of that name beside the `main` one, made now if there is none."""
    if not name:
        return main
    with main.connect_owner() as connection:
        found = connection.execute("select from pg_database where datname = %s", (name,))
        if found.rowcount == 0:
            _make(connection, name)
    return Database.of(conninfo.make_conninfo(main.owner_dsn, dbname=name))


def _make(connection: OwnerConnection, name: str) -> None:
    try:
        # As the main one: with its encoding and its collation, and nothing of its content.
        statement = sql.SQL("create database {} template template0")
        connection.execute(statement.format(sql.Identifier(name)))
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        pass  # another program was faster
    except errors.InsufficientPrivilege as error:
        raise DatabaseUnusable(
            f"there is no database {name}, and the login may not make it. Let an administrator run:"
            f" create database {name}"
        ) from error
