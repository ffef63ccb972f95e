"""Files as OpenAPI describes them: their upload, and what a record's fields give."""

from objectry.compiler.schemas.operation import PREFIX, UUID, answer, closed, label, operation
from objectry.compiler.schemas.parts import parameter, problems
from objectry.compiler.schemas.shapes import Visible
from objectry.metadata.model import Model, ObjectModel
from objectry.metadata.types import Schema

TAG = "platform files"
_BYTES: Schema = {"*/*": {"schema": {"type": "string", "format": "binary"}}}


def upload_paths(model: Model, visible: Visible) -> dict[str, Schema]:
    """The path that takes files, for callers who see a field for one."""
    objects = (model.object(name) for name in model.objects())
    if not any(visible(one.name, name, "read") for one in objects for name in _fields(one)):
        return {}
    shown = closed(
        {
            "id": UUID,
            "name": {"type": "string"},
            "media_type": {"type": "string"},
            "size": {"type": "integer", "description": "In bytes."},
            "sha256": {"type": "string"},
        },
        "id",
        "name",
        "media_type",
        "size",
        "sha256",
    )
    upload: Schema = {
        "operationId": "files.upload",
        "tags": [TAG],
        "summary": "Upload a file that a record is to have; its id goes into the field.",
        "parameters": [
            {
                "name": "name",
                "in": "query",
                "description": "Its name, shown and proposed for saving.",
                "schema": {"type": "string"},
            }
        ],
        "requestBody": {"required": True, "content": _BYTES},
        "responses": {
            "201": answer("The file; one that no record takes in a day is deleted.", shown),
            **problems("422"),
        },
    }
    return {f"{PREFIX}/files": {"post": upload}}


def file_paths(model: Model, owner: ObjectModel, visible: Visible, base: str) -> dict[str, Schema]:
    """The path that gives what the files of an object's records hold."""
    seen = [one for one in _fields(owner) if visible(owner.name, one, "read")]
    for table, line_object in owner.tables.items():
        lines = [
            one
            for one in _fields(model.object(line_object))
            if visible(owner.name, table, "read") and visible(line_object, one, "read")
        ]
        seen += [f"{table}\\.[0-9a-f-]{{36}}\\.{one}" for one in lines]
    if not seen or not visible(owner.name, None, "read"):
        return {}
    field: Schema = {
        "name": "field",
        "in": "path",
        "required": True,
        "description": "A field, or `table.{line id}.field`.",
        "schema": {"type": "string", "pattern": f"^({'|'.join(seen)})$"},
    }
    get: Schema = {
        **operation(owner, "file", f"{label(owner)}: what a file holds"),
        "parameters": [parameter("id"), field],
        "responses": {
            "200": {
                "description": "The bytes; images inline, all else as an attachment.",
                "content": _BYTES,
            },
            **problems("404"),
        },
    }
    return {f"{base}/{{id}}/files/{{field}}": {"get": get}}


def _fields(owner: ObjectModel) -> list[str]:
    return [name for name, field in owner.fields.items() if field.type.attached]
