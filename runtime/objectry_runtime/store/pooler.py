"""Requests through a PgBouncer in transaction mode: what can't be asked of its sessions is checked.

Its sessions belong to nobody, so the start-up options that make a session the runtime's own are
ignored there, and its configuration has to say the same (docs/how-to/pgbouncer.md).
"""

import psycopg

from objectry_runtime.store.database import RUNTIME_ROLE, Database, DatabaseUnusable

_ASKED = (
    b"select current_user::text, current_setting('search_path'), current_setting('TimeZone'), "
    b"current_setting('statement_timeout')"
)
_WANTED = (RUNTIME_ROLE, "pg_catalog", "UTC")


def pooler_dsn(url: str) -> str:
    """The runtime's address through the pooler; DatabaseUnusable when it can't be read."""
    return Database.of(url).runtime_dsn


def check_pooler(url: str) -> None:
    """DatabaseUnusable for sessions with more rights than the runtime has, or without limits."""
    try:
        with psycopg.connect(pooler_dsn(url), autocommit=True) as connection:
            found = connection.execute(_ASKED, prepare=False).fetchone()
    except psycopg.OperationalError as error:
        reason = str(error).strip().partition("\n")[0]
        raise DatabaseUnusable(f"the pooler does not answer: {reason}") from error
    assert found is not None
    role, path, zone, patience = found
    if (role, path, zone) == _WANTED and patience != "0":
        return
    raise DatabaseUnusable(
        f"sessions of the pooler have the role {role}, search_path {path}, TimeZone {zone} and "
        f"statement_timeout {patience}; they need {RUNTIME_ROLE}, pg_catalog, UTC and a limit. "
        "Set its connect_query as docs/how-to/pgbouncer.md shows."
    )
