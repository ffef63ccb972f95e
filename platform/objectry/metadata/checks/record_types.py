"""Record types: what they name is there, and a record of each can be made."""

from objectry.findings import code, near_or_all
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.names import RESERVED, check_name
from objectry.metadata.checks.references import UNKNOWN_FIELD, WRONG_FIELD
from objectry.metadata.checks.registry import object_check
from objectry.metadata.model.definitions import ObjectDef, RecordTypeDef
from objectry.metadata.model.record_types import RECORD_TYPE, record_type_field

_AROUND = (
    "object: offer\nservice: offers\nfields: {urgency: {type: select, options: [low, high]}}\n"
)

CONTRADICTS = code(
    "OBJ0605",
    "A record type contradicts itself",
    "A type can't need a field that it hides, and of the options of a `select` one is left at "
    "least.",
    wrong=_AROUND + "record_types: {usual: {required: urgency, hidden: urgency}}",
    right=_AROUND + "record_types: {usual: {required: urgency}, small: {hidden: urgency}}",
)
TYPE_OPTION = code(
    "OBJ0606",
    "Not an option of the field",
    "A record type chooses among the options that the field declares.",
    wrong=_AROUND + "record_types: {usual: {options: {urgency: [lov]}}}",
    right=_AROUND + "record_types: {usual: {options: {urgency: [low]}}}",
)
TYPE_LAYOUT = code(
    "OBJ0607",
    "Not a form of the object",
    "`layout` of a record type names a layout of kind `form` of the same object.",
    wrong=_AROUND + "record_types: {usual: {layout: offer.from}}",
    right=_AROUND
    + "record_types: {usual: {layout: offer.form}}\n"
    + "---\nlayout: offer.form\nobject: offer\nkind: form\nsections: [{fields: [urgency]}]",
)


@object_check
def check_record_types(context: Context, definition: ObjectDef) -> None:
    """Every type names fields, options and a form that there are."""
    if not definition.record_types:
        return
    if definition.fields.get(RECORD_TYPE) != record_type_field(definition):
        at: Place = ("object", definition.name, ("fields", RECORD_TYPE))
        message = f"`record_types` makes the field `{RECORD_TYPE}`."
        context.find(RESERVED, at, message, "remove it from `fields`", key=True)
    for one in definition.record_types.values():
        at = ("object", definition.name, ("record_types", one.name))
        check_name(context, "a record type", one.name, at, key=True)
        _check_fields(context, definition, one)
        _check_options(context, definition, one)
        _check_layout(context, definition, one)


def _check_fields(context: Context, definition: ObjectDef, one: RecordTypeDef) -> None:
    for key in ("required", "hidden"):
        for index, name in enumerate(getattr(one, key)):
            path = ("record_types", one.name, key, index)
            at: Place = ("object", definition.name, path)
            field = context.expect_field(UNKNOWN_FIELD, definition.name, name, at)
            if field is None:
                continue
            derived = field.formula is not None or field.computed
            if name not in definition.fields or (derived and key == "required"):
                context.find(WRONG_FIELD, at, f"Nobody enters `{name}`.", "remove it")
            elif field.type == "table" and key == "hidden":
                context.find(WRONG_FIELD, at, f"The table `{name}` can't be hidden.", "remove it")
            elif key == "hidden" and name in one.required:
                context.find(CONTRADICTS, at, f"`{one.name}` needs and hides `{name}`.")


def _check_options(context: Context, definition: ObjectDef, one: RecordTypeDef) -> None:
    for name, chosen in one.options.items():
        path = ("record_types", one.name, "options", name)
        at: Place = ("object", definition.name, path)
        field = context.expect_field(UNKNOWN_FIELD, definition.name, name, at, key=True)
        if field is None:
            continue
        if field.type != "select":
            context.find(WRONG_FIELD, at, f"`{name}` is no select: it has no options.", key=True)
            continue
        known = [option.value for option in field.options]
        if not chosen:
            context.find(CONTRADICTS, at, f"`{one.name}` leaves no option of `{name}`.", key=True)
        for index, value in enumerate(chosen):
            if value not in known:
                place: Place = ("object", definition.name, (*path, index))
                message = f"`{value}` is no option of `{name}`."
                context.find(TYPE_OPTION, place, message, near_or_all(value, known))


def _check_layout(context: Context, definition: ObjectDef, one: RecordTypeDef) -> None:
    if not one.layout:
        return
    layouts = context.definitions.layouts
    forms = [
        name
        for name, layout in layouts.items()
        if layout.kind == "form" and layout.object == definition.name
    ]
    if one.layout not in forms and not context.positions.is_lost("layout", one.layout):
        at: Place = ("object", definition.name, ("record_types", one.name, "layout"))
        message = f"`{one.layout}` is no form of `{definition.name}`."
        context.find(TYPE_LAYOUT, at, message, near_or_all(one.layout, forms))
