"""`extend`: what a package adds to an object of another, merged into it and its layouts."""

from collections.abc import Mapping

import msgspec

from objectry.metadata.loader.merging import Grafts, merge
from objectry.metadata.loader.sources import Graft, Path
from objectry.metadata.model.definitions import Definitions, ExtendDef, ObjectDef, PermissionDef
from objectry.metadata.model.pages import LayoutDef

_ACTIONS = ("read", "create", "update", "delete", "export", "import_", "print")
_ITEMS = ("transitions", "conversions", "deny")


def extend(definitions: Definitions, grafts: Grafts) -> Mapping[str, ObjectDef]:
    """Objects get what extensions add; what they have themselves stays."""
    objects = dict(definitions.objects)
    for extension in definitions.extends.values():
        definition = objects.get(extension.object)
        if definition is None:
            continue  # reported by the checks
        placed = grafts.setdefault(("object", definition.name), [])
        merged = merge(definition, extension, ("extend", extension.name), placed)
        permissions = dict(merged.permissions)
        for role, grant in extension.permissions.items():
            permissions[role] = _granted(permissions.get(role), grant, extension, placed)
        objects[definition.name] = msgspec.structs.replace(merged, permissions=permissions)
    return objects


def extend_layouts(definitions: Definitions, grafts: Grafts) -> Mapping[str, LayoutDef]:
    """Forms get the sections, lists the columns that extensions add at their end."""
    layouts = dict(definitions.layouts)
    for extension in definitions.extends.values():
        for name in {**extension.sections, **extension.columns}:
            layout = layouts.get(name)
            if layout is None or layout.object != extension.object:
                continue  # reported by the checks
            sections = extension.sections.get(name, ())
            columns = extension.columns.get(name, ())
            placed = grafts.setdefault(("layout", name), [])
            added = (("sections", layout.sections, sections), ("columns", layout.columns, columns))
            for key, there, more in added:
                placed += [
                    Graft(
                        (key, len(there) + index),
                        ("extend", extension.name, ("layouts", name, index)),
                    )
                    for index in range(len(more))
                ]
            layouts[name] = msgspec.structs.replace(
                layout,
                sections=(*layout.sections, *sections),
                columns=(*layout.columns, *columns),
            )
    return layouts


def _granted(
    own: PermissionDef | None, more: PermissionDef, extension: ExtendDef, placed: list[Graft]
) -> PermissionDef:
    """Both grants of a role: each adds to what the other allows; a named field keeps its right."""
    role = ("permissions", more.role)

    def graft(path: Path, there: Path) -> None:
        place = ("extend", extension.name, (*role, *there))
        placed.append(Graft((*role, *path), place))

    if own is None:
        graft((), ())
        return more
    merged: dict[str, object] = {}
    for action in _ACTIONS:
        before, added = getattr(own, action), getattr(more, action)
        if before is False and added is not False:
            graft((action.rstrip("_"),), (action.rstrip("_"),))
        merged[action] = _either(before, added)
    for key in _ITEMS:
        before = getattr(own, key)
        new = [item for item in getattr(more, key) if item not in before]
        for index, item in enumerate(new):
            graft((key, len(before) + index), (key, getattr(more, key).index(item)))
        merged[key] = (*before, *new)
    for name in more.fields:
        if name not in own.fields:
            graft(("fields", name), ("fields", name))
    merged["fields"] = {**more.fields, **own.fields}
    return msgspec.structs.replace(own, **merged)


def _either(one: bool | str, other: bool | str) -> bool | str:
    """What either grant allows."""
    if one is True or other is True:
        return True
    if one is False or other is False:
        return one or other
    return f"({one}) or ({other})"
