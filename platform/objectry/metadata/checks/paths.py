"""Paths through links, as pages name them: `customer.price_list.currency`."""

from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import UNKNOWN_FIELD, WRONG_FIELD
from objectry.metadata.model.definitions import FieldDef


def expect_path(
    context: Context, object_name: str, path: str, at: Place, *, key: bool = False
) -> FieldDef | None:
    """The field that a path leads to; None after reporting where it goes wrong.

    A table at its end is reported too: it has no value of its own to show. `key` places findings at
    the key of `at`.
    """
    parts = path.split(".")
    for part in parts[:-1]:
        field = context.expect_field(UNKNOWN_FIELD, object_name, part, at, key=key)
        if field is None or field.type == "":
            return None
        if field.type != "link" or len(field.to) != 1:
            message = f"`{part}` can't be followed by a dot."
            context.find(WRONG_FIELD, at, message, "only a link to one object can", key=key)
            return None
        object_name = field.to[0]
        if object_name not in context.definitions.objects:
            return None  # reported at the link
    field = context.expect_field(UNKNOWN_FIELD, object_name, parts[-1], at, key=key)
    if field is None or field.type == "":
        return None
    if field.type == "table":
        message = f"The table `{field.name}` has no value of its own."
        context.find(WRONG_FIELD, at, message, key=key)
        return None
    return field
