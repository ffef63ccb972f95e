"""The generated parts of the language reference: tables of kinds' keys and of field types."""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from objectry.metadata.loader.shapes import KINDS, kind_example, kind_schema
from objectry.metadata.types import COMMON, TYPES

_TRANSITION = ("workflow", "properties", "transitions", "additionalProperties")
_CONVERSION = ("conversions", "additionalProperties")
_STEP = ("when", "items")

# Mappings inside a kind that have a table of their own, by their place in its schema.
PARTS: dict[str, tuple[str, ...]] = {
    "field": ("object", "fields", "additionalProperties"),
    "rollup": ("object", "fields", "additionalProperties", "properties", "rollup"),
    "numbering": ("object", "numbering"),
    "check": ("object", "checks", "items"),
    "immutable": ("object", "immutable"),
    "workflow": ("object", "workflow"),
    "transition": ("object", *_TRANSITION),
    "approval": ("object", *_TRANSITION, "properties", "approvals", "items"),
    "conversion": ("object", *_CONVERSION),
    "conversion lines": ("object", *_CONVERSION, "properties", "lines"),
    "events": ("object", "events"),
    "permission": ("object", "permissions", "additionalProperties"),
    "record type": ("object", "record_types", "additionalProperties"),
    "section": ("layout", "sections", "items"),
    "parameter": ("report", "parameters", "additionalProperties"),
    "group": ("report", "groups", "items"),
    "chart": ("report", "chart"),
    "tile": ("dashboard", "tiles", "items"),
    "trigger": ("automation", "on"),
    "action": ("automation", "do", "items"),
    "step": ("scenario", *_STEP),
}
EXAMPLE_MAX = 70  # characters of an example that stands in a table


def generated_parts() -> dict[str, str]:
    """Markdown by the name of the place in `docs/reference/definitions.md` it stands at."""
    parts = {"types": _types_table()}
    for kind in KINDS:
        parts[f"example {kind}"] = f"```yaml\n{kind_example(kind)}```\n"
        parts[f"keys {kind}"] = _keys_table(kind_schema(kind), kind, ())
    for name, (kind, *path) in PARTS.items():
        node: Any = kind_schema(kind)["properties"]
        for part in path:
            node = node[part]
        parts[f"keys {name}"] = _keys_table(node, kind, tuple(path))
    return parts


def _types_table() -> str:
    rows = [
        "| type | holds | in JSON | column | keys of its own | filters | shown as |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in TYPES.values():
        keys = " ".join(f"`{key}`" for key in sorted(row.keys - COMMON)) or "–"
        filters = " ".join(row.operators) or "–"
        column = "–" if row.storage == "none" else f"`{row.storage}`"
        shown = f"`{json.dumps(row.examples[0])}`" if row.examples else "–"
        cells = (f"`{row.name}`", row.summary, shown, column, keys, filters, row.widget)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _keys_table(schema: dict[str, Any], kind: str, path: tuple[str, ...]) -> str:
    required = set(schema.get("required", ()))
    rows = ["| key | value | meaning | example |", "| --- | --- | --- | --- |"]
    for name, value in schema["properties"].items():
        mark = " (needed)" if name in required else ""
        meaning = value.get("description", "")
        example = _example(kind, (*path, name)) or value.get("x-example", "")
        shown = f"`{example}`".replace("|", "\\|") if example else ""
        rows.append(f"| `{name}`{mark} | {_value(value)} | {meaning} | {shown} |")
    return "\n".join(rows) + "\n"


def _example(kind: str, path: tuple[str, ...]) -> str:
    """The shortest value that the worked example of a kind has at a place of its schema."""
    text = kind_example(kind)
    found = (
        text[node.start_mark.index : node.end_mark.index].strip()
        for root in yaml.compose_all(text, yaml.BaseLoader)
        for node in _nodes(root, path)
    )
    short = [one for one in found if "\n" not in one and len(one) <= EXAMPLE_MAX]
    return min(short, key=len, default="")


def _nodes(node: yaml.Node | None, path: tuple[str, ...]) -> Iterator[yaml.Node]:
    """The nodes at a place of the schema: of all items, or of all keys that people choose."""
    if not path:
        if node is not None:
            yield node
        return
    first, *rest = path
    if isinstance(node, yaml.MappingNode):
        if first == "properties":
            yield from _nodes(node, tuple(rest))
        for key, value in node.value:
            if first in (key.value, "additionalProperties"):
                yield from _nodes(value, tuple(rest))
    elif isinstance(node, yaml.SequenceNode) and first == "items":
        for item in node.value:
            yield from _nodes(item, tuple(rest))


def _value(schema: dict[str, Any]) -> str:
    """What a key takes, in a word or two."""
    if schema.get("format") == "objectry-expression":
        return "true, false or a row rule" if schema["type"][0] == "boolean" else "expression"
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
