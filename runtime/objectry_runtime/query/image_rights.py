"""What a caller may see of an image: a record as history kept it, with its changes.

Rights that hold for some records only are decided by PostgreSQL on the record as it is now (the
`flags`, one per conditional field); where the record is gone, they deny. Tables whose lines have a
row rule for the caller are left out: the line of then may not exist now to be asked.
"""

from collections.abc import Mapping

import msgspec

from objectry.metadata.model import ObjectModel
from objectry_runtime.events import Subject, open_sealed
from objectry_runtime.events.json_values import as_object, as_rows
from objectry_runtime.permissions import Use
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.names import Names
from objectry_runtime.query.projection import MASK

Image = Mapping[str, object]

_flags = msgspec.json.Decoder(list[bool | None])


class ImageRights(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of an object's images for a set of roles, in the model's order."""

    object: str
    names: tuple[str, ...]
    always: frozenset[str]
    conditional: tuple[str, ...]
    masked: frozenset[str]
    lines: Mapping[str, "ImageRights"]

    def allowed(self, flags: bytes | None) -> frozenset[str]:
        """The fields of one record: `flags` is what `flags_sql` gave for it."""
        if not self.conditional or flags is None:
            return self.always
        found = _flags.decode(flags)
        held = {name for name, flag in zip(self.conditional, found, strict=True) if flag}
        return self.always | held


def image_rights(names: Names, object_name: str, use: Use) -> ImageRights:
    """The rights of a caller on the images of an object."""
    model, rights = names.live.model.object(object_name), names.policy(object_name)
    shown = [name for name in names.visible(object_name) if _kept(names, model, name)]
    rules = {name: rights.field(name, use) for name in shown}
    return ImageRights(
        object=object_name,
        names=tuple(shown),
        always=frozenset(name for name, rule in rules.items() if rule is True),
        conditional=tuple(name for name, rule in rules.items() if not isinstance(rule, bool)),
        masked=frozenset(
            name
            for name in shown
            if rights.masked(name) is True and model.fields[name].type.maskable
        ),
        lines={
            name: image_rights(names, model.fields[name].definition.of, use)
            for name in shown
            if model.fields[name].is_table
        },
    )


def flags_sql(frame: ObjectFrame, rights: ImageRights, use: Use) -> str:
    """One JSON array of booleans: which conditional fields may be seen of the record."""
    policy = frame.rendering.policy(frame.object)
    held = (frame.holds(policy.field(name, use)) for name in rights.conditional)
    return f"array_to_json(array[{', '.join(held)}]::boolean[])::text"


def project_image(
    image: Image, rights: ImageRights, allowed: frozenset[str], subject: Subject, key: bytes | None
) -> dict[str, object]:
    """The image as the caller may see it, sealed values opened."""
    return {
        name: _project(image[name], name, rights, allowed, subject, key)
        for name in rights.names
        if name in image
    }


def project_changes(
    changes: Image,
    rights: ImageRights,
    allowed: frozenset[str],
    subject: Subject,
    key: bytes | None,
) -> dict[str, object]:
    """The changes of the fields that the caller may see: `{"field": {"from", "to"}}`."""
    return {
        name: {
            end: _project(as_object(changes[name]).get(end), name, rights, allowed, subject, key)
            for end in ("from", "to")
        }
        for name in rights.names
        if name in changes and name in allowed
    }


def _project(
    value: object,
    name: str,
    rights: ImageRights,
    allowed: frozenset[str],
    subject: Subject,
    key: bytes | None,
) -> object:
    if name not in allowed:
        return MASK if name in rights.masked else None
    lines = rights.lines.get(name)
    if lines is None:
        return open_sealed(key, value, subject, name)
    return [
        {
            one: open_sealed(key, row[one], subject, f"{name}.{one}")
            if one in lines.always
            else None
            for one in lines.names
            if one in row
        }
        for row in map(as_object, as_rows(value))
    ]


def _kept(names: Names, model: ObjectModel, name: str) -> bool:
    """Images hold what is stored, and tables; those are shown where every line may be read."""
    field = model.fields.get(name)
    if field is None or not (field.kept or field.is_table):
        return False
    return not field.is_table or names.policy(field.definition.of).own_rule("read") is True
