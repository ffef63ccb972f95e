"""Steps that make new tables, each after those it links to."""

from collections.abc import Iterator, Mapping

from sqlalchemy import ForeignKeyConstraint, MetaData, Table
from sqlalchemy.schema import (
    sort_tables_and_constraints,  # pyright: ignore[reportUnknownVariableType]  # untyped there
)

from objectry.planner import ddl
from objectry.planner.live import LiveSchema
from objectry.planner.plan import Lock, Step


def new_tables(live: LiveSchema, wanted: MetaData, rows: Mapping[str, int]) -> Iterator[Step]:
    """Tables in the order of their links; where links go in a ring, the last comes afterwards.

    `rows` says how many there are in each table that is there.
    """
    tables = [
        table
        for _, table in sorted(wanted.tables.items())
        if live.table(str(table.schema), table.name) is None
    ]
    ordered: list[Table] = []
    late: set[ForeignKeyConstraint] = set()
    # SQLAlchemy leaves this function untyped; it yields (table or None, links).
    for table, links in sort_tables_and_constraints(tables):  # type: ignore[no-untyped-call]
        if table is None:
            late.update(links)
        else:
            ordered.append(table)
    for table in ordered:
        yield _create(table, late, set(ordered))
        yield from _fill(table, live, rows)
    for link in sorted(late, key=lambda link: str(link.name)):
        yield Step(
            kind="safe",
            summary=f"link {link.table.fullname} to {link.referred_table.fullname}",
            table=link.table.fullname,
            sql=(ddl.add_constraint(link),),
            lock=Lock.SHARE_ROW_EXCLUSIVE,
        )


def _fill(table: Table, live: LiveSchema, rows: Mapping[str, int]) -> Iterator[Step]:
    """What a table of references must hold of records that are there."""
    holding = table.info.get("holds")
    if holding is None:
        return
    owner = live.table(*holding.owner.split("."))
    counted = rows.get(holding.owner, 0)
    if owner is None or holding.column not in owner.columns or not counted:
        return
    yield Step(
        kind="safe",
        summary=f"{table.fullname}: what {holding.owner} links to",
        table=table.fullname,
        sql=(holding.sql,),
        lock=Lock.ROWS,
        rows=counted,
        note="Once more after the switch.",
        again=(holding.sql,),
    )


def _create(table: Table, late: set[ForeignKeyConstraint], new: set[Table]) -> Step:
    targets = {link.referred_table for link in table.foreign_key_constraints if link not in late}
    locked = sorted(target.fullname for target in targets - new)
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    return Step(
        kind="safe",
        summary=f"create table {table.fullname}",
        table=table.fullname,
        sql=(
            ddl.create_table(table, without=late),
            *(ddl.create_index(index, concurrently=False) for index in indexes),
        ),
        lock=Lock.SHARE_ROW_EXCLUSIVE if locked else "",
        note=f"The lock is held on {', '.join(locked)} for an instant." if locked else "",
    )
