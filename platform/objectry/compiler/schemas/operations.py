"""The operations on one object, as OpenAPI describes them."""

from objectry.compiler.schemas.parts import AGE, BULK_MAX, page, parameter, problems
from objectry.compiler.schemas.shapes import Visible, filterable
from objectry.metadata.model import FieldModel, Model, ObjectModel
from objectry.metadata.types import BELOW, OPERATORS, Reference, Schema

PREFIX = "/api/v1"
_ETAG: Schema = {
    "ETag": {
        "description": "The version of the record: send it back as If-Match.",
        "schema": {"type": "string"},
    }
}
_LOCATION: Schema = {
    "Location": {"description": "Where the new record is.", "schema": {"type": "string"}}
}


def object_paths(
    model: Model, owner: ObjectModel, visible: Visible, reference: Reference
) -> dict[str, Schema]:
    """The paths of an object with the operations that the caller may do; lines are only read."""
    may = {use: visible(owner.name, None, use) for use in ("read", "create", "update", "delete")}
    writes = not owner.is_line
    collection: Schema = {}
    record: Schema = {}
    if may["read"]:
        collection["get"] = _list(owner, visible, reference)
        record["get"] = _get(owner, reference)
    if writes and may["create"]:
        collection["post"] = _create(owner, reference)
    if writes and may["update"]:
        record["patch"] = _update(
            owner, reference, "patch", "Change some fields (JSON merge patch)."
        )
        record["put"] = _update(owner, reference, "create", "Replace all fields.")
    if writes and may["delete"]:
        record["delete"] = _delete(owner)
    base = f"{PREFIX}/{owner.plural}"
    paths: dict[str, Schema] = {base: collection, f"{base}/{{id}}": record}
    if writes and may["read"]:
        paths[f"{base}/{{id}}/history"] = {"get": _history(owner, reference)}
    if writes and may["delete"] and owner.definition.soft_delete:
        paths[f"{base}/{{id}}/actions/restore"] = {"post": _restore(owner, reference)}
    if writes:
        for action, operation in _actions(model, owner, visible, reference).items():
            paths[f"{base}/{{id}}/actions/{action}"] = {"post": operation}
    if owner.definition.single:
        paths = _of_the_only(paths, base)
    return {path: operations for path, operations in paths.items() if operations}


def _of_the_only(paths: dict[str, Schema], base: str) -> dict[str, Schema]:
    """The paths of an object that has one record: those of a record without naming it."""
    named = f"{base}/{{id}}"
    return {
        path.replace(named, base, 1): {
            method: {
                **operation,
                "parameters": [one for one in operation["parameters"] if one != parameter("id")],
            }
            for method, operation in operations.items()
            if method != "delete"
        }
        for path, operations in paths.items()
        if path.startswith(named)
    }


def _operation(owner: ObjectModel, verb: str, summary: str) -> Schema:
    return {"operationId": f"{owner.name}.{verb}", "tags": [owner.schema], "summary": summary}


def _label(owner: ObjectModel) -> str:
    return owner.definition.label or owner.name.replace("_", " ").capitalize()


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _answer(description: str, schema: Schema, headers: Schema | None = None) -> Schema:
    answer: Schema = {"description": description, "content": _json(schema)}
    return {**answer, "headers": headers} if headers else answer


def _list(owner: ObjectModel, visible: Visible, reference: Reference) -> Schema:
    shared = ("where", "sort", "fields", "expand", "limit", "cursor", "count", "stale")
    return {
        **_operation(owner, "list", f"List: {_label(owner)}"),
        "parameters": [_filters(owner, visible), *(parameter(name) for name in shared)],
        "responses": {
            "200": _answer("A page.", page(reference(owner.name, "read")), AGE),
            **problems(),
        },
    }


def _follows(field: FieldModel) -> bool:
    """Whether a path may go on behind the field: to a record, or to a part of the value."""
    return field.type.links or bool(field.type.parts)


def _filters(owner: ObjectModel, visible: Visible) -> Schema:
    """All filters as one free-form parameter: any number of `field=value`, `field__op=value`."""
    by_operators: dict[tuple[str, ...], list[str]] = {}
    for field in filterable(owner, visible):
        path = rf"{field.name}(\.[a-z0-9_.]+)?" if _follows(field) else field.name
        # A path through a link ends at a field of any type.
        operators = OPERATORS if _follows(field) else field.type.operators
        if field.type.own and owner.definition.tree:
            operators = (*operators, *BELOW)
        by_operators.setdefault(operators, []).append(path)
    alternatives = [
        f"({'|'.join(names)})(__({'|'.join(each for each in operators if each != 'eq')}))?"
        for operators, names in by_operators.items()
    ]
    return {
        "name": "filter",
        "in": "query",
        "style": "form",
        "explode": True,
        "description": "Filters: `field=value`, `field__op=value`, `link.field=value`.",
        "schema": {
            "type": "object",
            "propertyNames": {"pattern": f"^({'|'.join(alternatives)})$"},
            "additionalProperties": {"type": "string"},
        },
    }


def _get(owner: ObjectModel, reference: Reference) -> Schema:
    return {
        **_operation(owner, "get", f"Get: {_label(owner)}"),
        "parameters": [parameter(name) for name in ("id", "fields", "expand", "stale")],
        "responses": {
            "200": _answer("The record.", reference(owner.name, "read"), _ETAG | AGE),
            **problems("404"),
        },
    }


def _create(owner: ObjectModel, reference: Reference) -> Schema:
    one = reference(owner.name, "create")
    many: Schema = {"type": "array", "items": one, "maxItems": BULK_MAX}
    record = reference(owner.name, "read")
    created = {
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "array", "items": record}},
    }
    answer = _answer(
        "The new record, or `data` with all of them.",
        {"anyOf": [record, created]},
        {**_ETAG, **_LOCATION},
    )
    return {
        **_operation(
            owner, "create", f"Create: {_label(owner)} (one, or an array: all or nothing)"
        ),
        "parameters": [parameter("idempotency_key"), parameter("dry_run")],
        "requestBody": {"required": True, "content": _json({"anyOf": [one, many]})},
        "responses": {"201": answer, **problems("403", "404", "409", "422")},
    }


def _update(owner: ObjectModel, reference: Reference, shape: str, summary: str) -> Schema:
    body = reference(owner.name, shape)
    content = _json(body)
    if shape == "patch":
        content = {**content, "application/merge-patch+json": {"schema": body}}
    verb = "patch" if shape == "patch" else "replace"
    return {
        **_operation(owner, verb, f"{_label(owner)}: {summary}"),
        "parameters": [parameter(name) for name in ("id", "if_match", "dry_run")],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": _answer("The record as it is now.", reference(owner.name, "read"), _ETAG),
            **problems("403", "404", "409", "412", "422", "428"),
        },
    }


def _delete(owner: ObjectModel) -> Schema:
    return {
        **_operation(owner, "delete", f"Delete: {_label(owner)}"),
        "parameters": [parameter(name) for name in ("id", "if_match", "dry_run")],
        "responses": {
            "204": {"description": "It is gone."},
            **problems("403", "404", "409", "412", "422", "428"),
        },
    }


def _restore(owner: ObjectModel, reference: Reference) -> Schema:
    record = _answer("The record as it is now.", reference(owner.name, "read"), _ETAG)
    return _action(owner, "restore", f"{_label(owner)}: Restore", {}, {"200": record})


def _history(owner: ObjectModel, reference: Reference) -> Schema:
    versions = page({"$ref": "#/components/schemas/version"})
    schema = {"anyOf": [versions, reference(owner.name, "read")]}
    return {
        **_operation(owner, "history", f"{_label(owner)}: who changed what, when, from, to"),
        "parameters": [parameter(name) for name in ("id", "at", "limit", "cursor", "stale")],
        "responses": {
            "200": _answer("Its versions, or with `at` the record as it was.", schema, AGE),
            **problems("404"),
        },
    }


def _actions(
    model: Model, owner: ObjectModel, visible: Visible, reference: Reference
) -> dict[str, Schema]:
    actions: dict[str, Schema] = {}
    for name, transition in (owner.workflow.transitions if owner.workflow else {}).items():
        if visible(owner.name, name, "transition"):
            label = transition.definition.label or name.replace("_", " ").capitalize()
            record = _answer("The record as it is now.", reference(owner.name, "read"), _ETAG)
            actions[name] = _action(owner, name, f"{_label(owner)}: {label}", {}, {"200": record})
    for name, conversion in owner.conversions.items():
        if visible(owner.name, name, "convert") and visible(conversion.to, None, "read"):
            label = conversion.definition.label or f"make {_label(model.object(conversion.to))}"
            new = _answer(
                "The new record.", reference(conversion.to, "read"), {**_ETAG, **_LOCATION}
            )
            lines = {"lines": _part(bool(conversion.lines.quantity))} if conversion.lines else {}
            actions[name] = _action(owner, name, f"{_label(owner)}: {label}", lines, {"201": new})
    return actions


def _part(quantities: bool) -> Schema:
    """The lines that a conversion is to take."""
    properties: Schema = {"id": {"type": "string", "format": "uuid"}}
    if quantities:
        number: Schema = {"type": ["string", "number"], "pattern": r"^[0-9]+(\.[0-9]+)?$"}
        properties["quantity"] = number
    return {
        "type": "array",
        "minItems": 1,
        "description": "Only these lines, and how much of each; without it all that is open.",
        "items": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": False,
            "properties": properties,
        },
    }


def _action(
    owner: ObjectModel, name: str, summary: str, properties: Schema, answers: Schema
) -> Schema:
    body = {"type": "object", "properties": properties, "additionalProperties": False}
    shared = ("id", "if_match", "idempotency_key", "dry_run")
    return {
        **_operation(owner, f"action.{name}", summary),
        "parameters": [parameter(each) for each in shared],
        "requestBody": {"required": False, "content": _json(body)},
        "responses": {**answers, **problems("403", "404", "409", "412", "422")},
    }
