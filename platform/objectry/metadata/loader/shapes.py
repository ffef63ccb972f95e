"""Shape: each document against the JSON Schema of its kind, all errors at once, as findings."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import msgspec
import yaml

from objectry.findings import Finding, dotted, near_or_all
from objectry.metadata.loader import codes
from objectry.metadata.loader.plain import Plain
from objectry.metadata.loader.reading import Document
from objectry.metadata.loader.sources import Path, Source
from objectry.metadata.model.scenarios import OUTER, PARTS
from objectry.metadata.types import TYPES

KINDS = (
    "service",
    "object",
    "mixin",
    "units",
    "extend",
    "translation",
    "role",
    "layout",
    "report",
    "dashboard",
    "sequence",
    "notification",
    "automation",
    "scenario",
)

# Keys that mean what they mean under an object.
_SHARED = ("fields", "checks", "invariants", "indexes", "uniques")
OF_OBJECTS = {"mixin": _SHARED, "extend": (*_SHARED, "permissions")}

_TYPE_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "empty",
}


def kind_schema(kind: str, types: Iterable[str] = ()) -> dict[str, Any]:
    """The published JSON Schema (Draft 2020-12) of a kind of definition.

    `types` are the names of field types that plugins bring.
    """
    text = files("objectry.metadata.loader").joinpath("schemas", f"{kind}.json").read_bytes()
    schema: dict[str, Any] = msgspec.json.decode(text)
    for key in OF_OBJECTS.get(kind, ()):
        schema["properties"][key] = kind_schema("object", types)["properties"][key]
    if kind == "object":
        field = schema["properties"]["fields"]["additionalProperties"]
        field["properties"]["type"]["enum"] = [*TYPES, *types]
    if kind == "report":
        parameter = schema["properties"]["parameters"]["additionalProperties"]
        parameter["properties"]["type"]["enum"] = [name for name in TYPES if name != "table"]
    if kind == "extend":
        section = kind_schema("layout")["properties"]["sections"]["items"]
        added = schema["properties"]["layouts"]["additionalProperties"]["items"]
        added |= {key: section[key] for key in ("properties", "additionalProperties")}
    if kind == "scenario":
        for part in PARTS:
            _nest(schema["properties"][part]["items"])
    return schema


def _nest(step: dict[str, Any]) -> None:
    """Write out what `rejects` holds: a step that does something."""
    properties: dict[str, Any] = step["properties"]
    inner = {name: properties[name] for name in properties if name not in OUTER}
    done = [one for one in step["oneOf"] if one["required"][0] not in OUTER]
    properties["rejects"] |= {"properties": inner, "oneOf": done, "additionalProperties": False}


def kind_example(kind: str) -> str:
    """The worked example of a kind, as YAML."""
    path = files("objectry.metadata.loader").joinpath("examples", f"{kind}.yaml")
    return path.read_text(encoding="utf-8")


@cache
def _validator(kind: str, types: tuple[str, ...]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(kind_schema(kind, types))


def check_shape(
    kind: str, document: Document, plain: dict[str, Plain], types: tuple[str, ...] = ()
) -> tuple[frozenset[Path], list[Finding]]:
    """What is misshapen in a document; it is taken out of `plain`, so that the rest can be read."""
    validator = _validator(kind, types)
    if validator.is_valid(plain):
        return frozenset(), []
    source = Source(document=document)
    findings: list[Finding] = []
    broken: set[Path] = set()
    for error in validator.iter_errors(plain):
        path, *others = _readings(plain, tuple(error.instance_path))
        for found in _translate(kind, source, plain, error, path, findings):
            broken.update((*each, *found[len(path) :]) for each in (path, *others))
    for path in broken:
        _take_out(plain, path)
    return frozenset(broken), findings


def _translate(
    kind: str,
    source: Source,
    plain: Plain,
    error: jsonschema_rs.ValidationError,
    path: Path,
    findings: list[Finding],
) -> list[Path]:
    """Add the findings of one error and return the paths to take out."""
    details = error.kind.as_dict()
    key = str(path[-1]) if path and isinstance(path[-1], str) else ""
    value = _at(plain, path)

    def add(code: str, at: Path, message: str, hint: str = "", *, on_key: bool = False) -> None:
        position = source.position(at, key=on_key)
        findings.append(
            Finding(code=code, message=message, hint=hint, position=position, path=dotted(at))
        )

    match error.kind.name:
        case "propertyNames":
            return []  # names are judged by the checks
        case "pattern" if kind != "layout" or path != ("layout",):
            if key != "database":
                return []
            add(codes.OUT_OF_BOUNDS, path, f"`{value}` is no database name.", "as in `shop_1`")
        case "pattern":
            hint = "as in `offer.form`"
            add(codes.OUT_OF_BOUNDS, path, f"`{value}` is not `<object>.<name>`.", hint)
        case "additionalProperties":
            allowed = list(_schema_at(kind, error.schema_path[:-1]).get("properties", ()))
            unexpected = [str(name) for name in details["unexpected"]]
            for name in unexpected:
                code, message, hint = _unknown_key(name, path, allowed)
                add(code, (*path, name), message, hint, on_key=True)
            return [(*path, name) for name in unexpected]
        case "required":
            missing = str(details["property"])
            where = f"`{dotted(path)}`" if path else f"This {kind}"
            add(codes.MISSING_KEY, (*path, missing), f"{where} needs the key `{missing}`.")
            return [(*path, missing)]
        case "type":
            wanted = _wanted(list(details["types"]))
            shown = f"`{dotted(path)}`"
            if value is None:
                add(codes.WRONG_TYPE, path, f"{shown} is empty; it must be {wanted}.")
            else:
                hint = _type_hint(list(details["types"]), source, path, value)
                add(codes.WRONG_TYPE, path, f"{shown} must be {wanted}, not {_named(value)}.", hint)
        case "enum":
            options = [str(option) for option in details["options"]]
            add(
                codes.NOT_ALLOWED,
                path,
                f"`{value}` is not possible for `{key or dotted(path)}`.",
                near_or_all(str(value), options),
            )
        case "oneOf":
            if not isinstance(value, dict):
                return []  # reported as no mapping
            around = _schema_at(kind, error.schema_path[:-1])
            named = [str(one["required"][0]) for one in around["oneOf"] if "required" in one]
            present = " and ".join(f"`{name}`" for name in named if name in value)
            if not present and not value.keys() <= around["properties"].keys():
                return []  # the unknown key is reported; it is probably the one that is missing
            message = f"`{dotted(path)}` needs exactly one of its keys."
            hint = f"it has {present}" if present else f"possible: {', '.join(named)}"
            add(codes.OUT_OF_BOUNDS, path, message, hint)
        case _:
            add(codes.OUT_OF_BOUNDS, path, f"`{dotted(path)}`: {_bounds(error.kind.name, details)}")
    return [path]


def _unknown_key(name: str, path: Path, allowed: list[str]) -> tuple[str, str, str]:
    if " " in name.strip():
        hint = "a comma within {…} begins a new key: quote the text before it"
    else:
        hint = near_or_all(name, allowed)
    where = f" in `{dotted(path)}`" if path else ""
    return codes.UNKNOWN_KEY, f"Unknown key `{name}`{where}.", hint


def _wanted(types: list[str]) -> str:
    names = [_TYPE_NAMES[name] for name in types if name != "null"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _named(value: Plain) -> str:
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f"the text `{value[:40]}`"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"the number {value}"


def _type_hint(types: list[str], source: Source, path: Path, value: Plain) -> str:
    if "boolean" in types and value in ("yes", "no", "on", "off", "Yes", "No", "On", "Off"):
        return f"write `{'true' if str(value).lower() in ('yes', 'on') else 'false'}`"
    if "string" in types and not isinstance(value, list | dict):
        return f'quote it: "{_as_written(source, path)}"'
    if ("number" in types or "integer" in types) and isinstance(value, str):
        return "digits without quotes"
    return "quote the expression" if "string" in types else ""


def _as_written(source: Source, path: Path) -> str:
    node: Any = source.document.root
    for part in path:
        if isinstance(node, yaml.MappingNode):
            node = next(value for key, value in node.value if key.value == part)
        else:
            node = node.value[part]
    return str(node.value)


def _bounds(name: str, details: dict[str, Any]) -> str:
    limit = details.get("limit")
    match name:
        case "minimum":
            return f"at least {limit} is needed."
        case "maximum":
            return f"at most {limit} is possible."
        case "minLength" | "minItems" | "minProperties":
            return "it must not be empty."
        case "maxLength":
            return f"at most {limit} characters are possible."
        case "maxItems" | "maxProperties":
            return f"at most {limit} {'is' if limit == 1 else 'are'} possible."
        case "uniqueItems":
            return "the same stands in it twice."
        case _:
            return "the value is not possible."


def _schema_at(kind: str, path: list[str | int]) -> dict[str, Any]:
    node: Any = kind_schema(kind)
    for part in path:
        node = node[part]
    result: dict[str, Any] = node
    return result


def _readings(plain: Plain, path: Path) -> list[Path]:
    """The paths an error may be about: the validator gives a key of digits as a number, so that
    `0` and `00` look the same."""
    found: list[tuple[Path, Any]] = [((), plain)]
    for part in path:
        found = [((*before, key), node[key]) for before, node in found for key in _keys(node, part)]
    return [each for each, _ in found]


def _keys(node: Plain, part: str | int) -> list[str | int]:
    if isinstance(node, list):
        return [part]
    if not isinstance(node, dict):
        return []
    if isinstance(part, str):
        return [part] if part in node else []
    return [key for key in node if key.lstrip("+").isdecimal() and int(key) == part]


def _at(plain: Plain, path: Path) -> Plain:
    node: Any = plain
    for part in path:
        node = node[part]
    result: Plain = node
    return result


def _take_out(plain: Plain, path: Path) -> None:
    """Remove a key; an item of a list becomes empty, so that the others keep their places."""
    node = plain
    for part in path[:-1]:
        if isinstance(node, dict) and isinstance(part, str):
            node = node.get(part)
        elif isinstance(node, list) and isinstance(part, int):
            node = node[part]
        else:
            return  # a part above has been taken out already
    last = path[-1]
    if isinstance(node, dict) and isinstance(last, str):
        node.pop(last, None)
    elif isinstance(node, list) and isinstance(last, int):
        node[last] = None
