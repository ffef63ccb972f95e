"""Brings the system tables of a database up to this program: tables, functions, grants."""

from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import psycopg

from objectry_runtime.store.database import Database, DatabaseUnusable, prepare_server
from objectry_runtime.store.functions import functions_sql
from objectry_runtime.store.grants import grants_sql

# One number for all programs of the platform: who migrates or publishes holds it.
SCHEMA_LOCK = 0x6F626A6563747279  # "objectry"


def migrate(database: Database) -> None:
    """Migrate the system tables; quick when there is nothing to do, and safe to race.

    Everything is one transaction: a program killed on the way leaves the database as it was.
    Raises DatabaseUnusable when the database can't be used or was migrated by a newer program.
    """
    try:
        _bring_up(database)
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseUnusable(
            f"the login may not make or change Objectry's tables in {database.name} "
            f"({str(error).splitlines()[0]}). Connect as the login that owns that database."
        ) from error


def _bring_up(database: Database) -> None:
    with database.connect_owner() as connection:
        prepare_server(connection)
        functions = functions_sql(connection.info.server_version)
        wanted = _fingerprint(functions)
        if _installed(connection) == wanted:
            return
    _migrate(database, functions, wanted)


def _migrate(database: Database, functions: str, wanted: str) -> None:
    # Imported here: half a second that a start on a migrated database needn't spend.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy import NullPool, create_engine

    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: database.connect_owner(autocommit=False),
        poolclass=NullPool,
    )
    with engine.begin() as session:
        owner = session.connection.driver_connection
        assert isinstance(owner, psycopg.Connection)
        owner.execute("select pg_advisory_xact_lock(%s)", (SCHEMA_LOCK,))
        owner.execute("create schema if not exists objectry")
        config = Config(attributes={"connection": session})
        config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise DatabaseUnusable(
                f"{database.name} was migrated by a newer version of Objectry ({error}). "
                "Use that version or a newer one."
            ) from error
        owner.execute(f"{functions};\n{grants_sql()}".encode())
        owner.execute(
            "create table if not exists objectry.installed (fingerprint text not null)",
        )
        owner.execute("delete from objectry.installed")
        owner.execute("insert into objectry.installed values (%s)", (wanted,))


def migrations_folder() -> Path:
    """The revisions: inside the installed package, or at the root of a checkout."""
    package = Path(str(files("objectry_runtime")))
    installed = package / "system" / "migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"


def _fingerprint(functions: str) -> str:
    digest = sha256(f"{functions}\n{grants_sql()}".encode())
    for revision in sorted((migrations_folder() / "versions").glob("*.py")):
        digest.update(revision.read_bytes())
    return digest.hexdigest()


def _installed(connection: psycopg.Connection) -> str | None:
    exists = connection.execute("select to_regclass('objectry.installed')").fetchone()
    if exists is None or exists[0] is None:
        return None
    row = connection.execute("select fingerprint from objectry.installed").fetchone()
    return None if row is None else str(row[0])
