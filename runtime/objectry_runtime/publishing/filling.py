"""Fills the columns of new stored formulas in rows that are there, beside living clients.

A batch locks its records, then looks at them anew: whoever writes a record or its lines locks the
record too, so no value is made from lines that are just being changed. Rows that have their value
already are not touched; a value that the release before left behind, as it knows no such column, is
made right as a missing one is.
"""

from collections.abc import Callable, Sequence

from objectry.metadata.model import FieldModel
from objectry.metadata.types import StorageClass
from objectry_runtime.host.live import Live
from objectry_runtime.publishing.formulas import NewFormula
from objectry_runtime.query.frame import ObjectFrame, Rendering, pg_type
from objectry_runtime.query.money import round_live
from objectry_runtime.query.render import render
from objectry_runtime.query.sql import Clock, Sql, quote
from objectry_runtime.store.changes import run_bound
from objectry_runtime.store.database import OwnerConnection
from objectry_runtime.store.executor import Bound

BATCH = 500  # records: few enough that whoever waits for one of them hardly notices

Key = tuple[str, ...]  # tenant, id


def fill(
    connection: OwnerConnection,
    live: Live,
    formulas: Sequence[NewFormula],
    *,
    told: Callable[[int], None] | None = None,
    patience: float = 60.0,
) -> None:
    """Give every row the values of these formulas (of one object and its lines, in their order).

    `told` hears after each batch how many records were filled so far. Raises Busy or ChangeFailed;
    what was filled stays.
    """
    filled = 0
    last: Key | None = None
    while keys := run_bound(connection, [_wanting(live, formulas, last)], patience=patience):
        run_bound(connection, _batch(live, formulas, keys), patience=patience)
        last = keys[-1]
        filled += len(keys)
        if told is not None:
            told(filled)


def _wanting(live: Live, formulas: Sequence[NewFormula], last: Key | None) -> Bound:
    """The keys of the next records of which a row has not the value it should have."""
    rendering = _rendering(live)
    record = ObjectFrame(rendering, formulas[0].root, rendering.alias())
    wrong = [_differs(record, formula) for formula in formulas]
    where = f"({' or '.join(wrong)})"
    key = f"{record.tenant}, {record.alias}.id"
    if last is not None:
        tenant, id = (
            rendering.sql.bind(text, kind)
            for text, kind in zip(last, ("integer", "uuid"), strict=True)
        )
        where = f"({key}) > ({tenant}, {id}) and {where}"
    return rendering.sql.bound(
        f"select {key} from {record.source} where {where} order by {key} limit {BATCH}"
    )


def _differs(record: ObjectFrame, formula: NewFormula) -> str:
    if not formula.table:
        return f"{record.raw(formula.field)} is distinct from {_value(record, formula.field)}"
    source, where, line = record.rows(formula.table)
    differs = f"{line.raw(formula.field)} is distinct from {_value(line, formula.field)}"
    return f"exists (select from {source} where {where} and {differs})"


def _batch(live: Live, formulas: Sequence[NewFormula], keys: Sequence[Key]) -> list[Bound]:
    statements = [_lock(live, formulas[0].root, keys)]
    statements += [_update(live, formula, keys) for formula in formulas]
    return statements


def _lock(live: Live, root: str, keys: Sequence[Key]) -> Bound:
    rendering = _rendering(live)
    record = ObjectFrame(rendering, root, rendering.alias())
    return rendering.sql.bound(
        f"select from {record.source} {_of_keys(record, keys)} "
        f"order by {record.tenant}, {record.alias}.id for no key update of {record.alias}"
    )


def _update(live: Live, formula: NewFormula, keys: Sequence[Key]) -> Bound:
    rendering = _rendering(live)
    record = ObjectFrame(rendering, formula.root, rendering.alias())
    source, frame = f"{record.source} {_of_keys(record, keys)}", record
    if formula.table:
        lines, where, frame = record.rows(formula.table)
        source = f"{source} join {lines} on {where}"
    column = quote(live.storage.objects[frame.object].columns[formula.field])
    target = ObjectFrame(rendering, frame.object, "t")
    return rendering.sql.bound(
        f"update {target.source} set {column} = v.value "
        f"from (select {frame.tenant} as tenant, {frame.alias}.id as id, "
        f"{_value(frame, formula.field)} as value from {source}) v "
        f"where t.tenant_id = v.tenant and t.id = v.id and t.{column} is distinct from v.value"
    )


def _of_keys(record: ObjectFrame, keys: Sequence[Key]) -> str:
    sql = record.rendering.sql
    tenants = sql.bind("{" + ",".join(key[0] for key in keys) + "}", "integer[]")
    ids = sql.bind("{" + ",".join(key[1] for key in keys) + "}", "uuid[]")
    return (
        f"join unnest({tenants}, {ids}) as k(tenant, id) "
        f"on k.tenant = {record.tenant} and k.id = {record.alias}.id"
    )


def _value(frame: ObjectFrame, name: str) -> str:
    """The value of a formula as a write would store it."""
    field: FieldModel = frame.model.fields[name]
    assert field.formula is not None, f"{name} has a formula"
    rendering = frame.rendering
    value = render(field.formula.tree, frame, rendering.sql, rendering.clock)
    typed = f"({round_live(field, value, frame)})::{pg_type(field)}"
    return f'({typed} collate "C")' if field.type.storage is StorageClass.TEXT else typed


def _rendering(live: Live) -> Rendering:
    # A stored formula reads neither clock nor caller.
    return Rendering(live, Sql(), Clock(today="", now=""), {})
