"""Objects of one record: it is made before anybody says anything, so it must do without."""

from objectry.findings import code
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.registry import object_check
from objectry.metadata.model.definitions import ObjectDef

NOT_FOR_SINGLE = code(
    "OBJ0603",
    "Not possible for a single record",
    "`single: true` says that there is one record, always: it is never numbered, converted, made "
    "or deleted.",
    wrong='object: setup\nservice: offers\nsingle: true\nnumbering: {pattern: "{seq}"}',
    right="object: setup\nservice: offers\nsingle: true",
)
NEEDS_DEFAULT = code(
    "OBJ0604",
    "A single record needs a default here",
    "The record is there before anybody fills it in, so what is required has a default.",
    wrong=(
        "object: setup\nservice: offers\nsingle: true\n"
        "fields: {currency: {type: currency, required: true}}"
    ),
    right=(
        "object: setup\nservice: offers\nsingle: true\n"
        "fields: {currency: {type: currency, required: true, default: \"'EUR'\"}}"
    ),
)

_OF_MANY = ("numbering", "conversions", "indexes", "uniques", "soft_delete", "record_types", "tree")


@object_check
def check_single(context: Context, definition: ObjectDef) -> None:
    """A single record declares nothing that only many have, and can be made from nothing."""
    if not definition.single:
        return
    for key in _OF_MANY:
        if getattr(definition, key):
            at: Place = ("object", definition.name, (key,))
            message = f"`{key}` means nothing where there is one record."
            context.find(NOT_FOR_SINGLE, at, message, "remove it", key=True)
    for field in definition.fields.values():
        at = ("object", definition.name, ("fields", field.name, "required"))
        if field.required and (field.default is None or field.type == "table"):
            message = f"`{field.name}` is required, but the record is there before it is filled in."
            context.find(NEEDS_DEFAULT, at, message, "give it a default")


@object_check
def check_targets(context: Context, definition: ObjectDef) -> None:
    """No conversion makes a single record: it is there already."""
    for conversion in definition.conversions.values():
        target = context.definitions.objects.get(conversion.to)
        if target is not None and target.single:
            at: Place = ("object", definition.name, ("conversions", conversion.name, "to"))
            context.find(NOT_FOR_SINGLE, at, f"There is one `{target.name}` already.")
