"""Steps for a table that is there: loosen what goes, add what comes."""

from collections.abc import Iterator, Set

from sqlalchemy import PrimaryKeyConstraint, Table

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
    """
    yield from _loosen(table, live)
    for column in table.columns:
        found = live.columns.get(column.name)
        if found is None:
            yield add_column(table, column, rows)
        else:
            path = f"fields.{column.info.get('field')}.required"
            newly_required = (f"object {table.info['object']}", path) in changed
            yield from change_column(table, column, found, rows, newly_required=newly_required)
    fresh = {column.name for column in table.columns} - set(live.columns)
    for constraint in sorted(table.constraints, key=lambda each: str(each.name)):
        if isinstance(constraint, PrimaryKeyConstraint):
            continue
        there = live.constraints.get(str(constraint.name))
        if there is None:
            yield from add_rule(table, constraint, live, fresh, rows)
        elif not there.validated:
            yield validate(table, there.name, rows)
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        yield from add_index(table, index, live, rows)


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
