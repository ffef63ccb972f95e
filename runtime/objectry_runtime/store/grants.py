"""What the runtime role may do with the system tables, stated whole after every migration."""

from objectry_runtime.store.database import RUNTIME_ROLE

# History and events are only ever added to, releases only read: a fault in the runtime can't
# rewrite the past or change what is served.
_RIGHTS = {
    "tenant": "select",
    "release": "select",
    "live": "select",
    "principal": "select",
    "api_key": "select, update (last_used)",
    "history": "select, insert",
    "event": "select, insert",
    "idempotency": "select, insert, update, delete",
    "series": "select, insert, update, delete",
    "conversion_line": "select, insert, update, delete",
    "approval": "select, insert",
    "delegation": "select, insert, update (revoked_at)",
    "on_behalf": "select, insert",
    "subject_key": "select, insert, update, delete",
    "reservation": "select, insert, update",
    "arrival": "select, insert",
    "replica_gone": "select, insert, update, delete",
    "followed": "select, insert, update",
    "merged": "select, insert, update",
    "file": "select, insert, update (attached_at), delete",
}


def grants_sql() -> str:
    """Take everything away, then give what is listed; functions stay executable by all."""
    lines = [
        f"revoke all on all tables in schema objectry from {RUNTIME_ROLE};",
        f"grant usage on schema objectry to {RUNTIME_ROLE};",
        *(
            f"grant {right} on objectry.{table} to {RUNTIME_ROLE};"
            for table, right in _RIGHTS.items()
        ),
    ]
    return "\n".join(lines)


def business_grants_sql(schemas: tuple[str, ...]) -> str:
    """Rows of every table in the services' schemas, nothing about the tables themselves.

    The names come from the storage map, which allows `a-z0-9_` alone.
    """
    return "\n".join(
        f'grant usage on schema "{schema}" to {RUNTIME_ROLE};\n'
        f'grant select, insert, update, delete on all tables in schema "{schema}" '
        f"to {RUNTIME_ROLE};"
        for schema in schemas
    )
