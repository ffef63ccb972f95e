"""Fields and rules that another document declares, merged into an object."""

import msgspec

from objectry.metadata.loader.sources import Graft
from objectry.metadata.model.definitions import ExtendDef, MixinDef, ObjectDef

Grafts = dict[tuple[str, str], list[Graft]]

LISTS = ("checks", "invariants", "indexes", "uniques")


def merge(
    definition: ObjectDef, part: MixinDef | ExtendDef, source: tuple[str, str], grafts: list[Graft]
) -> ObjectDef:
    """The object with the fields and rules of a part that stands at `source`."""
    merged: dict[str, object] = {}
    fields = dict(definition.fields)
    for name, field in part.fields.items():
        if name not in fields:
            fields[name] = field
            grafts.append(Graft(("fields", name), (*source, ("fields", name))))
    merged["fields"] = fields
    for key in LISTS:
        own = getattr(definition, key)
        merged[key] = (*own, *getattr(part, key))
        grafts += [
            Graft((key, len(own) + index), (*source, (key, index)))
            for index in range(len(getattr(part, key)))
        ]
    return msgspec.structs.replace(definition, **merged)
