"""What is in the database now: the planner's live schema, and about how many rows."""

from collections.abc import Collection, Container, Iterator

from objectry.planner import LiveColumn, LiveConstraint, LiveIndex, LiveSchema, LiveTable
from objectry_runtime.store.database import OwnerConnection

ROWS_COUNTED_MAX = 10_000

_TABLES = """
select n.nspname, c.relname, c.oid::bigint, c.reltuples::bigint,
    case when c.oid is not null then
        format('select count(*) from (select from %%I.%%I limit %%s) counted',
               n.nspname, c.relname, %(most)s + 1) end
from pg_namespace n
left join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
where n.nspname = any(%(schemas)s)
order by 1, 2
"""
_COLUMNS = """
select a.attrelid::bigint, a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull,
    pg_get_expr(d.adbin, d.adrelid)
from pg_attribute a
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = any(%(tables)s) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum
"""
# PostgreSQL 18 keeps NOT NULL as a constraint too; here it is a fact about the column.
_CONSTRAINTS = """
select k.conrelid::bigint, k.conname, k.contype::text,
    array(select a.attname::text from unnest(k.conkey) with ordinality as u (attnum, place)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum order by u.place),
    coalesce(tn.nspname || '.' || t.relname, ''), k.convalidated
from pg_constraint k
left join pg_class t on t.oid = k.confrelid
left join pg_namespace tn on tn.oid = t.relnamespace
where k.conrelid = any(%(tables)s) and k.contype in ('p', 'u', 'f', 'c')
order by k.conrelid, k.conname
"""
_INDEXES = """
select i.indrelid::bigint, c.relname, i.indisvalid and i.indisready
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = any(%(tables)s)
order by i.indrelid, c.relname
"""


def introspect(connection: OwnerConnection, schemas: Collection[str]) -> LiveSchema:
    """The tables of these schemas with everything on them; a schema that is not there is absent."""
    found: dict[str, dict[str, int]] = {}
    for schema, table, oid, _, _ in _tables(connection, schemas):
        tables = found.setdefault(schema, {})
        if table is not None:
            tables[table] = oid
    oids = {"tables": [oid for tables in found.values() for oid in tables.values()]}
    columns: dict[int, dict[str, LiveColumn]] = {}
    for oid, name, kind, nullable, default in connection.execute(_COLUMNS, oids):
        columns.setdefault(oid, {})[name] = LiveColumn(
            name=name, type=kind, nullable=nullable, default=default
        )
    constraints: dict[int, dict[str, LiveConstraint]] = {}
    for oid, name, kind, names, target, validated in connection.execute(_CONSTRAINTS, oids):
        constraints.setdefault(oid, {})[name] = LiveConstraint(
            name=name, kind=kind, columns=tuple(names), target=target, validated=validated
        )
    indexes: dict[int, dict[str, LiveIndex]] = {}
    for oid, name, valid in connection.execute(_INDEXES, oids):
        indexes.setdefault(oid, {})[name] = LiveIndex(name=name, valid=valid)
    return LiveSchema(
        schemas={
            schema: {
                table: LiveTable(
                    columns=columns.get(oid, {}),
                    constraints=constraints.get(oid, {}),
                    indexes=indexes.get(oid, {}),
                )
                for table, oid in tables.items()
            }
            for schema, tables in found.items()
        }
    )


def row_counts(
    connection: OwnerConnection, schemas: Collection[str], but: Container[str] = ()
) -> dict[str, int]:
    """`schema.table` → rows: exact up to ROWS_COUNTED_MAX, beyond it PostgreSQL's estimate.

    Tables named in `but` are left out.
    """
    counts: dict[str, int] = {}
    for schema, table, _, estimate, statement in _tables(connection, schemas):
        if table is None or f"{schema}.{table}" in but:
            continue
        row = connection.execute(statement.encode()).fetchone()
        counted = row[0] if row else 0
        counts[f"{schema}.{table}"] = (
            counted if counted <= ROWS_COUNTED_MAX else max(counted, estimate)
        )
    return counts


def _tables(
    connection: OwnerConnection, schemas: Collection[str]
) -> Iterator[tuple[str, str | None, int, int, str]]:
    yield from connection.execute(
        _TABLES, {"schemas": sorted(schemas), "most": ROWS_COUNTED_MAX}
    ).fetchall()
