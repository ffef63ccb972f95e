"""One field as JSON Schema (Draft 2020-12): as it is read, and as it may be written."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any  # a JSON Schema is a JSON value: nothing more is known of it

from objectry.compiler.limits import (
    INTEGER_MAX,
    INTEGER_MIN,
    ROWS_MAX,
    entered_digits,
    places,
    text_length_max,
)
from objectry.metadata.model import Derivation, FieldModel, ObjectModel
from objectry.values.patterns import COUNTRY, CURRENCY, EMAIL

Schema = dict[str, Any]
Reference = Callable[[str, str], Schema]
"""(object, shape) → the schema to put there, usually a `$ref`."""


def read_schema(owner: ObjectModel, field: FieldModel, reference: Reference) -> Schema:
    """A field of an answer. Only what the engine itself sets is never null: a right may hide it."""
    schema = _described(field, _read_type(owner, field, reference))
    system = field.derivation is Derivation.SYSTEM and field.name != "number"
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
        schema = _write_type(owner, field, required)
    schema = _described(field, schema)
    return schema if required else nullable(schema)


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


def _read_type(owner: ObjectModel, field: FieldModel, reference: Reference) -> Schema:
    match field.type.name:
        case "decimal" | "money" | "percent":
            return {"type": "string", "pattern": _shown_number(field)}
        case "link":
            targets = [reference(target, "read") for target in field.definition.to]
            expanded = [target for target in targets if target]
            uuid: Schema = {"type": "string", "format": "uuid"}
            return {"anyOf": [uuid, *expanded]} if expanded else uuid
        case "table":
            return {"type": "array", "items": reference(field.definition.of, "read")}
        case "text" | "long_text" | "email" | "country" | "currency":
            return {"type": "string"}  # what was stored under other rules is shown all the same
        case _:
            return _write_type(owner, field, False)


def _write_type(owner: ObjectModel, field: FieldModel, required: bool) -> Schema:
    definition = field.definition
    match field.type.name:
        case "text" | "long_text":
            shortest = max(definition.min_length or 0, 1 if required else 0)
            schema: Schema = {"type": "string", "maxLength": text_length_max(owner, field)}
            if shortest:
                schema["minLength"] = shortest
            if definition.pattern:
                schema["pattern"] = definition.pattern
            return schema
        case "email":
            longest = text_length_max(owner, field)
            return {"type": "string", "format": "email", "pattern": EMAIL, "maxLength": longest}
        case "integer":
            return {"type": "integer", **_range(field, INTEGER_MIN, INTEGER_MAX)}
        case "decimal" | "money" | "percent":
            return {
                "type": ["string", "number"],
                "pattern": _written_number(field),
                **_range(field, None, None),
            }
        case "boolean":
            return {"type": "boolean"}
        case "date":
            return {"type": "string", "format": "date"}
        case "datetime":
            return {"type": "string", "format": "date-time"}
        case "select":
            return {"type": "string", "enum": [option.value for option in definition.options]}
        case "country":
            return {"type": "string", "pattern": COUNTRY}
        case "currency":
            return {"type": "string", "pattern": CURRENCY}
        case "link" | "uuid" | "user":
            return {"type": "string", "format": "uuid"}
        case other:
            raise AssertionError(f"no schema for the type {other}")


def _range(field: FieldModel, least: int | None, most: int | None) -> Schema:
    bounds: Schema = {}
    low, high = field.definition.min, field.definition.max
    if low is not None or least is not None:
        bounds["minimum"] = least if low is None else _whole(low, ROUND_FLOOR)
    if high is not None or most is not None:
        bounds["maximum"] = most if high is None else _whole(high, ROUND_CEILING)
    for name, bound in (("x-minimum", low), ("x-maximum", high)):
        if bound is not None and bound != bound.to_integral_value():
            bounds[name] = str(bound)
    return bounds


def _whole(bound: Decimal, rounding: str) -> int:
    """The next whole number outside: a float would not be exact, and the codec is."""
    return int(bound.to_integral_value(rounding))


def _shown_number(field: FieldModel) -> str:
    if field.scale is None:
        return r"^-?[0-9]+(\.[0-9]+)?$"
    return r"^-?[0-9]+$" if field.scale == 0 else rf"^-?[0-9]+\.[0-9]{{{field.scale}}}$"


def _written_number(field: FieldModel) -> str:
    behind, before = places(field), entered_digits(field)
    whole = f"[0-9]{{1,{before}}}" if before else "0"
    fraction = f"[0-9]{{1,{behind}}}0{{0,9}}" if behind else "0{1,9}"
    return rf"^-?0{{0,9}}{whole}(\.{fraction})?$"
