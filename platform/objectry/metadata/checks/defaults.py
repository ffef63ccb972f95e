"""Defaults: a constant one keeps the rules of its field, else no record could be made with it."""

from decimal import Decimal

import jsonschema_rs

from objectry.expressions.tree import Literal, Tree, Unary
from objectry.findings import code
from objectry.metadata.checks.context import Context, Path
from objectry.metadata.checks.fields import pattern_problem
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.definitions import FieldDef
from objectry.metadata.types import FieldType

DEFAULT_REFUSED = code(
    "OBJ0348",
    "Default breaks the field's own rules",
    "The default is a value that the field itself refuses: outside `min` and `max`, too long or "
    "short, not of its `pattern`, no e-mail address, currency or country. Nobody could leave the "
    "field out.",
    wrong="object: offer\nservice: offers\nfields: {rebate: {type: percent, min: 0, default: -1}}",
    right="object: offer\nservice: offers\nfields: {rebate: {type: percent, min: 0, default: 0}}",
)


@project_check
def check_constant_defaults(context: Context) -> None:
    """A default that is a plain value is one the field takes (all expressions are typed by now)."""
    for definition in context.definitions.objects.values():
        for field in definition.fields.values():
            path: Path = ("fields", field.name, "default")
            found = context.expressions.get((definition.name, path))
            problem = _problem(context, field, _constant(found.tree)) if found else ""
            if problem:
                at = ("object", definition.name, path)
                context.find(DEFAULT_REFUSED, at, f"The field refuses its default: {problem}.")


def _constant(tree: Tree) -> object:
    """What an expression always gives, None where that is not plain to see."""
    match tree:
        case Literal(value=value):
            return value
        case Unary(op="-", operand=Literal(value=Decimal() as value)):
            return -value
        case _:
            return None


def _problem(context: Context, field: FieldDef, value: object) -> str:
    match value:
        case Decimal():
            return _number_problem(field, value)
        case str():
            return _text_problem(context.type_of(field), field, value)
        case _:
            return ""


def _number_problem(field: FieldDef, value: Decimal) -> str:
    if field.min is not None and value < field.min:
        return f"{value} is below `min` {field.min}"
    if field.max is not None and value > field.max:
        return f"{value} is above `max` {field.max}"
    if field.type == "integer" and not -(2**63) <= value < 2**63:
        return f"{value} has too many digits"
    return ""


def _text_problem(row: FieldType | None, field: FieldDef, value: str) -> str:
    if field.max_length is not None and len(value) > field.max_length:
        return f"it is longer than `max_length` {field.max_length}"
    if field.min_length is not None and len(value) < field.min_length:
        return f"it is shorter than `min_length` {field.min_length}"
    if row is not None and (problem := row.constant_problem(field, value)):
        return problem
    if (
        field.pattern is not None
        and not pattern_problem(field.pattern)
        and not _matches(field.pattern, value)
    ):
        return f"'{value}' does not match `pattern` {field.pattern}"
    return ""


def _matches(pattern: str, value: str) -> bool:
    validator = jsonschema_rs.Draft202012Validator(
        {"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()
    )
    return validator.is_valid(value)
