"""The schemas of one caller, and what of the release they may be about."""

from collections.abc import Callable

from objectry.compiler.schemas import object_schemas
from objectry_runtime.api.serving import Serving
from objectry_runtime.api.visibility import is_visible
from objectry_runtime.identity import Call
from objectry_runtime.permissions import policy

Visible = Callable[[str, str | None, str], bool]


def visible_to(serving: Serving, call: Call) -> Visible:
    """The predicate that the compilers take: may this caller use (object, name) so?

    Without a name `use` is an action on the object; else the name is a field's, or an action's for
    `transition` and `convert`.
    """
    roles = call.principal.roles

    def visible(object_name: str, field: str | None, use: str) -> bool:
        if not is_visible(serving, call, call.live.model.object(object_name)):
            return False
        rights = policy(call.live, object_name, roles)
        match use:
            case "read" | "create" | "update" | "delete" | "print" if field is None:
                return rights.rule(use) is not False
            case "read" if field is not None:
                return rights.shows(field)
            case "filter" | "sort" | "write" if field is not None:
                return rights.field(field, use) is not False
            case "transition" if field is not None:
                return rights.may_transition(field)
            case "convert" if field is not None:
                return rights.may_convert(field)
            case _:
                raise AssertionError(f"{use} is not a use of {field or object_name}")

    return visible


def schemas_of(serving: Serving, call: Call, object_name: str) -> dict[str, object]:
    """The JSON Schemas of one object as this caller may see it."""
    return dict(object_schemas(call.live.model, object_name, visible_to(serving, call)))
