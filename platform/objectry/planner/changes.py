"""Tables now + tables wanted → the steps between, additive ones only so far."""

from collections.abc import Iterable, Iterator, Mapping, Set

from sqlalchemy import MetaData

from objectry.compiler.tables import is_ours
from objectry.planner import ddl
from objectry.planner.existing import existing_table
from objectry.planner.fresh import new_tables
from objectry.planner.live import LiveSchema
from objectry.planner.plan import Lock, Plan, Step
from objectry.registry import Change


def plan_changes(
    live: LiveSchema,
    wanted: MetaData,
    row_counts: Mapping[str, int],
    *,
    release: str = "",
    definitions: Iterable[Change] = (),
    settled: Set[str] = frozenset(),
) -> Plan:
    """The steps that make the live tables what `wanted` describes.

    `row_counts` maps `schema.table` to how many rows are in it (0 must be exact), `definitions`
    is the diff of the definitions; `settled` are tables (`schema.table`) in use that are known to
    have all they should, whatever `wanted` says of them. Tables and columns that are no longer
    wanted stay, hidden; what this version can't do is a `refused` step.
    """
    changes = tuple(definitions)
    places = {(change.definition, change.path) for change in changes}
    return Plan(
        release=release,
        live_hash=live.hash,
        steps=tuple(_steps(live, wanted, row_counts, places, settled)),
        changes=tuple(str(change) for change in changes),
    )


def _steps(
    live: LiveSchema,
    wanted: MetaData,
    rows: Mapping[str, int],
    changed: Set[tuple[str, str]],
    settled: Set[str],
) -> Iterator[Step]:
    used = settled | wanted.tables.keys()
    schemas = sorted({name.partition(".")[0] for name in used})
    for schema in schemas:
        if schema not in live.schemas:
            yield Step(
                kind="safe",
                summary=f"create schema {schema}",
                table=schema,
                sql=(ddl.create_schema(schema),),
            )
    yield from new_tables(live, wanted, rows)
    for schema in schemas:
        yield from _abandoned_links(schema, live, used)
    for name, table in sorted(wanted.tables.items()):
        found = live.table(str(table.schema), table.name)
        if found is not None and name not in settled:
            yield from existing_table(table, found, rows.get(name, 0), changed)


def _abandoned_links(schema: str, live: LiveSchema, used: Set[str]) -> Iterator[Step]:
    """A table that no object uses any more must not keep others' records from being deleted."""
    for name, table in sorted(live.schemas.get(schema, {}).items()):
        if f"{schema}.{name}" in used:
            continue
        for link in table.constraints.values():
            if link.kind != "f" or link.target not in used or not is_ours(name, link.name):
                continue
            where = f"{ddl.quote(schema)}.{ddl.quote(name)}"
            yield Step(
                kind="safe",
                summary=f"{schema}.{name} (no longer used) lets go of {link.target}",
                table=f"{schema}.{name}",
                sql=(f"ALTER TABLE {where} DROP CONSTRAINT {ddl.quote(link.name)}",),
                lock=Lock.ACCESS_EXCLUSIVE,
            )
