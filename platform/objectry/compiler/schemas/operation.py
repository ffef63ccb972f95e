"""What every operation of the OpenAPI document is built with."""

from objectry.metadata.model import ObjectModel
from objectry.metadata.types import Schema

PREFIX = "/api/v1"
ETAG: Schema = {
    "ETag": {
        "description": "The version of the record: send it back as If-Match.",
        "schema": {"type": "string"},
    }
}
LOCATION: Schema = {
    "Location": {"description": "Where the new record is.", "schema": {"type": "string"}}
}
UUID: Schema = {"type": "string", "format": "uuid"}


def operation(owner: ObjectModel, verb: str, summary: str) -> Schema:
    """An operation on an object, without its parameters and answers."""
    return {"operationId": f"{owner.name}.{verb}", "tags": [owner.schema], "summary": summary}


def label(owner: ObjectModel) -> str:
    """What people read for an object."""
    return owner.definition.label or owner.name.replace("_", " ").capitalize()


def json_body(schema: Schema) -> Schema:
    """JSON of a shape, as content of a request or an answer."""
    return {"application/json": {"schema": schema}}


def answer(description: str, schema: Schema, headers: Schema | None = None) -> Schema:
    """An answer of JSON."""
    found: Schema = {"description": description, "content": json_body(schema)}
    return {**found, "headers": headers} if headers else found


def closed(properties: Schema, *required: str) -> Schema:
    """An object of these properties and no others."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": list(required)} if required else schema
