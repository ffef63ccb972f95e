"""Steps for constraints and indexes on a table that is at work."""

from collections.abc import Iterator

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlalchemy.schema import Constraint

from objectry.planner import ddl
from objectry.planner.live import LiveTable
from objectry.planner.plan import Lock, Step


def add_rule(table: Table, constraint: Constraint, live: LiveTable, rows: int) -> Iterator[Step]:
    """Add a constraint to columns that are there, without a long lock."""
    match constraint:
        case CheckConstraint():
            yield from _add_check(table, constraint, live, rows)
        case ForeignKeyConstraint():
            yield from _add_unvalidated(table, constraint, Lock.SHARE_ROW_EXCLUSIVE, rows)
        case UniqueConstraint():
            yield from _add_unique(table, constraint, live, rows)
        case _:
            raise AssertionError(f"no table wants a {type(constraint).__name__}")


def add_index(table: Table, index: Index, live: LiveTable, rows: int) -> Iterator[Step]:
    """Build an index while clients work; one that an interrupted build left goes first."""
    name = str(index.name)
    found = live.indexes.get(name)
    if found is not None and found.valid:
        return
    if found is not None:
        yield drop_index(table, name)
    statement = ddl.create_index(index, concurrently=True)
    yield _concurrent(table, f"{table.fullname}: index {name}", statement, rows)


def drop_index(table: Table, name: str) -> Step:
    """Drop an index while clients work."""
    statement = ddl.drop_index(str(table.schema), name)
    return _concurrent(table, f"{table.fullname}: drop index {name}", statement, 0)


def validate(table: Table, name: str, rows: int) -> Step:
    """Look whether the rows that are there keep a constraint."""
    return Step(
        kind="safe",
        summary=f"{table.fullname}: every row keeps {name}",
        table=table.fullname,
        sql=(ddl.alter(table, f"VALIDATE CONSTRAINT {ddl.quote(name)}"),),
        lock=Lock.SHARE_UPDATE_EXCLUSIVE,
        rows=rows,
    )


def _add_check(
    table: Table, constraint: CheckConstraint, live: LiveTable, rows: int
) -> Iterator[Step]:
    if rows and not _is_wider(str(constraint.name), live):
        yield Step(
            kind="refused",
            summary=f"{table.fullname}: rule {constraint.name}",
            table=table.fullname,
            rows=rows,
            note=f"{rows:,} rows may not keep it: this version takes digits or decimal places from "
            "a field, or gives it more places, only while its table is empty.",
        )
    else:
        yield from _add_unvalidated(table, constraint, Lock.ACCESS_EXCLUSIVE, rows)


def _is_wider(name: str, live: LiveTable) -> bool:
    """Whether a rule of digits takes everything that one in force takes."""
    stem, mark, digits = name.rpartition("__digits_")
    if not mark or not digits.isdigit():
        return False
    others = [each.removeprefix(stem + mark) for each in live.constraints if each != name]
    return any(other.isdigit() and int(other) <= int(digits) for other in others)


def _add_unvalidated(
    table: Table, constraint: CheckConstraint | ForeignKeyConstraint, lock: Lock, rows: int
) -> Iterator[Step]:
    name = str(constraint.name)
    yield Step(
        kind="safe",
        summary=f"{table.fullname}: rule {name}",
        table=table.fullname,
        sql=(ddl.add_constraint(constraint, valid=False),),
        lock=lock,
        note="Holds for new rows at once; the next step looks at those that are there.",
    )
    yield validate(table, name, rows)


def _add_unique(
    table: Table, constraint: UniqueConstraint, live: LiveTable, rows: int
) -> Iterator[Step]:
    name = str(constraint.name)
    found = live.indexes.get(name)
    if found is not None and not found.valid:
        yield drop_index(table, name)
    if found is None or not found.valid:
        columns = ", ".join(ddl.quote(column.name) for column in constraint.columns)
        yield _concurrent(
            table,
            f"{table.fullname}: build {name}",
            f"CREATE UNIQUE INDEX CONCURRENTLY {ddl.quote(name)} "
            f"ON {ddl.table_name(table)} ({columns})",
            rows,
            "Fails, and changes nothing, if two rows have the same value.",
        )
    yield Step(
        kind="safe",
        summary=f"{table.fullname}: rule {name}",
        table=table.fullname,
        sql=(
            ddl.alter(
                table, f"ADD CONSTRAINT {ddl.quote(name)} UNIQUE USING INDEX {ddl.quote(name)}"
            ),
        ),
        lock=Lock.ACCESS_EXCLUSIVE,
    )


def _concurrent(table: Table, summary: str, statement: str, rows: int, note: str = "") -> Step:
    return Step(
        kind="safe",
        summary=summary,
        table=table.fullname,
        sql=(statement,),
        lock=Lock.SHARE_UPDATE_EXCLUSIVE,
        concurrently=True,
        rows=rows,
        note=note,
    )
