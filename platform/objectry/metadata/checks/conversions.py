"""Conversions: the target exists, its fields can be set, and what it requires is given."""

from objectry.expressions import compile_expression
from objectry.expressions.types import ExprType, Kind
from objectry.findings import code
from objectry.metadata.checks.context import Context, Path, Place
from objectry.metadata.checks.references import UNKNOWN_FIELD, UNKNOWN_OBJECT, WRONG_FIELD
from objectry.metadata.checks.registry import object_check
from objectry.metadata.model.behaviour import target_quantity
from objectry.metadata.model.definitions import FieldDef, ObjectDef
from objectry.metadata.model.documents import ConversionDef, ConversionLinesDef

NOT_GIVEN = code(
    "OBJ0345",
    "Conversion leaves a required field empty",
    "The target requires a field that the conversion does not map and that has no default, so the "
    "conversion would always fail.",
    wrong=(
        "object: offer\nservice: offers\nconversions: {order: {to: sales_order}}\n"
        "---\nobject: sales_order\nservice: offers\n"
        "fields: {subject: {type: text, required: true}}"
    ),
    right=(
        "object: offer\nservice: offers\nfields: {subject: {type: text}}\n"
        "conversions: {order: {to: sales_order, map: {subject: subject}}}\n"
        "---\nobject: sales_order\nservice: offers\n"
        "fields: {subject: {type: text, required: true}}"
    ),
)
OTHER_OBJECT = code(
    "OBJ0346",
    "Link to another object",
    "The expression gives the id of one object where the field links to another.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {customer: {type: link, to: customer}, "
        "former: {type: link, to: offer, default: customer}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {customer: {type: link, to: customer}, "
        "billed: {type: link, to: customer, default: customer}}"
    ),
)
ALWAYS_DIFFERS = code(
    "OBJ0361",
    "Collective conversion maps what always differs",
    "Where several records are made into one, what is mapped must be the same in all of them. "
    "Their `id` and `number` never are. The chain of documents knows all sources without it.",
    wrong=(
        "object: offer\nservice: offers\n"
        "conversions: {order: {to: sales_order, collective: true, map: {offer: id}}}\n"
        "---\nobject: sales_order\nservice: offers\nfields: {offer: {type: link, to: offer}}"
    ),
    right=(
        "object: offer\nservice: offers\nfields: {subject: {type: text}}\n"
        "conversions: {order: {to: sales_order, collective: true, map: {subject: subject}}}\n"
        "---\nobject: sales_order\nservice: offers\nfields: {subject: {type: text}}"
    ),
)
_OWN = frozenset({("record", ("id",)), ("record", ("number",))})


OTHER_PARTS = code(
    "OBJ0581",
    "A value of other parts",
    "Addresses, names of people and amounts with a currency have parts of their own: none stands "
    "for another.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {ship_to: {type: address}, contact: {type: person_name, formula: ship_to}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {ship_to: {type: address}, bill_to: {type: address, formula: ship_to}}"
    ),
)


@object_check
def check_conversions(context: Context, definition: ObjectDef) -> None:
    """Each conversion names a target and maps to fields that can be set there."""
    objects = context.definitions.objects
    for conversion in definition.conversions.values():
        path: Path = ("conversions", conversion.name)
        at = ("object", definition.name, (*path, "to"))
        if not conversion.to or not context.expect(
            UNKNOWN_OBJECT, "object", conversion.to, objects, at
        ):
            continue
        if conversion.to in context.owners:
            message = f"`{conversion.to}` is a line object; a conversion makes a record."
            context.find(UNKNOWN_OBJECT, at, message, "name the object that owns it")
            continue
        target = objects[conversion.to]
        _check_map(context, definition, target, conversion.map, (*path, "map"))
        given = {*conversion.map, conversion.lines.to if conversion.lines else ""}
        _check_required(context, definition, target, given, path)
        if conversion.collective:
            _check_collective(context, definition, conversion, (*path, "map"))
        if conversion.lines:
            _check_lines(context, definition, conversion, conversion.lines)


def _check_map(
    context: Context, definition: ObjectDef, target: ObjectDef, map_: dict[str, str], path: Path
) -> None:
    for key in map_:
        at = ("object", definition.name, (*path, key))
        field = context.expect_field(UNKNOWN_FIELD, target.name, key, at, key=True)
        if field is None:
            continue
        own = key in target.fields
        if not own or field.formula is not None or field.computed or field.type == "table":
            context.find(
                WRONG_FIELD,
                at,
                f"`{target.name}.{key}` can't be set.",
                "map `lines` under `lines:`" if field.type == "table" else "leave it out",
                key=True,
            )


def _check_collective(
    context: Context, definition: ObjectDef, conversion: ConversionDef, path: Path
) -> None:
    """What is mapped can be the same in several records."""
    scope = context.scope(definition.name, user=True)
    for key, source in conversion.map.items():
        compiled = compile_expression(source, scope)
        if not isinstance(compiled, tuple) and compiled.reads & _OWN:
            at = ("object", definition.name, (*path, key))
            message = f"`{key}` would have to be the same in all records that are made into one."
            context.find(ALWAYS_DIFFERS, at, message, "leave it out", key=True)


def _check_required(
    context: Context, definition: ObjectDef, target: ObjectDef, given: set[str], path: Path
) -> None:
    for field in target.fields.values():
        if field.required and field.default is None and field.name not in given:
            at = ("object", definition.name, (*path, "map"))
            message = f"`{target.name}` requires `{field.name}`, which is not mapped."
            context.find(NOT_GIVEN, at, message, "map it, or give it a default", key=True)


def _check_lines(
    context: Context,
    definition: ObjectDef,
    conversion: ConversionDef,
    lines: ConversionLinesDef,
) -> None:
    path: Path = ("conversions", conversion.name, "lines")
    source = _table(context, definition, lines.source, ("object", definition.name, (*path, "from")))
    target = _table(
        context,
        context.definitions.objects[conversion.to],
        lines.to,
        ("object", definition.name, (*path, "to")),
    )
    if source is not None and lines.quantity:
        at = ("object", definition.name, (*path, "quantity"))
        _check_quantity(context, source, lines.quantity, at)
    if target is None:
        return
    _check_map(context, definition, target, lines.map, (*path, "map"))
    quantity = target_quantity(lines)
    if quantity and source is not None and lines.quantity in source.fields:
        at = ("object", definition.name, (*path, "quantity"))
        _check_quantity(context, target, quantity, at)
    _check_required(context, definition, target, {*lines.map, quantity}, path)


def _table(context: Context, owner: ObjectDef, name: str, at: Place) -> ObjectDef | None:
    """The line object behind a table field."""
    if context.positions.is_broken(*at):
        return None
    field = context.expect_field(UNKNOWN_FIELD, owner.name, name, at)
    if field is None or field.type == "":
        return None
    if field.type != "table":
        context.find(WRONG_FIELD, at, f"`{owner.name}.{name}` is no table field.")
        return None
    return context.definitions.objects.get(field.of)


def _check_quantity(context: Context, line: ObjectDef, name: str, at: Place) -> None:
    field = context.expect_field(UNKNOWN_FIELD, line.name, name, at)
    row = None if field is None else context.type_of(field)
    if field is None or row is None:
        return
    if row.kind is not Kind.NUMBER or field.formula is not None or field.computed:
        context.find(WRONG_FIELD, at, f"`{line.name}.{name}` is no number that can be entered.")


def check_link(context: Context, field: FieldDef, given: ExprType, at: Place) -> None:
    """An expression for a link field gives a record of an object the field may point to, one for a
    value of several parts one of the same parts."""
    wanted = context.type_of(field)
    if given.parts and wanted is not None and tuple(wanted.parts) != tuple(dict(given.parts)):
        message = f"`{field.name}` is a {field.type}; this value has other parts."
        context.find(OTHER_PARTS, at, message)
    if given.kind is not Kind.LINK or not given.object or field.type != "link":
        return
    if field.to and given.object not in field.to:
        message = f"This is a record of `{given.object}`; `{field.name}` links to {_or(field.to)}."
        context.find(OTHER_OBJECT, at, message)


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(f"`{name}`" for name in names)
