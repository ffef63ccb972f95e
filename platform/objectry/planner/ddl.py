"""SQLAlchemy's descriptions as PostgreSQL's DDL text."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any  # SQLAlchemy's own bound for columns known only at run time

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import (
    AddConstraint,
    Constraint,
    CreateIndex,
    CreateSchema,
    CreateTable,
    DDLElement,
)

from objectry.values.times import duration_text

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own gap
_PREPARER = DIALECT.identifier_preparer


def text_of(element: DDLElement) -> str:
    """One statement, without white space around."""
    lines = str(element.compile(dialect=DIALECT)).strip().splitlines()
    return "\n".join(line.replace("\t", "  ").rstrip() for line in lines)


def table_name(table: Table) -> str:
    """The quoted name with its schema."""
    return _PREPARER.format_table(table)


def quote(name: str) -> str:
    """One identifier, always quoted."""
    return _PREPARER.quote_identifier(name)


def create_schema(name: str) -> str:
    """CREATE SCHEMA that minds no schema made meanwhile."""
    return text_of(CreateSchema(name, if_not_exists=True))


def create_table(table: Table, without: set[ForeignKeyConstraint]) -> str:
    """CREATE TABLE with all constraints but those in `without`."""
    wanted = [each for each in table.foreign_key_constraints if each not in without]
    return text_of(CreateTable(table, include_foreign_key_constraints=wanted))


def create_index(index: Index, *, concurrently: bool) -> str:
    """CREATE INDEX, concurrently where clients are at work on the table."""
    statement = text_of(CreateIndex(index))
    return statement.replace("INDEX", "INDEX CONCURRENTLY", 1) if concurrently else statement


def drop_index(schema: str, name: str) -> str:
    """DROP INDEX CONCURRENTLY."""
    return f"DROP INDEX CONCURRENTLY IF EXISTS {quote(schema)}.{quote(name)}"


def add_constraint(constraint: Constraint, *, valid: bool = True) -> str:
    """ADD CONSTRAINT; not `valid`: new rows must keep it, old ones are looked at later."""
    statement = text_of(AddConstraint(constraint))
    assert valid or isinstance(constraint, CheckConstraint | ForeignKeyConstraint)
    return statement if valid else f"{statement} NOT VALID"


def alter(table: Table, action: str) -> str:
    """ALTER TABLE … action."""
    return f"ALTER TABLE {table_name(table)} {action}"


def column_type(column: Column[Any]) -> str:
    """The type as PostgreSQL's `format_type` writes it (no collation)."""
    rendered = column.type.compile(dialect=DIALECT).lower()
    return rendered.split(" collate ")[0]


def column_definition(column: Column[Any]) -> str:
    """`"name" type`, without NOT NULL."""
    return f"{quote(column.name)} {column.type.compile(dialect=DIALECT)}"


def literal(value: object) -> str:
    """A constant as SQL text (defaults declared in definitions, never a request's text)."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case datetime() | date() | time():
            return f"'{value.isoformat()}'"
        case timedelta():
            return f"'{duration_text(value)}'"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            raise AssertionError(f"no constant is a {type(value).__name__}")
