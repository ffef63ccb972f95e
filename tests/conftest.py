"""What tests share: a real PostgreSQL, a fresh migrated database, executors over it.

The server is the one `OBJECTRY_TEST_DATABASE_URL` names, else the embedded one, started once for
the session. See tests/README.md.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from objectry_runtime.store.database import Database
from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.migrate import migrate
from tests.executors import new_executor


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Root's tests work in a folder of their own: pytest closes the one it shares to others."""
    if os.geteuid() == 0 and config.option.basetemp is None:
        base = tempfile.mkdtemp(prefix="objectry-tests-")
        config.option.basetemp = base
        config.add_cleanup(lambda: shutil.rmtree(base, ignore_errors=True))


@pytest.fixture(scope="session")
def tmp_path_factory(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[pytest.TempPathFactory]:
    """As pytest's own (`tmp_path` too), but PostgreSQL's account may pass when tests run as root.

    PostgreSQL never runs as root; where it can't pass, its data would go to /var/lib/objectry.
    """
    closed = tmp_path_factory.mktemp

    def mktemp(basename: str, numbered: bool = True) -> Path:
        folder = closed(basename, numbered)
        if os.geteuid() == 0:
            for each in (folder, *folder.parents):
                if each.stat().st_mode & 0o055 == 0:
                    each.chmod(0o755)
        return folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tmp_path_factory, "mktemp", mktemp)
        yield tmp_path_factory


@pytest.fixture(scope="session")
def server_dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The owner's address of a running server; any database name may be put in."""
    named = os.environ.get("OBJECTRY_TEST_DATABASE_URL")
    if named:
        yield named
        return
    with EmbeddedPostgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server.dsn("postgres")


@contextmanager
def temporary_database(server_dsn: str, template: str = "template0") -> Generator[Database]:
    """A database of its own, dropped afterwards with whoever is still connected."""
    name = f"t_{uuid.uuid4().hex}"
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        try:
            yield Database.of(conninfo.make_conninfo(server_dsn, dbname=name))
        finally:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def template_database(server_dsn: str) -> Iterator[str]:
    """The name of a migrated database that `database` copies."""
    with temporary_database(server_dsn) as template:
        migrate(template)
        yield str(conninfo.conninfo_to_dict(template.owner_dsn)["dbname"])


@pytest.fixture
def empty_database(server_dsn: str) -> Iterator[Database]:
    """A fresh database without system tables."""
    with temporary_database(server_dsn) as database:
        yield database


@pytest.fixture
def database(server_dsn: str, template_database: str) -> Iterator[Database]:
    """A fresh database with the system tables and nothing in them but the default tenant."""
    with temporary_database(server_dsn, template_database) as database:
        yield database


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection]:
    """An autocommit connection of the owner to `database`."""
    with database.connect_owner() as connection:
        yield connection


@pytest.fixture
async def executor(database: Database) -> AsyncIterator[Executor]:
    """An open executor as the runtime role."""
    pool = new_executor(database.runtime_dsn, size=4)
    await pool.open()
    yield pool
    await pool.close()


@pytest.fixture
async def owner_executor(database: Database) -> AsyncIterator[Executor]:
    """An open executor as the owner."""
    pool = new_executor(database.owner_dsn, size=4)
    await pool.open()
    yield pool
    await pool.close()
