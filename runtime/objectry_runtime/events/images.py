"""Whole records sealed: the images and changes that history keeps."""

from collections.abc import Mapping

import msgspec

from objectry.metadata.model import Model, ObjectModel
from objectry_runtime.events.json_values import Json, as_object, as_rows
from objectry_runtime.events.sealing import Sealer

Image = Mapping[str, Json]


class Sensitive(msgspec.Struct, frozen=True, kw_only=True):
    """The sensitive fields of an object, and of its lines by table field."""

    fields: tuple[str, ...]
    lines: Mapping[str, tuple[str, ...]]

    def __bool__(self) -> bool:
        """Whether a record of the object needs a key of its own."""
        return bool(self.fields or self.lines)


def sensitive(model: Model, object_model: ObjectModel) -> Sensitive:
    """What of an object is sealed before it reaches the past."""
    lines = {
        table: _names(model.line_object(object_model.name, table)) for table in object_model.tables
    }
    return Sensitive(
        fields=_names(object_model), lines={table: names for table, names in lines.items() if names}
    )


def seal_image(image: Image, secret: Sensitive, sealer: Sealer) -> dict[str, Json]:
    """The record as history keeps it: sensitive values sealed, those of its lines too."""
    sealed = dict(image)
    for name in secret.fields:
        if name in sealed:
            sealed[name] = sealer.seal(sealed[name], name)
    for table in secret.lines:
        if sealed.get(table):
            sealed[table] = _rows(sealed[table], table, secret, sealer)
    return sealed


def seal_changes(changes: Image, secret: Sensitive, sealer: Sealer) -> dict[str, Json]:
    """`{"field": {"from", "to"}}` with sensitive values sealed."""
    sealed = dict(changes)
    for name in secret.fields:
        if name in sealed:
            ends = as_object(sealed[name])
            sealed[name] = {end: sealer.seal(value, name) for end, value in ends.items()}
    for table in secret.lines:
        if table in sealed:
            ends = as_object(sealed[table])
            sealed[table] = {end: _rows(rows, table, secret, sealer) for end, rows in ends.items()}
    return sealed


def _names(object_model: ObjectModel) -> tuple[str, ...]:
    return tuple(name for name, field in object_model.fields.items() if field.definition.sensitive)


def _rows(rows: Json, table: str, secret: Sensitive, sealer: Sealer) -> list[dict[str, Json]]:
    places = {name: f"{table}.{name}" for name in secret.lines[table]}
    return [
        {
            key: sealer.seal(value, places[key]) if key in places else value
            for key, value in as_object(row).items()
        }
        for row in as_rows(rows)
    ]
