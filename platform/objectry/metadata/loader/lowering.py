"""Definitions that stand for parts of others, written out where they mean something.

What is merged keeps its place: a finding about it is about the file that declares it.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from objectry.metadata.loader.extending import extend, extend_layouts
from objectry.metadata.loader.merging import Grafts, merge
from objectry.metadata.loader.relations import relate
from objectry.metadata.loader.sources import Graft
from objectry.metadata.loader.translating import translate_rights, translate_values
from objectry.metadata.loader.uniting import unite
from objectry.metadata.model.definitions import (
    Definitions,
    MixinDef,
    ObjectDef,
    OptionDef,
    UnitsDef,
)
from objectry.metadata.model.record_types import RECORD_TYPE, record_type_field
from objectry.metadata.model.trees import PARENT, parent_field

Step = Callable[[Definitions, Grafts], Mapping[str, ObjectDef]]


class Lowered(msgspec.Struct, frozen=True, kw_only=True):
    """The definitions written out, and which of their parts stand elsewhere."""

    definitions: Definitions
    grafts: Grafts


def lower(definitions: Definitions) -> Lowered:
    """All definitions, each object with everything that others declare for it."""
    grafts: Grafts = {}
    for step in STEPS:
        objects = dict(step(definitions, grafts))
        definitions = msgspec.structs.replace(definitions, objects=objects)
    definitions = msgspec.structs.replace(
        definitions,
        layouts=dict(extend_layouts(definitions, grafts)),
        translations=unite(definitions, grafts),
        roles=translate_rights(definitions),
    )
    return Lowered(definitions=definitions, grafts=grafts)


def take_services(definitions: Definitions, grafts: Grafts) -> Mapping[str, ObjectDef]:
    """Objects that a service lists take that service."""
    del grafts
    objects = dict(definitions.objects)
    for service in definitions.services.values():
        for name in service.objects:
            if name in objects and not objects[name].service:
                objects[name] = msgspec.structs.replace(objects[name], service=service.name)
    return objects


def list_units(definitions: Definitions, grafts: Grafts) -> Mapping[str, ObjectDef]:
    """A `select` of units has them as its options, each with its factor."""
    del grafts
    if not definitions.units:
        return definitions.objects
    return {
        name: _with_units(definition, definitions.units)
        for name, definition in definitions.objects.items()
    }


def _with_units(definition: ObjectDef, units: Mapping[str, UnitsDef]) -> ObjectDef:
    fields = dict(definition.fields)
    for name, field in definition.fields.items():
        if field.units in units and not field.options:
            options = unit_options(units[field.units])
            fields[name] = msgspec.structs.replace(field, options=options)
    return msgspec.structs.replace(definition, fields=fields)


def unit_options(units: UnitsDef) -> tuple[OptionDef, ...]:
    """Units of measure as options; the base unit need not be among the factors."""
    factors = {units.base: Decimal(1)} | units.factors if units.base else units.factors
    return tuple(
        OptionDef(value=name, label=units.labels.get(name, ""), factor=factor)
        for name, factor in factors.items()
        if factor
    )


def type_records(definitions: Definitions, grafts: Grafts) -> Mapping[str, ObjectDef]:
    """Objects with record types get the field that tells them apart; their own would hide it."""
    objects = dict(definitions.objects)
    for name, definition in objects.items():
        if not definition.record_types or RECORD_TYPE in definition.fields:
            continue
        fields = {RECORD_TYPE: record_type_field(definition), **definition.fields}
        objects[name] = msgspec.structs.replace(definition, fields=fields)
        place = ("object", name, ("record_types",))
        grafts.setdefault(("object", name), []).append(Graft(("fields", RECORD_TYPE), place))
    return objects


def plant(definitions: Definitions, grafts: Grafts) -> Mapping[str, ObjectDef]:
    """Trees get the link to the record above; an own field of the name would hide it."""
    objects = dict(definitions.objects)
    for name, definition in objects.items():
        if definition.tree and PARENT not in definition.fields:
            fields = {**definition.fields, PARENT: parent_field(definition)}
            objects[name] = msgspec.structs.replace(definition, fields=fields)
            place = ("object", name, ("tree",))
            grafts.setdefault(("object", name), []).append(Graft(("fields", PARENT), place))
    return objects


def mix_in(definitions: Definitions, grafts: Grafts) -> Mapping[str, ObjectDef]:
    """Objects get the parts of the mixins they name; what they declare themselves wins."""
    for name in definitions.mixins:
        grafts[("object", name)] = [Graft((), ("mixin", name, ()))]
    return {
        name: _mixed(definitions.mixins, definition, grafts)
        for name, definition in definitions.objects.items()
    }


def _mixed(mixins: Mapping[str, MixinDef], definition: ObjectDef, grafts: Grafts) -> ObjectDef:
    key = ("object", definition.name)
    if definition.mixins:
        grafts[key] = []
    else:
        grafts.pop(key, None)  # an object of a mixin's name hides it; the checks say so
    for name in dict.fromkeys(definition.mixins):
        if name in mixins:
            definition = merge(definition, mixins[name], ("mixin", name), grafts[key])
    return definition


STEPS: tuple[Step, ...] = (
    take_services,
    mix_in,
    extend,
    list_units,
    translate_values,
    type_records,
    plant,
    relate,
)
