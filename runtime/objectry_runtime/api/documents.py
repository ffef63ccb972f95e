"""The OpenAPI document of one caller: built once per release and set of roles."""

from collections.abc import Callable

import msgspec

from objectry.compiler.schemas import object_schemas, openapi
from objectry_runtime.api.serving import Serving
from objectry_runtime.api.visibility import is_visible
from objectry_runtime.identity import Call
from objectry_runtime.permissions import policy

KEPT_MAX = 64  # documents kept per release: one per set of roles that asked

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
            case "read" | "create" | "update" | "delete" if field is None:
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


def openapi_document(serving: Serving, call: Call) -> bytes:
    """The OpenAPI 3.1 document as this caller may see it."""
    key = ("api.openapi", call.principal.roles, serving.services)
    kept = call.live.compiled.get(key)
    if isinstance(kept, bytes):
        return kept
    document = openapi(
        call.live.model, version=call.live.release.id, visible=visible_to(serving, call)
    )
    body = msgspec.json.encode(document)
    if sum(1 for known in call.live.compiled if known[0] == "api.openapi") < KEPT_MAX:
        call.live.compiled[key] = body
    return body


def schemas_of(serving: Serving, call: Call, object_name: str) -> dict[str, object]:
    """The JSON Schemas of one object as this caller may see it."""
    return dict(object_schemas(call.live.model, object_name, visible_to(serving, call)))
