"""Values that a definition sets in a record: by field, as expressions over another."""

from collections.abc import Mapping

from objectry.expressions.types import Scope
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.conversions import NOT_GIVEN, check_link
from objectry.metadata.checks.expressions import check_options
from objectry.metadata.checks.references import UNKNOWN_FIELD, WRONG_FIELD
from objectry.metadata.model.definitions import FieldDef, ObjectDef


def check_values(
    context: Context,
    target: ObjectDef,
    values: Mapping[str, str],
    at: Place,
    *,
    scope: Scope,
) -> None:
    """Each names a field that can be set and gives what it holds; `scope` is the source's."""
    kind, name, path = at
    for key, source in values.items():
        place = (kind, name, (*path, key))
        field = check_settable(context, target, key, place)
        if field is None:
            continue
        found = context.compile_in(scope, source, place, expects=context.kinds(field, target.name))
        if found is not None:
            check_link(context, field, found.type, place)
            check_options(context, found, field, place)


def check_settable(context: Context, target: ObjectDef, name: str, at: Place) -> FieldDef | None:
    """The field of an object that a definition may set; None after reporting why not."""
    field = context.expect_field(UNKNOWN_FIELD, target.name, name, at, key=True)
    if field is None:
        return None
    if name in target.fields and not field.derived and field.type != "table":
        return field
    workflow = target.workflow
    if workflow is not None and name == workflow.field:
        hint = "a state changes by a transition"
    elif field.type == "table":
        hint = "its rows are records of their own"
    else:
        hint = "leave it out"
    context.find(WRONG_FIELD, at, f"`{target.name}.{name}` can't be set.", hint, key=True)
    return None


def check_required(
    context: Context, target: ObjectDef, given: Mapping[str, str], at: Place
) -> None:
    """What a new record needs is given; `at` is the place of the values."""
    for field in target.fields.values():
        if field.required and field.default is None and field.name not in given:
            message = f"`{target.name}` requires `{field.name}`."
            context.find(NOT_GIVEN, at, message, "give it, or a default", key=True)
