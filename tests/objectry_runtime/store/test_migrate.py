"""The system tables come whole, once, whoever starts first; the runtime may do what is listed."""

import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from objectry_runtime.store import database as store_database
from objectry_runtime.store import migrate as store_migrate
from objectry_runtime.store.database import Database, DatabaseUnusable
from objectry_runtime.store.migrate import migrate, migrations_folder

NEWEST = "0009"
NEWER = f"""
from alembic import op

revision = "newer"
down_revision = "{NEWEST}"


def upgrade() -> None:
    op.execute("alter table objectry.tenant add column colour text not null default 'grey'")
"""


@pytest.fixture
def newer_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A program that brings one more revision."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrations_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "newer.py").write_text(NEWER)
    with monkeypatch.context() as patch:
        patch.setattr(store_migrate, "migrations_folder", lambda: folder)
        yield patch


def rights(connection: psycopg.Connection, table: str) -> str:
    """What the runtime may do with a whole table."""
    row = connection.execute(
        "select string_agg(p, ' ' order by p) from unnest(%s::text[]) p "
        "where has_table_privilege('objectry_runtime', %s, p)",
        (["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"], table),
    ).fetchone()
    return row[0] or "" if row else ""


def test_the_default_tenant_is_there(owner: psycopg.Connection) -> None:
    found = owner.execute("select id, name, time_zone from objectry.tenant").fetchall()
    assert [(1, "default", "UTC")] == found


def test_the_runtime_has_these_rights_and_no_others(owner: psycopg.Connection) -> None:
    tables = [
        name
        for (name,) in owner.execute(
            "select relname from pg_class where relkind = 'r' "
            "and relnamespace = 'objectry'::regnamespace order by 1"
        )
    ]
    assert {
        "api_key": "SELECT",  # and last_used, see below
        "approval": "INSERT SELECT",
        "arrival": "INSERT SELECT",
        "conversion_line": "DELETE INSERT SELECT UPDATE",
        "delegation": "INSERT SELECT",  # and revoked_at, see below
        "event": "INSERT SELECT",
        "file": "DELETE INSERT SELECT",  # and attached_at, see below
        "followed": "INSERT SELECT UPDATE",
        "history": "INSERT SELECT",
        "idempotency": "DELETE INSERT SELECT UPDATE",
        "installed": "",
        "live": "SELECT",
        "merged": "INSERT SELECT UPDATE",
        "on_behalf": "INSERT SELECT",
        "principal": "SELECT",
        "release": "SELECT",
        "replica_gone": "DELETE INSERT SELECT UPDATE",
        "reservation": "INSERT SELECT UPDATE",
        "revision": "",
        "series": "DELETE INSERT SELECT UPDATE",
        "subject_key": "DELETE INSERT SELECT UPDATE",
        "tenant": "SELECT",
    } == {name: rights(owner, f"objectry.{name}") for name in tables}
    columns = owner.execute(
        "select table_name, column_name from information_schema.column_privileges "
        "where table_schema = 'objectry' and table_name in ('api_key', 'delegation', 'file') "
        "and grantee = 'objectry_runtime' and privilege_type = 'UPDATE' order by 1"
    ).fetchall()
    assert [
        ("api_key", "last_used"),
        ("delegation", "revoked_at"),
        ("file", "attached_at"),
    ] == columns


@pytest.mark.parametrize(
    "statement",
    [
        "update objectry.history set version = 1",
        "delete from objectry.event",
        "delete from objectry.release",
        "update objectry.live set sequence = 1",
        "update objectry.api_key set revoked_at = null",
        "create table objectry.mine ()",
        "create schema mine",
        "truncate objectry.series",
    ],
)
def test_the_runtime_can_not_reach_further(database: Database, statement: str) -> None:
    with (
        psycopg.connect(database.runtime_dsn) as runtime,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        runtime.execute(statement.encode())


def test_the_feed_has_an_order(database: Database) -> None:
    """An event takes its transaction's id and the next number by itself."""
    record = uuid.uuid4()
    with psycopg.connect(database.runtime_dsn) as runtime:
        rows = runtime.execute(
            "insert into objectry.event (tenant_id, uid, type, service, object, record_id, version)"
            " select 1, gen_random_uuid(), 'T', 's', 'o', %s, v from generate_series(1, 2) v "
            "returning epoch, xid = pg_current_xact_id(), version",
            (record,),
        ).fetchall()
    assert [(1, True, 1), (1, True, 2)] == rows


def test_migrating_again_changes_nothing(database: Database, owner: psycopg.Connection) -> None:
    before = owner.execute("select xmin::text, fingerprint from objectry.installed").fetchall()
    migrate(database)
    assert (
        before == owner.execute("select xmin::text, fingerprint from objectry.installed").fetchall()
    )


def test_programs_that_start_at_once_migrate_once(empty_database: Database) -> None:
    with ThreadPoolExecutor(6) as programs:
        list(programs.map(migrate, [empty_database] * 6))
    with empty_database.connect_owner() as connection:
        counts = connection.execute(
            "select (select count(*) from objectry.tenant), "
            "(select count(*) from objectry.installed), (select version_num from objectry.revision)"
        ).fetchone()
    assert (1, 1, NEWEST) == counts


def test_a_newer_program_adds_and_keeps_the_data(
    database: Database, owner: psycopg.Connection, newer_program: pytest.MonkeyPatch
) -> None:
    owner.execute("insert into objectry.tenant (id, name) values (2, 'kept')")
    migrate(database)
    tenants = owner.execute("select id, name, colour from objectry.tenant order by id").fetchall()
    assert [(1, "default", "grey"), (2, "kept", "grey")] == tenants


def test_an_older_program_refuses_a_newer_database(
    database: Database, newer_program: pytest.MonkeyPatch
) -> None:
    migrate(database)
    newer_program.undo()
    with pytest.raises(DatabaseUnusable, match="migrated by a newer version of Objectry"):
        migrate(database)


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def functions_sql(server_version: int) -> str:
        return f"select no_such_function({server_version})"

    monkeypatch.setattr(store_migrate, "functions_sql", functions_sql)
    with pytest.raises(psycopg.errors.UndefinedFunction):
        migrate(empty_database)
    with empty_database.connect_owner() as connection:
        assert (None,) == connection.execute("select to_regnamespace('objectry')").fetchone()


def test_a_server_too_old_is_refused(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_database, "SERVER_VERSION_MIN", 99)
    with pytest.raises(DatabaseUnusable, match=r"the server is PostgreSQL \d+; 99 or newer"):
        migrate(empty_database)


def test_a_database_that_is_not_utf8_is_refused(server_dsn: str) -> None:
    name = f"t_{uuid.uuid4().hex}"
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(
            sql.SQL(
                "create database {} template template0 encoding 'LATIN1' "
                "locale_provider libc locale 'C'"
            ).format(sql.Identifier(name))
        )
        try:
            with pytest.raises(DatabaseUnusable, match="encoded in LATIN1; UTF8 is needed"):
                migrate(Database.of(conninfo.make_conninfo(server_dsn, dbname=name)))
        finally:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def plain_owner(server_dsn: str, database: Database) -> Iterator[Database]:
    """A database owned by a login that may create neither roles nor databases."""
    login = f"t_{uuid.uuid4().hex}"
    name = sql.Identifier(login)
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(sql.SQL("create role {} login").format(name))
        server.execute(sql.SQL("create database {} owner {} template template0").format(name, name))
        try:
            yield Database.of(conninfo.make_conninfo(server_dsn, dbname=login, user=login))
        finally:
            server.execute(sql.SQL("drop database {} with (force)").format(name))
            server.execute(sql.SQL("drop role {}").format(name))


def test_an_owner_without_the_runtime_role_is_told_what_to_run(plain_owner: Database) -> None:
    with pytest.raises(DatabaseUnusable, match="create role objectry_runtime nologin; grant"):
        migrate(plain_owner)


def test_an_owner_that_was_given_the_runtime_role_needs_no_more(
    server_dsn: str, plain_owner: Database
) -> None:
    login = sql.Identifier(str(conninfo.conninfo_to_dict(plain_owner.owner_dsn)["user"]))
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(sql.SQL("grant objectry_runtime to {}").format(login))
    migrate(plain_owner)
    with psycopg.connect(plain_owner.runtime_dsn) as runtime:
        assert ("objectry_runtime", 1) == runtime.execute(
            "select current_user::text, id from objectry.tenant"
        ).fetchone()


@pytest.mark.parametrize("there", ["database", "empty_database"])
def test_a_login_that_does_not_own_the_database_is_told_so(
    request: pytest.FixtureRequest, server_dsn: str, plain_owner: Database, there: str
) -> None:
    """Whether Objectry's tables are there already or not."""
    login = str(conninfo.conninfo_to_dict(plain_owner.owner_dsn)["user"])
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(sql.SQL("grant objectry_runtime to {}").format(sql.Identifier(login)))
    others: Database = request.getfixturevalue(there)
    stranger = Database.of(conninfo.make_conninfo(others.owner_dsn, user=login))
    with pytest.raises(DatabaseUnusable, match="Connect as the login that owns that database"):
        migrate(stranger)
