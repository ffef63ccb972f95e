"""Plain documents of the right shape → definitions; short forms are written out here."""

from decimal import Decimal
from typing import Any

import msgspec

from objectry.metadata.loader.plain import Plain
from objectry.metadata.model.definitions import (
    LayoutDef,
    ObjectDef,
    RoleDef,
    SequenceDef,
    ServiceDef,
)

Definition = ServiceDef | ObjectDef | RoleDef | LayoutDef | SequenceDef
Fields = dict[str, Any]  # plain values on their way into a Struct, which checks them

_EXPRESSIONS = ("default", "formula", "when", "required_when")


def convert(kind: str, plain: dict[str, Plain]) -> Definition:
    """The definition a document declares. What was left out as misshapen takes its default."""
    data: Fields = dict(plain)
    data["name"] = data.pop(kind) if isinstance(data.get(kind), str) else ""
    match kind:
        case "service":
            data["objects"] = _texts(data.get("objects"))
            return msgspec.convert(data, ServiceDef)
        case "object":
            return msgspec.convert(_object(data), ObjectDef)
        case "role":
            data["permissions"] = _permissions(data.get("permissions"), role=data["name"])
            return msgspec.convert(data, RoleDef)
        case "layout":
            return msgspec.convert(_layout(data), LayoutDef)
        case _:
            data.setdefault("pattern", "")
            data["scope"] = _texts(data.get("scope"))
            return msgspec.convert(data, SequenceDef)


def source_text(value: Plain) -> str:
    """The expression that a YAML value of an expression key is: `true` is `True`, 0.5 is `0.5`."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _texts(value: Any) -> list[str]:
    """A text or a list of texts as a list; misshapen items are empty texts."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    return ["" if item is None else item for item in items]


def _object(data: Fields) -> Fields:
    data.setdefault("service", "")
    data["fields"] = {name: _field(name, f) for name, f in (data.get("fields") or {}).items()}
    for key in ("checks", "invariants"):
        data[key] = [_check(check or {}) for check in data.get(key) or []]
    if "numbering" in data:
        data["numbering"] = _numbering(data["numbering"])
    if "immutable" in data:
        data["immutable"] = _immutable(data["immutable"])
    for key in ("indexes", "uniques"):
        data[key] = [_texts(columns) for columns in data.get(key) or []]
    if "workflow" in data:
        data["workflow"] = _workflow(data["workflow"])
    data["conversions"] = {
        name: _conversion(name, c) for name, c in (data.get("conversions") or {}).items()
    }
    data["permissions"] = _permissions(data.get("permissions"))
    return data


def _field(name: str, data: Fields) -> Fields:
    field = {**data, "name": name}
    field.setdefault("type", "")
    for key in _EXPRESSIONS:
        if key in field:
            field[key] = source_text(field[key])
    if "options" in field:
        field["options"] = [_option(option) for option in field["options"]]
    if "to" in field:
        field["to"] = _texts(field["to"])
    return field


def _option(option: Plain) -> Fields:
    if isinstance(option, dict):
        return {"value": "", **option}
    return {"value": option or ""}


def _check(data: Fields) -> Fields:
    rule = source_text(data.get("rule", "True"))
    return {
        **data,
        "rule": rule,
        "message": data.get("message", f"This must hold: {rule}"),
    }


def _numbering(data: Plain) -> Fields:
    if not isinstance(data, dict):
        return {"sequence": data}
    return {**data, "scope": _texts(data.get("scope"))}


def _immutable(data: Plain) -> Fields:
    if not isinstance(data, dict):
        return {"when": source_text(data)}
    return {"when": source_text(data.get("when", "False")), "allow": _texts(data.get("except"))}


def _workflow(data: Fields) -> Fields:
    states = data.get("states") or {}
    if isinstance(states, list):
        states = {name: {} for name in states if name is not None}
    return {
        "field": data.get("field", "status"),
        "initial": data.get("initial", ""),
        "states": {name: {**(state or {}), "name": name} for name, state in states.items()},
        "transitions": {
            name: _transition(name, t) for name, t in (data.get("transitions") or {}).items()
        },
    }


def _transition(name: str, data: Fields) -> Fields:
    transition = {**data, "name": name}
    transition["sources"] = _texts(transition.pop("from", None))
    transition.setdefault("to", "")
    transition["roles"] = _texts(transition.get("roles"))
    if "when" in transition:
        transition["when"] = source_text(transition["when"])
    return transition


def _conversion(name: str, data: Fields) -> Fields:
    conversion = {**data, "name": name, "map": _map(data.get("map"))}
    conversion.setdefault("to", "")
    for key in ("when", "releases_when"):
        if key in conversion:
            conversion[key] = source_text(conversion[key])
    if "lines" in conversion:
        lines = dict(conversion["lines"])
        lines["source"] = lines.pop("from", "")
        lines.setdefault("to", "")
        lines["map"] = _map(lines.get("map"))
        conversion["lines"] = lines
    return conversion


def _map(data: Any) -> dict[str, str]:
    return {key: source_text(value) for key, value in (data or {}).items()}


def _permissions(data: Any, role: str = "") -> Fields:
    result: Fields = {}
    for key, grant in (data or {}).items():
        permission = {**grant, "role": role or key}
        for name in ("transitions", "conversions", "deny"):
            permission[name] = [item for item in _texts(grant.get(name)) if item]
        result[key] = permission
    return result


def _layout(data: Fields) -> Fields:
    data.setdefault("object", "")
    data.setdefault("kind", "form" if "sections" in data else "list")
    data["columns"] = _texts(data.get("columns"))
    data["sections"] = [_section(section or {}) for section in data.get("sections") or []]
    return data


def _section(data: Fields) -> Fields:
    section = dict(data)
    if isinstance(section.get("columns"), list):
        section["table_columns"] = _texts(section.pop("columns"))
    section["fields"] = _texts(section.get("fields"))
    return section
