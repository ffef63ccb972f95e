"""Lookups and rollups take the type of what they lead to; a lookup becomes a formula."""

from collections.abc import Mapping
from typing import Any  # keys of a definition, as many kinds of value as there are keys

import msgspec

from objectry.metadata.loader.sources import Graft
from objectry.metadata.model.definitions import Definitions, FieldDef, ObjectDef
from objectry.metadata.model.model import owners_of
from objectry.metadata.model.system import system_fields

# What a derived field shows its value by.
_FOLLOWS = ("scale", "options", "to", "currency")

Grafts = dict[tuple[str, str], list[Graft]]
Place = tuple[str, str]  # object, field


def relate(definitions: Definitions, grafts: Grafts) -> Mapping[str, ObjectDef]:
    """The objects with every lookup and rollup written out.

    What leads nowhere keeps no type; the checks tell why.
    """
    del grafts
    following = _Following(definitions)
    return {
        name: msgspec.structs.replace(
            definition,
            fields={field: following.field(name, field) for field in definition.fields},
        )
        if any(field.lookup or field.rollup for field in definition.fields.values())
        else definition
        for name, definition in definitions.objects.items()
    }


class _Following:
    """Follows lookups and rollups to their ends, which may be lookups and rollups themselves."""

    def __init__(self, definitions: Definitions) -> None:
        self._objects = definitions.objects
        self._owners = owners_of(definitions)
        self._written: dict[Place, FieldDef] = {}
        self._busy: set[Place] = set()

    def field(self, object_name: str, name: str) -> FieldDef:
        """A declared field with its type."""
        place = (object_name, name)
        found = self._written.get(place, self._objects[object_name].fields[name])
        if place in self._written or place in self._busy or not (found.lookup or found.rollup):
            return found  # one on the way is in a circle, which the checks tell
        self._busy.add(place)
        keys = self._rollup(found) if found.rollup else self._lookup(object_name, found)
        self._busy.discard(place)
        found = self._written[place] = msgspec.structs.replace(found, **keys)
        return found

    def _lookup(self, object_name: str, field: FieldDef) -> dict[str, Any]:
        *hops, last = field.lookup.split(".")
        if not hops:
            return {}
        for hop in hops:
            link = self._find(object_name, hop)
            if hop == "parent" and link is None and object_name in self._owners:
                object_name = self._owners[object_name][0][0]
                continue
            if link is None or link.type != "link" or not link.to:
                return {}
            object_name = link.to[0]  # of several objects, all have the same: a formula's rule
        target = self._find(object_name, last)
        if target is None or not target.type:
            return {}
        keys = _shown(field, target)
        return keys if field.formula is not None else {**keys, "formula": field.lookup}

    def _rollup(self, field: FieldDef) -> dict[str, Any]:
        rollup = field.rollup
        assert rollup is not None, "a rollup is asked for its type"
        if rollup.op == "count":
            return {"type": field.type or "integer"}
        target = self._find(rollup.of, rollup.field)
        if target is None or not target.type:
            return {}
        keys = _shown(field, target)
        if rollup.op == "avg" and target.type == "integer" and not field.type:
            keys["type"] = "decimal"
        return keys

    def _find(self, object_name: str, name: str) -> FieldDef | None:
        definition = self._objects.get(object_name)
        if definition is None:
            return None
        if name in definition.fields:
            return self.field(object_name, name)
        return system_fields(definition, line=object_name in self._owners).get(name)


def _shown(field: FieldDef, target: FieldDef) -> dict[str, Any]:
    """The type, and what belongs to it, where the field does not say otherwise.

    A currency in a field of the other record is not known in this one.
    """
    if field.type and field.type != target.type:
        return {}
    keys: dict[str, Any] = {"type": target.type}
    for key in _FOLLOWS:
        value = getattr(target, key)
        if value and not getattr(field, key) and not (key == "currency" and value.islower()):
            keys[key] = value
    return keys
