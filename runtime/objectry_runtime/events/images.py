"""Whole records sealed and opened: the images and changes that history keeps."""

from collections.abc import Callable, Mapping

from objectry.metadata.model import Model, ObjectModel
from objectry_runtime.events.json_values import Json, as_object, as_rows
from objectry_runtime.events.sealing import Subject, open_sealed, seal

Image = Mapping[str, Json]
Turn = Callable[[Json, str], Json]


def has_sensitive(model: Model, object_model: ObjectModel) -> bool:
    """Whether a record of the object needs a key of its own."""
    lines = (model.line_object(object_model.name, table) for table in object_model.tables)
    return any(
        field.definition.sensitive
        for one in (object_model, *lines)
        for field in one.fields.values()
    )


def seal_image(
    image: Image, model: Model, object_model: ObjectModel, subject: Subject, key: bytes
) -> dict[str, Json]:
    """The record as history keeps it: sensitive values sealed, those of its lines too."""
    return _turn_record(image, model, object_model, lambda value, at: seal(key, value, subject, at))


def seal_changes(
    changes: Image, model: Model, object_model: ObjectModel, subject: Subject, key: bytes
) -> dict[str, Json]:
    """`{"field": {"from", "to"}}` with sensitive values sealed."""
    return {
        name: {
            end: _turn_field(
                value, name, model, object_model, lambda one, at: seal(key, one, subject, at)
            )
            for end, value in as_object(change).items()
        }
        for name, change in changes.items()
    }


def open_image(
    image: Image, model: Model, object_model: ObjectModel, subject: Subject, key: bytes | None
) -> dict[str, Json]:
    """The record with its sealed values opened; null where the key is erased."""
    return _turn_record(
        image,
        model,
        object_model,
        lambda value, at: open_sealed(key, value, subject, at),
        everything=True,
    )


def _turn_record(
    image: Image,
    model: Model,
    object_model: ObjectModel,
    turn: Turn,
    *,
    everything: bool = False,
) -> dict[str, Json]:
    return {
        name: _turn_field(value, name, model, object_model, turn, everything=everything)
        for name, value in image.items()
    }


def _turn_field(
    value: Json,
    name: str,
    model: Model,
    object_model: ObjectModel,
    turn: Turn,
    *,
    everything: bool = False,
) -> Json:
    """`everything`: what is sealed says so itself, whatever the definition says by now."""
    field = object_model.fields.get(name)
    if field is not None and field.is_table:
        line = model.line_object(object_model.name, name)
        return [
            {
                key: turn(one, f"{name}.{key}")
                if everything or (key in line.fields and line.fields[key].definition.sensitive)
                else one
                for key, one in as_object(row).items()
            }
            for row in as_rows(value)
        ]
    if everything or (field is not None and field.definition.sensitive):
        return turn(value, name)
    return value
