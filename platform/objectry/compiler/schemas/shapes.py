"""The shapes of an object's records: as read, as created, as patched."""

from collections.abc import Callable

from objectry.compiler.schemas.fields import read_schema, write_schema
from objectry.metadata.model import FieldModel, Model, ObjectModel
from objectry.metadata.types import Reference, Schema

Visible = Callable[[str, str | None, str], bool]
"""(object, name, use): no name: may one `read create update delete` it; a field: `read write filter
sort`; an action's name: `transition` or `convert`."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def object_schemas(model: Model, name: str, visible: Visible) -> dict[str, Schema]:
    """The JSON Schemas of an object, each complete by itself: `read`, `create`, `patch`.

    What bodies must keep beyond them: text without control characters, the bounds of numbers sent
    as text, ISO codes that exist, rows without the same id twice, and the object's own rules. What
    is taken beyond them: the workflow's field with its present value, old names (`was:`).
    """
    owner = model.object(name)
    schemas: dict[str, Schema] = {}
    for shape in ("read", "create", "patch"):
        rows: dict[str, Schema] = {}

        def reference(target: str, wanted: str, rows: dict[str, Schema] = rows) -> Schema:
            line = model.object(target)
            if not line.is_line:
                return {}  # a schema by itself shows a link as its id
            key = f"{target}.{wanted}"
            if key not in rows:
                rows[key] = object_shape(line, wanted, visible, _nothing)
            return {"$ref": f"#/$defs/{key}"}

        schema = {"$schema": DIALECT, **object_shape(owner, shape, visible, reference)}
        schemas[shape] = {**schema, "$defs": rows} if rows else schema
    return schemas


def object_shape(owner: ObjectModel, shape: str, visible: Visible, reference: Reference) -> Schema:
    """One shape (`read`, `create`, `patch`) of an object; other objects by `reference`."""
    if shape == "read":
        return _read_shape(owner, visible, reference)
    fields = [
        field
        for name, field in owner.fields.items()
        if field.writable and visible(owner.name, name, "write")
    ]
    needed = [field.name for field in fields if _is_required(field) and field.default is None]
    properties: Schema = {}
    if owner.is_line:
        properties["id"] = {"type": ["string", "null"], "format": "uuid"}
    for field in fields:
        rows = reference(field.definition.of, shape) if field.is_table else None
        properties[field.name] = write_schema(owner, field, rows, required=_is_required(field))
    schema = _object(owner, properties)
    schema["additionalProperties"] = False
    if needed and shape == "create":
        schema["required"] = needed
    elif needed and owner.is_line:
        # A row that names its id changes that row; one without is new.
        known = {"required": ["id"], "properties": {"id": {"type": "string"}}}
        schema["anyOf"] = [known, {"required": needed}]
    return schema


def create_by_patch(owner: ObjectModel, visible: Visible, reference: Reference) -> Schema:
    """The create shape said shortly: the patch shape, and what must be there beyond it."""
    patch = reference(owner.name, "patch")
    needed: list[str] = []
    tables: Schema = {}
    for name, field in owner.fields.items():
        if not (field.writable and visible(owner.name, name, "write")):
            continue
        if _is_required(field) and field.default is None:
            needed.append(name)
        if field.is_table:
            tables[name] = {"items": reference(field.definition.of, "create")}
    schema: Schema = {"allOf": [patch]}
    if needed:
        schema["required"] = needed
    if tables:
        schema["properties"] = tables
    return schema


def _is_required(field: FieldModel) -> bool:
    return field.definition.required and field.when is None


def _read_shape(owner: ObjectModel, visible: Visible, reference: Reference) -> Schema:
    properties = {
        name: read_schema(owner, field, reference)
        for name, field in owner.fields.items()
        if visible(owner.name, name, "read")
    }
    if owner.is_line:
        properties["parent"] = {"type": "string", "format": "uuid", "readOnly": True}
    return _object(owner, properties)


def _object(owner: ObjectModel, properties: Schema) -> Schema:
    definition = owner.definition
    label = definition.label or owner.name.replace("_", " ").capitalize()
    schema: Schema = {"type": "object", "title": label, "properties": properties}
    if definition.help:
        schema["description"] = definition.help
    return schema


def _nothing(target: str, shape: str) -> Schema:
    del target, shape
    return {}


def filterable(owner: ObjectModel, visible: Visible) -> list[FieldModel]:
    """The fields a list may be filtered by."""
    return [
        field
        for name, field in owner.fields.items()
        if field.type.operators and visible(owner.name, name, "filter")
    ]
