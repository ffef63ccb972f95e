"""Plain documents of the right shape → definitions; short forms are written out here."""

from decimal import Decimal

import msgspec

from objectry.metadata.loader.convert_pages import dashboard, layout, report, section
from objectry.metadata.loader.convert_reactions import automation, notification
from objectry.metadata.loader.convert_scenarios import scenario
from objectry.metadata.loader.forms import (
    Mapping,
    items,
    mapping,
    source_map,
    source_text,
    sources,
    texts,
)
from objectry.metadata.loader.plain import Plain
from objectry.metadata.model.definitions import (
    ExtendDef,
    MixinDef,
    ObjectDef,
    RoleDef,
    SequenceDef,
    ServiceDef,
    TranslationDef,
    UnitsDef,
)
from objectry.metadata.model.pages import DashboardDef, LayoutDef, ReportDef
from objectry.metadata.model.reactions import AutomationDef, NotificationDef
from objectry.metadata.model.scenarios import ScenarioDef

Definition = (
    ServiceDef
    | ObjectDef
    | MixinDef
    | RoleDef
    | LayoutDef
    | ReportDef
    | DashboardDef
    | ExtendDef
    | SequenceDef
    | TranslationDef
    | UnitsDef
    | NotificationDef
    | AutomationDef
    | ScenarioDef
)

_EXPRESSIONS = ("default", "formula", "when", "required_when")


def convert(kind: str, plain: Mapping) -> Definition:
    """The definition a document declares. What was left out as misshapen takes its default."""
    data = dict(plain)
    name = data.pop(kind, None)
    data["name"] = name if isinstance(name, str) else ""
    match kind:
        case "service":
            data["objects"] = texts(data.get("objects"))
            return msgspec.convert(data, ServiceDef)
        case "object":
            return msgspec.convert(_object(data), ObjectDef)
        case "mixin":
            return msgspec.convert(_parts(data), MixinDef)
        case "extend":
            return msgspec.convert(_extend(data), ExtendDef)
        case "translation":
            data["labels"] = source_map(data.get("labels"))
            return msgspec.convert(data, TranslationDef)
        case "units":
            data["factors"] = _factors(data.get("factors"))
            return msgspec.convert(data, UnitsDef)
        case "role":
            data["permissions"] = _permissions(data.get("permissions"), role=data["name"])
            return msgspec.convert(data, RoleDef)
        case "layout":
            return msgspec.convert(layout(data), LayoutDef)
        case "report":
            return msgspec.convert(report(data), ReportDef)
        case "dashboard":
            return msgspec.convert(dashboard(data), DashboardDef)
        case "notification":
            return msgspec.convert(notification(data), NotificationDef)
        case "automation":
            return msgspec.convert(automation(data), AutomationDef)
        case "scenario":
            return msgspec.convert(scenario(data), ScenarioDef)
        case _:
            data.setdefault("pattern", "")
            data["scope"] = texts(data.get("scope"))
            return msgspec.convert(data, SequenceDef)


def _parts(data: Mapping) -> Mapping:
    """What every document that declares fields may have."""
    data["fields"] = {name: _field(name, f) for name, f in mapping(data.get("fields")).items()}
    for key in ("checks", "invariants"):
        data[key] = [_check(mapping(check)) for check in items(data.get(key))]
    for key in ("indexes", "uniques"):
        data[key] = [list(texts(columns)) for columns in items(data.get(key))]
    return data


def _object(data: Mapping) -> Mapping:
    data = _parts(data)
    data.setdefault("service", "")
    data["mixins"] = texts(data.get("mixins"))
    if "numbering" in data:
        data["numbering"] = _numbering(data["numbering"])
    if "immutable" in data:
        data["immutable"] = _immutable(data["immutable"])
    if "workflow" in data:
        data["workflow"] = _workflow(mapping(data["workflow"]))
    data["conversions"] = {
        name: _conversion(name, conversion)
        for name, conversion in mapping(data.get("conversions")).items()
    }
    if "duplicates" in data:
        data["duplicates"] = _duplicates(mapping(data["duplicates"]))
    data["permissions"] = _permissions(data.get("permissions"))
    data["record_types"] = {
        name: _record_type(name, mapping(one))
        for name, one in mapping(data.get("record_types")).items()
    }
    return data


def _extend(data: Mapping) -> Mapping:
    data = _parts(data)
    data["object"] = data["name"]
    data["permissions"] = _permissions(data.get("permissions"))
    added = {name: items(listed) for name, listed in mapping(data.pop("layouts", None)).items()}
    data["sections"] = {
        name: [section(mapping(one)) for one in entries if not isinstance(one, str)]
        for name, entries in added.items()
    }
    data["columns"] = {
        name: [one for one in entries if isinstance(one, str)] for name, entries in added.items()
    }
    return data


def _factors(data: Plain) -> Mapping:
    """Exact numbers; what is none has been reported."""
    factors = mapping(data).items()
    return {unit: Decimal(one) for unit, one in factors if isinstance(one, int | Decimal)}


def _record_type(name: str, data: Mapping) -> Mapping:
    record_type: Mapping = {**data, "name": name}
    for key in ("required", "hidden"):
        record_type[key] = texts(record_type.get(key))
    options = mapping(record_type.get("options")).items()
    record_type["options"] = {field: texts(values) for field, values in options}
    return record_type


def _duplicates(data: Mapping) -> Mapping:
    matches: list[Plain] = [{"field": "", **mapping(match)} for match in items(data.get("match"))]
    return {**data, "match": matches}


def _field(name: str, data: Plain) -> Mapping:
    field: Mapping = {**mapping(data), "name": name}
    field.setdefault("type", "")
    sources(field, _EXPRESSIONS)
    if "options" in field:
        field["options"] = [_option(option) for option in items(field["options"])]
    for key in ("to", "replicate"):
        if key in field:
            field[key] = texts(field[key])
    if "rollup" in field:
        rollup: Mapping = {"op": "", **mapping(field["rollup"])}
        sources(rollup, ("where",))
        field["rollup"] = rollup
    return field


def _option(option: Plain) -> Mapping:
    if isinstance(option, dict):
        return {"value": "", **option}
    return {"value": option or ""}


def _check(data: Mapping) -> Mapping:
    rule = source_text(data.get("rule", "True"))
    return {**data, "rule": rule, "message": data.get("message", f"This must hold: {rule}")}


def _numbering(data: Plain) -> Mapping:
    if not isinstance(data, dict):
        return {"sequence": data}
    return {**data, "scope": texts(data.get("scope"))}


def _immutable(data: Plain) -> Mapping:
    if not isinstance(data, dict):
        return {"when": source_text(data)}
    when = source_text(data.get("when", "False"))
    return {"when": when, "allow": texts(data.get("except"))}


def _workflow(data: Mapping) -> Mapping:
    declared = data.get("states")
    states: Mapping = mapping(declared)
    for name in items(declared):
        if isinstance(name, str):
            states[name] = {}
    return {
        "field": data.get("field", "status"),
        "initial": data.get("initial", ""),
        "states": {name: {**mapping(state), "name": name} for name, state in states.items()},
        "transitions": {
            name: _transition(name, transition)
            for name, transition in mapping(data.get("transitions")).items()
        },
    }


def _transition(name: str, data: Plain) -> Mapping:
    transition: Mapping = {**mapping(data), "name": name}
    transition["sources"] = texts(transition.pop("from", None))
    transition.setdefault("to", "")
    for key in ("roles", "takes", "requires"):
        transition[key] = texts(transition.get(key))
    transition["approvals"] = [
        _approval_step(mapping(step)) for step in items(transition.get("approvals"))
    ]
    sources(transition, ("when", "at"))
    return transition


def _approval_step(data: Mapping) -> Mapping:
    step: Mapping = {**data, "roles": texts(data.get("roles"))}
    sources(step, ("when",))
    return step


def _conversion(name: str, data: Plain) -> Mapping:
    conversion: Mapping = {**mapping(data), "name": name}
    conversion["map"] = source_map(conversion.get("map"))
    conversion.setdefault("to", "")
    sources(conversion, ("when", "releases_when"))
    if "lines" in conversion:
        lines = dict(mapping(conversion["lines"]))
        lines["source"] = lines.pop("from", "")
        lines.setdefault("to", "")
        lines["map"] = source_map(lines.get("map"))
        sources(lines, ("when",))
        conversion["lines"] = lines
    return conversion


def _permissions(data: Plain, role: Plain = None) -> Mapping:
    """Grants by role (under an object) or by object (under a role, whose name is given)."""
    result: Mapping = {}
    for key, grant in mapping(data).items():
        permission: Mapping = {**mapping(grant), "role": key if role is None else role}
        for name in ("transitions", "conversions", "deny"):
            permission[name] = [item for item in texts(permission.get(name)) if item]
        result[key] = permission
    return result
