"""Mixins: they exist, stand on their own feet, and bring nothing that is there already."""

from collections.abc import Iterator

import msgspec

from objectry.findings import code
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import MixinDef, ObjectDef

UNKNOWN_MIXIN = code(
    "OBJ0600",
    "Unknown mixin",
    "No document declares a mixin of that name.",
    wrong="object: offer\nservice: offers\nmixins: [datd]\n---\nmixin: dated",
    right="object: offer\nservice: offers\nmixins: [dated]\n---\nmixin: dated",
)
CLASH = code(
    "OBJ0601",
    "Field stands in two places",
    "A mixin brings a field that the object, or another of its mixins, declares too. One of the "
    "two would be lost.",
    wrong=(
        "object: offer\nservice: offers\nmixins: [dated]\nfields: {until: {type: text}}\n"
        "---\nmixin: dated\nfields: {until: {type: date}}"
    ),
    right=(
        "object: offer\nservice: offers\nmixins: [dated]\nfields: {note: {type: text}}\n"
        "---\nmixin: dated\nfields: {until: {type: date}}"
    ),
)
TAKEN = code(
    "OBJ0602",
    "A mixin with the name of an object",
    "What is said about the two would be mistaken for each other. A mixin is best named by what "
    "it makes of an object: `addressed`, `dated`.",
    wrong="mixin: offer\n---\nobject: offer\nservice: offers",
    right="mixin: dated\n---\nobject: offer\nservice: offers",
)


def standing_alone(context: Context) -> Iterator[tuple[Context, ObjectDef]]:
    """Every mixin as an object that has nothing else, in a context that knows it.

    So its own file is judged, used or not, and may name no field that only its users have.
    """
    for mixin in context.definitions.mixins.values():
        if mixin.name in context.definitions.objects:
            continue  # reported
        alone = as_object(mixin)
        objects = {**context.definitions.objects, mixin.name: alone}
        yield context.over(msgspec.structs.replace(context.definitions, objects=objects)), alone


def as_object(mixin: MixinDef) -> ObjectDef:
    """An object of a mixin's fields and rules."""
    return ObjectDef(
        name=mixin.name,
        service="",
        fields=mixin.fields,
        checks=mixin.checks,
        invariants=mixin.invariants,
        indexes=mixin.indexes,
        uniques=mixin.uniques,
    )


@project_check
def check_names(context: Context) -> None:
    """No mixin is called as an object is."""
    for name in context.definitions.mixins:
        if name in context.definitions.objects:
            at: Place = ("mixin", name, ("mixin",))
            context.find(TAKEN, at, f"`{name}` is an object.", "as in `addressed`")


@object_check
def check_mixins(context: Context, definition: ObjectDef) -> None:
    """What an object names are mixins, and none brings a field that is there already."""
    mixins = context.definitions.mixins
    for index, name in enumerate(definition.mixins):
        at: Place = ("object", definition.name, ("mixins", index))
        if not context.expect(UNKNOWN_MIXIN, "mixin", name, mixins, at):
            continue
        for field in mixins[name].fields:
            place = ("fields", field)
            kind, holder, _ = context.positions.origin("object", definition.name, place)
            if (kind, holder) == ("mixin", name):
                continue
            message = f"`{name}` brings the field `{field}`, which `{holder}` has too."
            context.find(CLASH, at, message, "rename one of the two")
