"""The operations on one object, as OpenAPI describes them."""

from objectry.compiler.schemas.actions import action, action_paths
from objectry.compiler.schemas.chains import progress_paths
from objectry.compiler.schemas.duplicates import duplicate_paths
from objectry.compiler.schemas.files import file_paths
from objectry.compiler.schemas.operation import (
    ETAG,
    LOCATION,
    PREFIX,
    answer,
    closed,
    json_body,
    label,
    operation,
)
from objectry.compiler.schemas.parts import (
    AGE,
    BULK_MAX,
    DELETED,
    LANG,
    page,
    parameter,
    problems,
)
from objectry.compiler.schemas.shapes import Visible, filterable
from objectry.metadata.model import FieldModel, Model, ObjectModel
from objectry.metadata.types import BELOW, OPERATORS, Reference, Schema


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
        paths |= progress_paths(owner, visible, base)
        paths |= file_paths(model, owner, visible, base)
    if writes and may["delete"] and owner.definition.soft_delete:
        paths[f"{base}/{{id}}/actions/restore"] = {"post": _restore(owner, reference)}
    if writes:
        paths |= action_paths(model, owner, visible, reference, base)
        paths |= duplicate_paths(owner, visible, reference, base)
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


def _list(owner: ObjectModel, visible: Visible, reference: Reference) -> Schema:
    shared = ("where", "sort", "fields", "expand", "limit", "cursor", "count", "stale")
    return {
        **operation(owner, "list", f"List: {label(owner)}"),
        "parameters": [
            _filters(owner, visible),
            *(parameter(name) for name in shared),
            *_of_reads(owner),
        ],
        "responses": {
            "200": answer("A page.", page(reference(owner.name, "read")), AGE),
            **problems(),
        },
    }


def _follows(field: FieldModel) -> bool:
    """Whether a path may go on behind the field: to a record, or to a part of the value."""
    return field.type.links or bool(field.type.parts)


def _of_reads(owner: ObjectModel) -> list[Schema]:
    """The parameters that only some objects' reads take."""
    return [*([DELETED] if owner.definition.soft_delete else []), *_of_writes(owner)]


def _of_writes(owner: ObjectModel) -> list[Schema]:
    """The same of writes: texts of several languages are told one at a time."""
    translated = any(field.definition.translate for field in owner.fields.values())
    return [LANG] if translated else []


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
        **operation(owner, "get", f"Get: {label(owner)}"),
        "parameters": [
            *(parameter(name) for name in ("id", "fields", "expand", "stale")),
            *_of_reads(owner),
        ],
        "responses": {
            "200": answer("The record.", reference(owner.name, "read"), ETAG | AGE),
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
    made = answer(
        "The new record, or `data` with all of them.",
        {"anyOf": [record, created]},
        {**ETAG, **LOCATION},
    )
    return {
        **operation(owner, "create", f"Create: {label(owner)} (one, or an array: all or nothing)"),
        "parameters": [parameter("idempotency_key"), parameter("dry_run"), *_of_writes(owner)],
        "requestBody": {"required": True, "content": json_body({"anyOf": [one, many]})},
        "responses": {"201": made, **problems("403", "404", "409", "422")},
    }


def _update(owner: ObjectModel, reference: Reference, shape: str, summary: str) -> Schema:
    body = reference(owner.name, shape)
    content = json_body(body)
    if shape == "patch":
        content = {**content, "application/merge-patch+json": {"schema": body}}
    verb = "patch" if shape == "patch" else "replace"
    return {
        **operation(owner, verb, f"{label(owner)}: {summary}"),
        "parameters": [
            *(parameter(name) for name in ("id", "if_match", "dry_run")),
            *(_of_writes(owner) if verb == "patch" else ()),
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": answer("The record as it is now.", reference(owner.name, "read"), ETAG),
            **problems("403", "404", "409", "412", "422", "428"),
        },
    }


def _delete(owner: ObjectModel) -> Schema:
    return {
        **operation(owner, "delete", f"Delete: {label(owner)}"),
        "parameters": [parameter(name) for name in ("id", "if_match", "dry_run")],
        "responses": {
            "204": {"description": "It is gone."},
            **problems("403", "404", "409", "412", "422", "428"),
        },
    }


def _restore(owner: ObjectModel, reference: Reference) -> Schema:
    record = answer("The record as it is now.", reference(owner.name, "read"), ETAG)
    return action(owner, "restore", f"{label(owner)}: Restore", closed({}), {"200": record})


def _history(owner: ObjectModel, reference: Reference) -> Schema:
    versions = page({"$ref": "#/components/schemas/version"})
    schema = {"anyOf": [versions, reference(owner.name, "read")]}
    return {
        **operation(owner, "history", f"{label(owner)}: who changed what, when, from, to"),
        "parameters": [parameter(name) for name in ("id", "at", "limit", "cursor", "stale")],
        "responses": {
            "200": answer("Its versions, or with `at` the record as it was.", schema, AGE),
            **problems("404"),
        },
    }
