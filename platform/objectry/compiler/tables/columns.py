"""Columns: a field's storage class as a PostgreSQL column."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any  # SQLAlchemy's own bound for types it knows only at run time

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, Numeric, Text, Time
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, JSONB, TIMESTAMP, UUID
from sqlalchemy.types import TypeEngine

from objectry.compiler.tables.constraints import must_have_value
from objectry.expressions.tree import Literal
from objectry.metadata.model.resolved import Derivation, FieldModel, ObjectModel
from objectry.metadata.types import StorageClass
from objectry.values.currencies import minor_units
from objectry.values.numbers import quantise

Constant = str | bool | int | Decimal | date | time | timedelta


def column_type(storage: StorageClass) -> TypeEngine[Any]:
    """The PostgreSQL type of a storage class. Text compares by code point (COLLATE "C")."""
    match storage:
        case StorageClass.TEXT:
            return Text(collation="C")
        case StorageClass.INTEGER:
            return BigInteger()
        case StorageClass.NUMERIC:
            return Numeric()
        case StorageClass.BOOLEAN:
            return Boolean()
        case StorageClass.DATE:
            return Date()
        case StorageClass.TIMESTAMP:
            return TIMESTAMP(timezone=True)
        case StorageClass.TIME:
            return Time()
        case StorageClass.INTERVAL:
            return INTERVAL()
        case StorageClass.UUID:
            return UUID(as_uuid=False)
        case StorageClass.TEXTS:
            return ARRAY(Text())
        case StorageClass.UUIDS:
            return ARRAY(UUID(as_uuid=False))
        case StorageClass.JSONB:
            return JSONB()
        case StorageClass.NONE:
            raise AssertionError("a table field has no column")


def engine_columns(line: bool) -> list[Column[Any]]:
    """The columns the engine needs beside the fields, `id` among them, in their order."""
    columns: list[Column[Any]] = [
        Column("tenant_id", Integer(), nullable=False, autoincrement=False),
        Column("id", UUID(as_uuid=False), nullable=False),
    ]
    if line:
        columns.append(Column("parent_id", UUID(as_uuid=False), nullable=False))
        columns.append(Column("position", Integer(), nullable=False))
    else:
        columns.append(Column("version", Integer(), nullable=False))
    return columns


def field_column(owner: ObjectModel, field: FieldModel, name: str) -> Column[Any]:
    """The column of a field; its `info` says which field, and what old rows get in it."""
    return Column(
        name,
        column_type(field.type.storage),
        nullable=not must_have_value(owner, field),
        info={
            "object": owner.name,
            "field": field.name,
            "at_write": field.derivation in (Derivation.SNAPSHOT, Derivation.COMPUTED),
            "constant": constant_default(owner, field),
        },
    )


def constant_default(owner: ObjectModel, field: FieldModel) -> Constant | None:
    """What rows written before the column existed get: the default where it is a plain value.

    Only a constant adds a NOT NULL column without rewriting the table.
    """
    if owner.workflow is not None and field.name == owner.workflow.field:
        return owner.workflow.definition.initial
    if field.default is None or not isinstance(field.default.tree, Literal):
        return None
    value = field.default.tree.value
    if isinstance(value, Decimal):
        if field.type.storage is StorageClass.INTEGER:
            return int(value)
        return quantise(value, _places(field, value))
    return value


def _places(field: FieldModel, value: Decimal) -> int:
    """The places a constant is stored with.

    Money whose currency differs by row gets those that nearly every currency has; the next write
    of a record in another currency gives the value the places of that one.
    """
    if field.scale is not None:
        return field.scale
    if field.currency is not None and field.currency.root == "code":
        return minor_units(field.currency.name)
    return max(2, -int(value.normalize().as_tuple().exponent))
