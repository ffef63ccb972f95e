"""One field as JSON Schema (Draft 2020-12): as it is read, and as it may be written."""

from objectry.metadata.model import Derivation, FieldModel, ObjectModel
from objectry.metadata.types import ROWS_MAX, Reference, Schema


def read_schema(owner: ObjectModel, field: FieldModel, reference: Reference) -> Schema:
    """A field of an answer. Only what the engine itself sets is never null: a right may hide it."""
    schema = _described(field, field.type.read_schema(owner.use(field), reference))
    system = (
        field.derivation is Derivation.SYSTEM and field.name != "number" and not field.type.drawn
    )
    if not (system or field.is_table):
        schema = nullable(schema)
    if field.derivation is not Derivation.INPUT:
        schema["readOnly"] = True
    return schema


def write_schema(
    owner: ObjectModel, field: FieldModel, rows: Schema | None, *, required: bool
) -> Schema:
    """A field of a body; `rows` is the shape of a table's rows."""
    if rows is not None:
        schema: Schema = {"type": "array", "items": rows, "maxItems": ROWS_MAX}
        if required:
            schema["minItems"] = 1
    else:
        schema = field.type.write_schema(owner.use(field), required=required)
        if field.definition.translate:
            schema = {"anyOf": [schema, _TEXTS]}
    schema = _described(field, schema)
    return schema if required else nullable(schema)


# Texts by language; null takes one away.
_TEXTS: Schema = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}


def nullable(schema: Schema) -> Schema:
    """The schema that takes null too."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    types: list[str] = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    result: Schema = {**schema, "type": [*types, "null"]}
    if "enum" in result:
        result["enum"] = [*result["enum"], None]
    return result


def _described(field: FieldModel, schema: Schema) -> Schema:
    definition = field.definition
    schema["title"] = definition.label or field.name.replace("_", " ").capitalize()
    if definition.help:
        schema["description"] = definition.help
    return schema
