"""The generated parts of the language reference: tables of kinds' keys and of field types."""

import json
from typing import Any

from objectry.metadata.loader.shapes import kind_example, kind_schema
from objectry.metadata.types import COMMON, TYPES

# Mappings inside an object that have a table of their own, by their place in its schema.
PARTS = {
    "field": ("fields", "additionalProperties"),
    "numbering": ("numbering",),
    "check": ("checks", "items"),
    "immutable": ("immutable",),
    "workflow": ("workflow",),
    "transition": ("workflow", "properties", "transitions", "additionalProperties"),
    "conversion": ("conversions", "additionalProperties"),
    "conversion lines": ("conversions", "additionalProperties", "properties", "lines"),
    "events": ("events",),
    "permission": ("permissions", "additionalProperties"),
    "record type": ("record_types", "additionalProperties"),
}


def generated_parts() -> dict[str, str]:
    """Markdown by the name of the place in `docs/reference/definitions.md` it stands at."""
    parts = {"types": _types_table()}
    for kind in ("service", "object", "role", "sequence", "layout", "report", "dashboard"):
        parts[f"example {kind}"] = f"```yaml\n{kind_example(kind)}```\n"
        parts[f"keys {kind}"] = _keys_table(kind_schema(kind))
    fields = kind_schema("object")["properties"]
    for name, path in PARTS.items():
        node: Any = fields
        for part in path:
            node = node[part]
        parts[f"keys {name}"] = _keys_table(node)
    section = kind_schema("layout")["properties"]["sections"]["items"]
    parts["keys section"] = _keys_table(section)
    report = kind_schema("report")["properties"]
    parts["keys parameter"] = _keys_table(report["parameters"]["additionalProperties"])
    parts["keys group"] = _keys_table(report["groups"]["items"])
    parts["keys chart"] = _keys_table(report["chart"])
    parts["keys tile"] = _keys_table(kind_schema("dashboard")["properties"]["tiles"]["items"])
    return parts


def _types_table() -> str:
    rows = [
        "| type | holds | in JSON | column | keys of its own | filters |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in TYPES.values():
        keys = " ".join(f"`{key}`" for key in sorted(row.keys - COMMON)) or "–"
        filters = " ".join(row.operators) or "–"
        column = "–" if row.storage == "none" else f"`{row.storage}`"
        shown = f"`{json.dumps(row.examples[0])}`" if row.examples else "–"
        rows.append(f"| `{row.name}` | {row.summary} | {shown} | {column} | {keys} | {filters} |")
    return "\n".join(rows) + "\n"


def _keys_table(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = ["| key | value | meaning |", "| --- | --- | --- |"]
    for name, value in schema["properties"].items():
        mark = " (needed)" if name in required else ""
        rows.append(f"| `{name}`{mark} | {_value(value)} | {value.get('description', '')} |")
    return "\n".join(rows) + "\n"


def _value(schema: dict[str, Any]) -> str:
    """What a key takes, in a word or two."""
    if schema.get("format") == "objectry-expression":
        return "true, false or a row rule" if "number" not in schema["type"] else "expression"
    if "enum" in schema:
        options = [f"`{option}`" for option in schema["enum"]]
        return "a type" if len(options) > 10 else ", ".join(options)
    declared: str | list[str] = schema["type"]
    types = [declared] if isinstance(declared, str) else declared
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "array": "list",
        "object": "mapping",
    }
    return " or ".join(words[name] for name in types if name in words)
