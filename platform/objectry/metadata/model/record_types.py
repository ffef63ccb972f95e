"""Record types, said in what every object has: a field, conditions of fields, checks."""

from collections.abc import Iterator

from objectry.metadata.model.definitions import CheckDef, FieldDef, ObjectDef, OptionDef

RECORD_TYPE = "record_type"


def record_type_field(definition: ObjectDef) -> FieldDef:
    """The field that tells the types of an object apart; the first is the default."""
    types = definition.record_types
    return FieldDef(
        name=RECORD_TYPE,
        type="select",
        label="Type",
        required=True,
        default=f"'{next(iter(types))}'",
        options=tuple(OptionDef(value=one.name, label=one.label) for one in types.values()),
    )


def applies_when(definition: ObjectDef, field: FieldDef) -> str | None:
    """The condition of a field: its own, and that the record's type has it."""
    without = [one.name for one in definition.record_types.values() if field.name in one.hidden]
    if not without:
        return field.when
    has_it = f"{RECORD_TYPE} not in {without}"
    return has_it if field.when is None else f"({field.when}) and {has_it}"


def required_when(definition: ObjectDef, field: FieldDef) -> str | None:
    """When a field must have a value: by its own condition, or because the type needs it."""
    needing = [one.name for one in definition.record_types.values() if field.name in one.required]
    if not needing:
        return field.required_when
    needs_it = f"{RECORD_TYPE} in {needing}"
    own = field.required_when
    return needs_it if own is None else f"({own}) or {needs_it}"


def option_checks(definition: ObjectDef) -> Iterator[CheckDef]:
    """Checks that records have no option which their type leaves out."""
    for one in definition.record_types.values():
        for field, options in one.options.items():
            yield CheckDef(
                rule=f"{RECORD_TYPE} != '{one.name}' or {field} is None"
                f" or {field} in {list(options)}",
                message=f"{one.label or one.name}: possible are {', '.join(options)}.",
                field=field,
            )
