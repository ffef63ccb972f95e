"""A database as configured: the owner's address, the runtime's address, and what both must be.

The owner migrates and publishes. The runtime connects as the same login but starts every session
in the role `objectry_runtime`, which owns nothing and may only read and write rows.
"""

import time
from typing import Any  # a row's values are of whatever type the statement says

import msgspec
import psycopg
from psycopg import conninfo

RUNTIME_ROLE = "objectry_runtime"
SERVER_VERSION_MIN = 15
# What a caller outside of store/ holds in its hands: rows come as tuples.
OwnerConnection = psycopg.Connection[tuple[Any, ...]]

# A host that vanished without a word is noticed within a minute, not after hours.
_DEFAULTS = {
    "application_name": "objectry",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "40000",
}
_SETTINGS = ("TimeZone=UTC", "search_path=pg_catalog", "client_min_messages=warning")


class DatabaseUnusable(Exception):
    """The database as configured can't carry the platform; the message says what to change."""


class Database(msgspec.Struct, frozen=True):
    """Where the data lies. `runtime_dsn` has no right to change tables or releases."""

    owner_dsn: str
    runtime_dsn: str

    @classmethod
    def of(cls, address: str) -> "Database":
        """From `OBJECTRY_DATABASE_URL`: a `postgresql://` URL or libpq's `key=value` words."""
        return cls(
            owner_dsn=_dsn(address),
            runtime_dsn=_dsn(address, f"role={RUNTIME_ROLE}"),
        )

    def connect_owner(self, *, autocommit: bool = True) -> OwnerConnection:
        """Connect as the owner; the caller closes (`with` does)."""
        try:
            return psycopg.connect(self.owner_dsn, autocommit=autocommit)
        except psycopg.OperationalError as error:
            raise DatabaseUnusable(
                f"can't connect to {self.name}: {_first_line(error)}. "
                "Is PostgreSQL running there, and is OBJECTRY_DATABASE_URL right?"
            ) from error

    @property
    def name(self) -> str:
        """The address for people and logs, without the password."""
        words = conninfo.conninfo_to_dict(self.owner_dsn)
        hosts = str(words.get("host") or words.get("hostaddr") or "the local server").split(",")
        ports = str(words.get("port") or "").split(",")
        if len(ports) < len(hosts):  # one for all
            ports = ports * len(hosts)
        places = [
            f"{host}:{port}" if port else host for host, port in zip(hosts, ports, strict=True)
        ]
        return f"database {self.dbname} on {' or '.join(places)}"

    @property
    def dbname(self) -> str:
        """The database's own name; where none is said it is the user's."""
        words = conninfo.conninfo_to_dict(self.owner_dsn)
        return str(words.get("dbname") or words.get("user") or "")


def prepare_server(connection: OwnerConnection) -> None:
    """Refuse a server that can't carry the platform; see to it that the runtime role exists.

    Needs an autocommit connection of the owner. Safe when several programs start at once.
    """
    version = connection.info.server_version
    if version < SERVER_VERSION_MIN * 10_000:
        raise DatabaseUnusable(
            f"the server is PostgreSQL {version // 10_000}; "
            f"{SERVER_VERSION_MIN} or newer is needed."
        )
    encoding, standby = _one(
        connection, "select current_setting('server_encoding'), pg_is_in_recovery()"
    )
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"the database is encoded in {encoding}; UTF8 is needed. "
            "Create it with: createdb --encoding=UTF8 --template=template0 NAME"
        )
    if standby:
        raise DatabaseUnusable("the server is a read-only standby; name the primary instead.")
    _ensure_runtime_role(connection)


def _ensure_runtime_role(connection: OwnerConnection) -> None:
    # Roles belong to the whole server, so no lock of this database keeps another program away
    # from creating the same one now: losing that race is fine, and tried again.
    for attempt in range(10):
        try:
            if _role_is_ready(connection):
                return
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            continue
        except psycopg.errors.InternalError_:  # "tuple concurrently updated"
            time.sleep(0.01 * (attempt + 1))
        except psycopg.errors.InsufficientPrivilege as error:
            raise _role_refused(connection) from error
    raise _role_refused(connection)


def _role_is_ready(connection: OwnerConnection) -> bool:
    found = connection.execute(
        "select rolsuper or rolbypassrls or rolcreaterole from pg_roles where rolname = %s",
        (RUNTIME_ROLE,),
    ).fetchone()
    if found is None:
        connection.execute(
            f"create role {RUNTIME_ROLE} nologin nosuperuser nobypassrls nocreatedb nocreaterole"
        )
    elif found[0]:
        raise DatabaseUnusable(
            f"the role {RUNTIME_ROLE} has rights it must not have. Take them away with: "
            f"alter role {RUNTIME_ROLE} nosuperuser nobypassrls nocreaterole"
        )
    # PostgreSQL 16 tells being a member from being allowed to SET ROLE.
    right = "SET" if connection.info.server_version >= 160_000 else "MEMBER"
    allowed = "select pg_has_role(current_user, %s, %s)"
    if _one(connection, allowed, RUNTIME_ROLE, right)[0]:
        return True
    connection.execute(f"grant {RUNTIME_ROLE} to current_user")
    return bool(_one(connection, allowed, RUNTIME_ROLE, right)[0])


def _role_refused(connection: OwnerConnection) -> DatabaseUnusable:
    login = _one(connection, "select quote_ident(current_user)")[0]
    return DatabaseUnusable(
        f"the login {login} may not create the role {RUNTIME_ROLE} or use it. "
        f"Let an administrator run once: create role {RUNTIME_ROLE} nologin; "
        f"grant {RUNTIME_ROLE} to {login};"
    )


def with_options(dsn: str, *settings: str) -> str:
    """The address with server settings (`name=value`) for every session, beside those it has."""
    given = str(conninfo.conninfo_to_dict(dsn).get("options") or "")
    options = " ".join([given, *(f"-c {setting}" for setting in settings)]).strip()
    return conninfo.make_conninfo(dsn, options=options)


def _dsn(address: str, *settings: str) -> str:
    try:
        words = conninfo.conninfo_to_dict(address)
    except psycopg.ProgrammingError as error:
        raise DatabaseUnusable(
            f"the database address can't be read: {_first_line(error)}. "
            "Write it as postgresql://user:password@host:5432/name or host=… dbname=…"
        ) from error
    # Of several hosts one is likely silent after a failover: the next is tried soon.
    several = "," in str(words.get("host") or words.get("hostaddr") or "")
    defaults = _DEFAULTS | {"connect_timeout": "3" if several else "10"}
    missing = {name: value for name, value in defaults.items() if name not in words}
    dsn = conninfo.make_conninfo(address, client_encoding="UTF8", **missing)
    return with_options(dsn, *_SETTINGS, *settings)


def _one(connection: OwnerConnection, sql: str, *params: object) -> tuple[Any, ...]:
    row = connection.execute(sql.encode(), params or None).fetchone()
    assert row is not None
    return row


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")
