"""Translated fields: each gets its companion, with the rights that the field has."""

from collections.abc import Iterable, Mapping

import msgspec

from objectry.metadata.loader.merging import Grafts
from objectry.metadata.loader.sources import Graft
from objectry.metadata.model.definitions import (
    Definitions,
    FieldDef,
    ObjectDef,
    PermissionDef,
    Right,
    RoleDef,
)
from objectry.metadata.model.translating import TRANSLATED, beside, field_beside, right_beside


def translate_values(definitions: Definitions, grafts: Grafts) -> Mapping[str, ObjectDef]:
    """Objects with the companions of their translated fields."""
    objects = dict(definitions.objects)
    for name, definition in definitions.objects.items():
        translated = _translated(definition)
        if not translated:
            continue
        fields: dict[str, FieldDef] = {}
        for field in definition.fields.values():
            fields[field.name] = field
            companion = beside(field.name)
            if field.name in translated and companion not in definition.fields:
                fields[companion] = field_beside(field)
                place = ("object", name, ("fields", field.name, "translate"))
                grafts.setdefault(("object", name), []).append(Graft(("fields", companion), place))
        permissions = {
            role: _granted(grant, translated) for role, grant in definition.permissions.items()
        }
        objects[name] = msgspec.structs.replace(definition, fields=fields, permissions=permissions)
    return objects


def translate_rights(definitions: Definitions) -> dict[str, RoleDef]:
    """Roles whose grants on translated fields are on their companions too."""
    return {
        name: msgspec.structs.replace(
            role,
            permissions={
                target: _granted(grant, _translated(definitions.objects[target]))
                if target in definitions.objects
                else grant
                for target, grant in role.permissions.items()
            },
        )
        for name, role in definitions.roles.items()
    }


def _translated(definition: ObjectDef) -> list[str]:
    return [
        field.name
        for field in definition.fields.values()
        if field.translate and field.type in TRANSLATED
    ]


def _granted(grant: PermissionDef, translated: Iterable[str]) -> PermissionDef:
    added: dict[str, Right] = {
        beside(name): right for name in translated if (right := right_beside(grant, name))
    }
    return msgspec.structs.replace(grant, fields={**added, **grant.fields}) if added else grant
