"""Steps for one column: add it, let it be empty, or say why it can't become what is wanted."""

from collections.abc import Iterator, Sequence
from typing import Any  # SQLAlchemy's own bound for columns known only at run time

from sqlalchemy import CheckConstraint, Column, Table

from objectry.planner import ddl
from objectry.planner.live import LiveColumn
from objectry.planner.plan import Lock, Step


def add_column(
    table: Table, column: Column[Any], checks: Sequence[CheckConstraint], rows: int
) -> Step:
    """Add a column with its checks, which are to be validated later.

    Rows that are there get the constant its field has as default, if any.
    """
    rules = [ddl.add_constraint(check, valid=False) for check in checks]
    place = f"{table.fullname}.{column.name}"
    definition = ddl.column_definition(column)
    constant = column.info.get("constant")
    if constant is not None:
        null = "" if column.nullable else " NOT NULL"
        value = ddl.literal(constant)
        # PostgreSQL keeps a constant default beside the table: no row is rewritten. It stays, for
        # what servers that still run the release before insert.
        return _step(
            table,
            f"add column {place}, {value} for the rows that are there",
            ddl.alter(table, f"ADD COLUMN {definition}{null} DEFAULT {value}"),
            *rules,
        )
    if column.nullable or rows == 0:
        # Always filled or not, servers of the release before insert rows without it for a moment.
        late = rows and column.info.get("at_write")
        note = "Rows that are there stay without a value: it is taken by a write." if late else ""
        addition = ddl.alter(table, f"ADD COLUMN {definition}")
        return _step(table, f"add column {place}", addition, *rules, note=note)
    return _refused(
        table,
        f"add column {place}, always filled",
        rows,
        f"{rows:,} rows would have no value: give the field a default that is a plain value, or "
        "don't make it required.",
    )


def change_column(
    table: Table, column: Column[Any], live: LiveColumn, rows: int, *, newly_required: bool
) -> Iterator[Step]:
    """What a column that is there needs.

    NOT NULL comes with the table, or with a default that stays: servers of the release before may
    still insert without a value. Otherwise the write path alone holds `required`, and the plan
    sees to it that no row lacks a value when a field becomes required.
    """
    place = f"{table.fullname}.{column.name}"
    wanted = ddl.column_type(column)
    if live.type != wanted:
        yield _refused(
            table,
            f"change {place} from {live.type} to {wanted}",
            rows,
            "This version does not change the type of a field: add one of another name.",
        )
    quoted = ddl.quote(column.name)
    if column.nullable and not live.nullable:
        action = ddl.alter(table, f"ALTER COLUMN {quoted} DROP NOT NULL")
        yield _step(table, f"{place} may stay empty", action)
    elif newly_required and live.nullable and not column.nullable and rows:
        yield _refused(
            table,
            f"{place} is always filled",
            rows,
            f"{rows:,} rows may be empty there: this version makes a field required only while "
            "its table is empty.",
        )


def _step(table: Table, summary: str, *sql: str, note: str = "") -> Step:
    return Step(
        kind="safe",
        summary=summary,
        table=table.fullname,
        sql=sql,
        lock=Lock.ACCESS_EXCLUSIVE,
        note=note,
    )


def _refused(table: Table, summary: str, rows: int, note: str) -> Step:
    return Step(kind="refused", summary=summary, table=table.fullname, rows=rows, note=note)
