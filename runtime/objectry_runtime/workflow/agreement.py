"""What several records hand over to one must be the same in all of them."""

from collections.abc import Mapping, Sequence

from objectry.compiler.codecs import to_text
from objectry.expressions import Expression, Value
from objectry.expressions.tree import Field
from objectry.metadata.model import ConversionModel
from objectry_runtime.command.context import Context
from objectry_runtime.permissions import Policy, policy
from objectry_runtime.problems import FieldError

SHOWN_MAX = 100  # characters of a value that a message shows

Handed = tuple[str, Mapping[str, Value]]
"""Where the body names a source, and what its fields give."""


def disagreements(
    context: Context, rights: Policy, conversion: ConversionModel, handed: Sequence[Handed]
) -> list[FieldError]:
    """One error for each field of a source that is not as in the first; `rights` are on sources."""
    _, first = handed[0]
    return [
        FieldError(
            pointer,
            "disagree",
            _difference(context, rights, conversion, field, first[field], value),
        )
        for pointer, values in handed[1:]
        for field, value in values.items()
        if value != first[field]
    ]


def _difference(
    context: Context,
    rights: Policy,
    conversion: ConversionModel,
    field: str,
    first: Value,
    other: Value,
) -> str:
    """What differs, in names and values that the caller may read."""
    plain = _plain_field(conversion.map[field])
    if plain and rights.field(plain, "read") is True:
        return f"`{plain}` is {_shown(other)} here and {_shown(first)} in the first."
    target = policy(context.live, conversion.to, context.call.principal.roles)
    what = f"`{field}`" if target.shows(field) else "What they hand over"
    return f"{what} would not be the same as of the first."


def _plain_field(expression: Expression) -> str:
    """The field of the source that an expression is; empty where it is more than that."""
    tree = expression.tree
    if isinstance(tree, Field) and tree.root == "record" and len(tree.path) == 1:
        return tree.path[0]
    return ""


def _shown(value: Value) -> str:
    return "empty" if value is None else f"`{(to_text(value) or '')[:SHOWN_MAX]}`"
