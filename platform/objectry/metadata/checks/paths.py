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
    hop, _, rest = path.partition(".")
    field = context.expect_field(UNKNOWN_FIELD, object_name, hop, at, key=key)
    if field is None or field.type == "":
        return None
    if not rest:
        return _shown(context, field, at, key=key)
    if field.type != "link":
        message = f"`{hop}` can't be followed by a dot."
        context.find(WRONG_FIELD, at, message, "only a link can", key=key)
        return None
    ends = [
        expect_path(context, target, rest, at, key=key)
        for target in field.to
        if target in context.definitions.objects  # else reported at the link
    ]
    found = [end for end in ends if end is not None]
    if len(found) < len(ends) or not found:
        return None
    if any(end.type != found[0].type for end in found):
        message = f"`{rest}` is not the same in all that `{hop}` may lead to."
        context.find(WRONG_FIELD, at, message, key=key)
        return None
    return found[0]


def _shown(context: Context, field: FieldDef, at: Place, *, key: bool) -> FieldDef | None:
    if field.type == "table":
        message = f"The table `{field.name}` has no value of its own."
        context.find(WRONG_FIELD, at, message, key=key)
        return None
    return field
