"""Business tables: one real table per object, in the schema of its service."""

from collections.abc import Collection
from typing import Any  # SQLAlchemy's own bound for columns known only at run time

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.schema import Constraint as SchemaConstraint

from objectry.compiler.tables.columns import engine_columns, field_column
from objectry.compiler.tables.constraints import Constraint, IndexOn, constraints, indexes
from objectry.compiler.tables.references import Reference, references
from objectry.metadata.model import Model, ObjectModel
from objectry.registry.storage import StorageMap


def compile_tables(
    model: Model, storage: StorageMap, objects: Collection[str] | None = None
) -> MetaData:
    """The business tables of a release as SQLAlchemy describes them.

    Every name comes from the storage map; `tenant_id` leads every key, unique and index. The
    `info` of a table says which object it holds, that of a column which field, whether it is
    known `at_write` only, and the `constant` that older rows get, that of a check which columns it
    holds. With `objects`, only their tables, and the bare keys of the tables that those link to.
    """
    metadata = MetaData()
    for name in sorted(model.objects() if objects is None else objects):
        _add_table(metadata, model.object(name), storage)
    for table in tuple(metadata.tables.values()):
        for link in table.foreign_keys:
            _add_keys(metadata, link.target_fullname)
    return metadata


def _add_table(metadata: MetaData, owner: ObjectModel, storage: StorageMap) -> None:
    place = storage.objects[owner.name]
    columns = engine_columns(owner.is_line)
    present = {column.name for column in columns}
    columns.extend(
        field_column(owner, field, place.columns[field.name])
        for field in owner.fields.values()
        if field.stored and place.columns[field.name] not in present
    )
    table = Table(place.table, metadata, *columns, schema=place.schema, info={"object": owner.name})
    for constraint in constraints(owner, storage):
        if constraint.while_empty:
            _add_unique(table, constraint)
        else:
            table.append_constraint(_constraint(constraint))
    for index in indexes(owner, storage):
        _add_index(table, index)
    for reference in references(owner, storage):
        _add_references(metadata, owner, reference)


def _add_references(metadata: MetaData, owner: ObjectModel, reference: Reference) -> None:
    """The table of what a link leads to: as many rows as there are links."""
    columns: list[Column[Any]] = [
        Column("tenant_id", Integer(), nullable=False, autoincrement=False),
        Column("id", UUID(as_uuid=False), nullable=False),
        Column("target", UUID(as_uuid=False), nullable=False),
    ]
    info = {"object": owner.name, "holds": reference.holding}
    table = Table(reference.table, metadata, *columns, schema=reference.schema, info=info)
    for constraint in reference.constraints:
        table.append_constraint(_constraint(constraint))
    _add_index(table, reference.index)


def _add_keys(metadata: MetaData, target: str) -> None:
    """What a link needs to know of a table that is not compiled: that it has this column."""
    schema, table, column = target.split(".")
    found = metadata.tables.get(f"{schema}.{table}")
    if found is None:
        found = Table(table, metadata, schema=schema)
    if column not in found.c:
        found.append_column(Column(column, Integer() if column == "tenant_id" else UUID()))


def _constraint(wanted: Constraint) -> SchemaConstraint:
    columns = ("tenant_id", *wanted.columns)
    match wanted.kind:
        case "primary":
            return PrimaryKeyConstraint(*columns, name=wanted.name)
        case "unique":
            return UniqueConstraint(*columns, name=wanted.name)
        case "check":
            return CheckConstraint(wanted.rule, name=wanted.name, info={"columns": wanted.columns})
        case "link":
            assert wanted.target is not None, "a link has a target"
            there = f"{wanted.target.schema}.{wanted.target.table}"
            return ForeignKeyConstraint(
                columns,
                (f"{there}.tenant_id", f"{there}.id"),
                name=wanted.name,
                ondelete="CASCADE" if wanted.cascade else None,
            )


def _add_unique(table: Table, wanted: Constraint) -> None:
    """A unique that only some rows keep is an index: no constraint can say which."""
    columns = [table.c[column] for column in ("tenant_id", *wanted.columns)]
    there = table.c[wanted.while_empty].is_(None)
    Index(wanted.name, *columns, unique=True, postgresql_where=there)


def _add_index(table: Table, wanted: IndexOn) -> None:
    if wanted.through:
        key = getattr(func.objectry, wanted.through)(table.c[wanted.columns[0]])
        # Words are many for each record: an inverted index, which holds no tenant.
        words = wanted.through == "match_words"
        leading = () if words else (table.c.tenant_id,)
        Index(wanted.name, *leading, key, postgresql_using="gin" if words else "btree")
        return
    Index(
        wanted.name,
        table.c.tenant_id,
        *(
            table.c[column[1:]].desc() if column.startswith("-") else table.c[column]
            for column in wanted.columns
        ),
    )
