"""Which columns of stored formulas are to be filled in rows that are older than they."""

from collections.abc import Iterable, Iterator, Mapping, Set

import msgspec

from objectry.metadata.model import Definitions, Derivation, FieldDef, Model, ObjectModel
from objectry.planner import Lock, Step
from objectry.registry import StorageMap
from objectry_runtime.query.sql import quote
from objectry_runtime.store.database import OwnerConnection

# The comment of a column from before the first row is filled until the last one is: an apply that
# was cut short, even after the switch, is finished by the next.
MARK = "objectry: rows may lack the value of its formula"

_MARKED = """
select n.nspname, c.relname, a.attname
from pg_description d
join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and not a.attisdropped
where d.objsubid > 0 and d.description = %s
"""


class NewFormula(msgspec.Struct, frozen=True, kw_only=True):
    """A stored formula whose column rows may lack.

    `root` is the object whose records hold it, `table` the table field of the line (""  for the
    record itself), `place` the qualified, quoted column, `step` how the plan tells of it.
    """

    root: str
    table: str
    field: str
    place: str
    step: Step

    @property
    def mark(self) -> str:
        """The statement that notes that rows may lack the value."""
        return f"comment on column {self.place} is '{MARK}'"

    @property
    def unmark(self) -> str:
        """The statement that notes that every row has its value."""
        return f"comment on column {self.place} is null"


def new_formulas(
    connection: OwnerConnection,
    model: Model,
    storage: StorageMap,
    before: StorageMap,
    rows: Mapping[str, int],
    objects: Iterable[str],
    changed: Set[tuple[str, str]] = frozenset(),
) -> tuple[NewFormula, ...]:
    """The formulas of these objects to fill, each after those of its record that it reads.

    Those that are `changed` (object, field) are filled anew.
    """
    known = {
        (table.schema, table.table, column)
        for table in before.objects.values()
        for column in table.columns.values()
    }
    marked = marked_columns(connection)
    return tuple(
        formula
        for key, formula in _stored_formulas(
            model, storage, rows, {*objects, *(name for name, _ in changed)}
        )
        if key in marked
        or (formula.step.rows and (key not in known or _owned(model, formula) in changed))
    )


def _owned(model: Model, formula: NewFormula) -> tuple[str, str]:
    """The object whose definition has the formula, a record's or its lines', and the field."""
    tables = model.object(formula.root).tables
    return (tables[formula.table] if formula.table else formula.root, formula.field)


def changed_rollups(before: Definitions, now: Definitions) -> set[tuple[str, str]]:
    """The stored rollups that give something else than before, as (object, field).

    What they are over may be computed in another way, as well as they themselves.
    """
    return {
        (name, field.name)
        for name, definition in now.objects.items()
        for field in definition.fields.values()
        if field.rollup is not None
        and field.stored
        and (old := before.objects.get(name)) is not None
        and (
            old.fields.get(field.name) != field
            or before.objects.get(field.rollup.of) != now.objects.get(field.rollup.of)
        )
    }


def new_in_old_columns(before: Definitions, now: Definitions) -> set[tuple[str, str]]:
    """The formulas in columns that had something else till now, as (object, field).

    Rows have there what was typed in, or frozen; of a formula that only reads otherwise than
    before, old documents keep what they said.
    """
    return {
        (name, field.name)
        for name, definition in now.objects.items()
        if (old := before.objects.get(name)) is not None
        for field in definition.fields.values()
        if _follows(field)
        and (held := old.fields.get(field.name) or old.fields.get(field.was)) is not None
        and not _follows(held)
    }


def _follows(field: FieldDef) -> bool:
    return field.formula is not None and not field.snapshot


def marked_columns(connection: OwnerConnection) -> set[tuple[str, str, str]]:
    """Schema, table and name of the columns that rows may lack the value of."""
    return set(connection.execute(_MARKED.encode(), (MARK,)).fetchall())


_FILLED = (Derivation.STORED, Derivation.ROLLUP)


def _stored_formulas(
    model: Model, storage: StorageMap, rows: Mapping[str, int], objects: Iterable[str]
) -> Iterator[tuple[tuple[str, str, str], NewFormula]]:
    for name in sorted(objects):
        root = model.object(name)
        if root.is_line:
            continue
        rollups = (("", name) for name, field in root.fields.items() if field.is_rollup)
        for table, field in (*root.order, *rollups):
            owner = model.object(root.tables[table]) if table else root
            if owner.fields[field].derivation not in _FILLED:
                continue
            place = storage.objects[owner.name]
            column = place.columns[field]
            counted = rows.get(f"{place.schema}.{place.table}", 0)
            yield (
                (place.schema, place.table, column),
                NewFormula(
                    root=name,
                    table=table,
                    field=field,
                    place=".".join(quote(one) for one in (place.schema, place.table, column)),
                    step=_step(owner, field, f"{place.schema}.{place.table}", column, counted),
                ),
            )


def _step(owner: ObjectModel, field: str, table: str, column: str, rows: int) -> Step:
    made = owner.fields[field].formula
    assert made is not None, "only what an expression makes is filled"
    return Step(
        kind="backfill",
        summary=f"fill {table}.{column} of the rows that are there: {made.source}",
        table=table,
        lock=Lock.ROWS,
        rows=rows,
        note="In short batches while clients work, and once more after the switch. No new version.",
    )
