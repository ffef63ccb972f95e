"""Images: a record with its lines as history keeps it, and the difference of two."""

from collections.abc import Mapping

from objectry.compiler.codecs import Json, to_json
from objectry.expressions import Value
from objectry.metadata.model import ObjectModel
from objectry_runtime.command.draft import Draft
from objectry_runtime.host.live import Live
from objectry_runtime.query.record import RecordState

Image = dict[str, Json]

# What changes with every write says nothing about what was changed.
STAMPS = frozenset({"id", "created_at", "created_by", "updated_at", "updated_by"})


def image_of(draft: Draft) -> Image:
    """A draft as it will be: every stored field, and the lines of every table field."""
    image = _fields(draft.model, {name: draft.value(name) for name in _stored(draft.model)})
    for table, lines in draft.lines.items():
        image[table] = [
            {
                "id": line.id,
                **_fields(line.model, {name: line.value(name) for name in _stored(line.model)}),
            }
            for line in lines
        ]
    return image


def image_of_state(live: Live, model: ObjectModel, state: RecordState) -> Image:
    """The same of a record as it is."""
    image = _fields(model, state.values)
    for table, lines in state.lines.items():
        line_model = live.model.object(model.tables[table])
        image[table] = [{"id": line.id, **_fields(line_model, line.values)} for line in lines]
    return image


def changes_between(before: Image | None, after: Image | None) -> dict[str, Json]:
    """Field → {"from", "to"} of what differs; from nothing, all that has a value."""
    names: tuple[str, ...] = tuple(dict.fromkeys([*(before or {}), *(after or {})]))
    return {
        name: {"from": old, "to": new}
        for name in names
        if name not in STAMPS
        and (old := (before or {}).get(name)) != (new := (after or {}).get(name))
        and not (before is None and new == [])
        and not (after is None and old == [])
    }


def _stored(model: ObjectModel) -> tuple[str, ...]:
    return tuple(name for name, field in model.fields.items() if field.stored and name != "parent")


def _fields(model: ObjectModel, values: Mapping[str, Value]) -> Image:
    return {name: to_json(values.get(name), model.fields[name]) for name in _stored(model)}
