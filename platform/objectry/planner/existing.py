"""Steps for a table that is there: loosen what goes, add what comes."""

from collections.abc import Iterator, Set
from typing import Any  # SQLAlchemy's own bound for columns known only at run time

from sqlalchemy import CheckConstraint, Column, PrimaryKeyConstraint, Table

from objectry.compiler.tables import is_ours
from objectry.planner import ddl
from objectry.planner.columns import add_column, change_column
from objectry.planner.live import LiveTable
from objectry.planner.plan import Lock, Step
from objectry.planner.rules import add_index, add_rule, drop_index, validate


def existing_table(
    table: Table, live: LiveTable, rows: int, changed: Set[tuple[str, str]]
) -> Iterator[Step]:
    """All steps for one table with about `rows` rows.

    `changed` are the places where the definitions differ: ("object offer", "fields.name.required").
    What goes comes last, so that a plan cut short in between can always be finished.
    """
    for column in table.columns:
        found = live.columns.get(column.name)
        if found is None:
            yield add_column(table, column, _checks_of(table, column.name), rows)
        else:
            newly_required = bool(_places(table, column) & changed)
            yield from change_column(table, column, found, rows, newly_required=newly_required)
    fresh = {column.name for column in table.columns} - set(live.columns)
    for constraint in sorted(table.constraints, key=lambda each: str(each.name)):
        if isinstance(constraint, PrimaryKeyConstraint):
            continue
        there = live.constraints.get(str(constraint.name))
        if there is None:
            added = isinstance(constraint, CheckConstraint) and fresh.issuperset(
                constraint.info["columns"]
            )
            if added:  # with its column
                yield validate(table, str(constraint.name), rows)
            else:
                yield from add_rule(table, constraint, live, rows)
        elif not there.validated:
            yield validate(table, there.name, rows)
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        yield from add_index(table, index, live, rows)
    yield from _loosen(table, live)


def _checks_of(table: Table, column: str) -> list[CheckConstraint]:
    checks = [
        each
        for each in table.constraints
        if isinstance(each, CheckConstraint) and column in each.info["columns"]
    ]
    return sorted(checks, key=lambda each: str(each.name))


def _places(table: Table, column: Column[Any]) -> set[tuple[str, str]]:
    """Where the definitions differ when the column's field is new or newly required."""
    definition, path = f"object {table.info['object']}", f"fields.{column.info.get('field')}"
    return {(definition, path), (definition, f"{path}.required")}


def _loosen(table: Table, live: LiveTable) -> Iterator[Step]:
    """Give up rules of ours that the release no longer has, also those of hidden columns.

    A hidden column may not refuse a row, nor keep another record from being deleted.
    """
    wanted = {str(constraint.name) for constraint in table.constraints}
    for name, constraint in sorted(live.constraints.items()):
        if constraint.kind != "p" and name not in wanted and is_ours(table.name, name):
            yield Step(
                kind="safe",
                summary=f"{table.fullname}: rule {name} is given up",
                table=table.fullname,
                sql=(ddl.alter(table, f"DROP CONSTRAINT {ddl.quote(name)}"),),
                lock=Lock.ACCESS_EXCLUSIVE,
            )
    kept = {str(index.name) for index in table.indexes} | set(live.constraints) | wanted
    for name in sorted(live.indexes):
        if name not in kept and is_ours(table.name, name):
            yield drop_index(table, name)
    for name, column in sorted(live.columns.items()):
        if name not in table.columns and not column.nullable and column.default is None:
            yield Step(
                kind="safe",
                summary=f"{table.fullname}.{name} (no longer used) may stay empty",
                table=table.fullname,
                sql=(ddl.alter(table, f"ALTER COLUMN {ddl.quote(name)} DROP NOT NULL"),),
                lock=Lock.ACCESS_EXCLUSIVE,
            )
