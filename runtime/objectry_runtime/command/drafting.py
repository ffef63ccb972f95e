"""Drafts from bodies: a new record, or a record with some of it said anew."""

import itertools
from collections.abc import Callable, Mapping, Sequence

from objectry.compiler.codecs import Decoded
from objectry.expressions import Value
from objectry.metadata.model import Derivation, ObjectModel
from objectry.values.ids import new_id
from objectry_runtime.command.bodies import step
from objectry_runtime.command.compiled import compiled
from objectry_runtime.command.context import Context
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.unseen import UNSEEN, keep_places
from objectry_runtime.host.live import Live
from objectry_runtime.problems import FieldError
from objectry_runtime.query.record import LineState, RecordState

Named = Mapping[str, Value]
Rows = Sequence[Named]


def new_record(
    context: Context,
    model: ObjectModel,
    id: str,
    values: Named,
    lines: Mapping[str, Rows],
    *,
    pointer: str = "",
    trusted: frozenset[str] = frozenset(),
    trusted_lines: frozenset[str] = frozenset(),
    sound: bool = True,
) -> Draft:
    """A record that is not there yet; `trusted` fields come from a definition, not a caller."""
    call = context.call
    user = call.principal.user
    stamps: dict[str, Value] = {"id": id, "owner": user, "number": None}
    stamps |= {"created_at": call.now, "created_by": user}
    stamps |= {"updated_at": call.now, "updated_by": user}
    if model.workflow is not None:
        stamps[model.workflow.field] = model.workflow.definition.initial
    draft = Draft(
        context,
        model,
        {**values, **stamps},
        pointer=pointer,
        named=frozenset(values) - trusted,
        trusted=trusted,
        sound=sound,
    )
    for table, line_object in model.tables.items():
        line_model = context.live.model.object(line_object)
        draft.lines[table] = [
            new_line(context, line_model, row, draft, place, trusted_lines)
            for row, place in _placed(lines.get(table, ()), pointer, table)
        ]
    return draft


def new_line(
    context: Context,
    model: ObjectModel,
    row: Named,
    owner: Draft,
    pointer: str,
    trusted: frozenset[str] = frozenset(),
) -> Draft:
    """A line that is not there yet."""
    values = {name: value for name, value in row.items() if name != "id"}
    return Draft(
        context,
        model,
        {**values, "id": row["id"] if "id" in trusted else new_id()},
        pointer=pointer,
        named=frozenset(values) - trusted,
        trusted=trusted & frozenset(values),
        owner=owner,
    )


def changed_record(
    context: Context,
    model: ObjectModel,
    state: RecordState,
    values: Named,
    lines: Mapping[str, Rows],
    errors: list[FieldError],
    *,
    replace: Callable[[str], bool] | None = None,
    engine: Named | None = None,
) -> Draft:
    """A record with `values` and `lines` said anew; lines that don't belong to it are `errors`.

    `replace` (of a PUT) says of a field, or `table.field`, whether what the body leaves out takes
    its default; without it all that is not named stays. `engine` are values the engine sets.
    Lines the caller may not read stay as they are, whatever the lines are said to be.
    """
    call = context.call
    stamps: dict[str, Value] = {"updated_at": call.now, "updated_by": call.principal.user}
    draft = Draft(
        context,
        model,
        {
            **_kept(context.live, model, state.values, replace, ""),
            **values,
            **stamps,
            **(engine or {}),
        },
        old=state.values,
        named=frozenset(values),
        fresh=replace is not None,
        sound=not errors,
    )
    for table, line_object in model.tables.items():
        line_model = context.live.model.object(line_object)
        present = state.lines.get(table, ())
        if table in lines or (replace is not None and replace(table)):
            draft.lines[table] = _lines(
                line_model, draft, present, lines.get(table, ()), table, errors, replace
            )
        else:
            rows = itertools.count()  # of the lines as the caller sees them
            draft.lines[table] = [
                _changed_line(line_model, draft, line, {}, step(table) + step(next(rows)), "", None)
                if line.readable
                else _unseen_line(line_model, draft, line)
                for line in present
            ]
    return draft


def split(decoded: Decoded) -> tuple[dict[str, Value], dict[str, Rows]]:
    """What a body says, its table fields apart."""
    values: dict[str, Value] = {}
    lines: dict[str, Rows] = {}
    for name, value in decoded.values.items():
        if isinstance(value, list):
            lines[name] = value
        else:
            values[name] = value
    return values, lines


def _lines(
    model: ObjectModel,
    draft: Draft,
    present: Sequence[LineState],
    rows: Rows,
    table: str,
    errors: list[FieldError],
    replace: Callable[[str], bool] | None,
) -> list[Draft]:
    known = {line.id: line for line in present if line.readable}
    drafts: list[Draft] = []
    for row, pointer in _placed(rows, "", table):
        line_id = row.get("id")
        if line_id is None:
            drafts.append(new_line(draft.context, model, row, draft, pointer))
        elif (line := known.get(str(line_id))) is not None:
            drafts.append(_changed_line(model, draft, line, row, pointer, f"{table}.", replace))
        else:
            message = "The record has no such line; a new line has no id."
            errors.append(FieldError(pointer + "/id", "link", message))
    unseen = {line.id: _unseen_line(model, draft, line) for line in present if not line.readable}
    return keep_places(present, drafts, unseen) if unseen else drafts


def _unseen_line(model: ObjectModel, owner: Draft, line: LineState) -> Draft:
    return _changed_line(model, owner, line, {}, UNSEEN + line.id, "", None)


def _changed_line(
    model: ObjectModel,
    owner: Draft,
    line: LineState,
    row: Named,
    pointer: str,
    prefix: str,
    replace: Callable[[str], bool] | None,
) -> Draft:
    values = {name: value for name, value in row.items() if name != "id"}
    return Draft(
        owner.context,
        model,
        {**_kept(owner.context.live, model, line.values, replace, prefix), **values},
        pointer=pointer,
        old=line.values,
        named=frozenset(values),
        fresh=replace is not None,
        owner=owner,
    )


def _kept(
    live: Live,
    model: ObjectModel,
    values: Named,
    replace: Callable[[str], bool] | None,
    prefix: str,
) -> dict[str, Value]:
    """What stays of a record: what the engine set, and the input that is not replaced."""
    if replace is None:
        return {name: values.get(name) for name in compiled(live, model).kept}
    kept: dict[str, Value] = {}
    for name, field in model.fields.items():
        if field.derivation is Derivation.SYSTEM:
            kept[name] = values.get(name)
            continue
        if field.derivation is not Derivation.INPUT or field.is_table:
            continue
        if not field.writable or not replace(prefix + name):
            kept[name] = values.get(name)
    return kept


def _placed(rows: Rows, pointer: str, table: str) -> list[tuple[Named, str]]:
    return [(row, f"{pointer}{step(table)}{step(index)}") for index, row in enumerate(rows)]
