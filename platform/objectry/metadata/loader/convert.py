"""Plain documents of the right shape → definitions; short forms are written out here."""

from decimal import Decimal

import msgspec

from objectry.metadata.loader.convert_reactions import automation, notification
from objectry.metadata.loader.convert_scenarios import scenario
from objectry.metadata.loader.forms import Mapping, source_text
from objectry.metadata.loader.forms import items as _items
from objectry.metadata.loader.forms import mapping as _mapping
from objectry.metadata.loader.forms import source_map as _map
from objectry.metadata.loader.forms import sources as _sources
from objectry.metadata.loader.forms import texts as _texts
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
            data["objects"] = _texts(data.get("objects"))
            return msgspec.convert(data, ServiceDef)
        case "object":
            return msgspec.convert(_object(data), ObjectDef)
        case "mixin":
            return msgspec.convert(_parts(data), MixinDef)
        case "extend":
            return msgspec.convert(_extend(data), ExtendDef)
        case "translation":
            data["labels"] = _map(data.get("labels"))
            return msgspec.convert(data, TranslationDef)
        case "units":
            data["factors"] = _factors(data.get("factors"))
            return msgspec.convert(data, UnitsDef)
        case "role":
            data["permissions"] = _permissions(data.get("permissions"), role=data["name"])
            return msgspec.convert(data, RoleDef)
        case "layout":
            return msgspec.convert(_layout(data), LayoutDef)
        case "report":
            return msgspec.convert(_report(data), ReportDef)
        case "dashboard":
            data["tiles"] = [_tile(_mapping(tile)) for tile in _items(data.get("tiles"))]
            data["roles"] = _texts(data.get("roles"))
            return msgspec.convert(data, DashboardDef)
        case "notification":
            return msgspec.convert(notification(data), NotificationDef)
        case "automation":
            return msgspec.convert(automation(data), AutomationDef)
        case "scenario":
            return msgspec.convert(scenario(data), ScenarioDef)
        case _:
            data.setdefault("pattern", "")
            data["scope"] = _texts(data.get("scope"))
            return msgspec.convert(data, SequenceDef)


def _parts(data: Mapping) -> Mapping:
    """What every document that declares fields may have."""
    data["fields"] = {name: _field(name, f) for name, f in _mapping(data.get("fields")).items()}
    for key in ("checks", "invariants"):
        data[key] = [_check(_mapping(check)) for check in _items(data.get(key))]
    for key in ("indexes", "uniques"):
        data[key] = [list(_texts(columns)) for columns in _items(data.get(key))]
    return data


def _object(data: Mapping) -> Mapping:
    data = _parts(data)
    data.setdefault("service", "")
    data["mixins"] = _texts(data.get("mixins"))
    if "numbering" in data:
        data["numbering"] = _numbering(data["numbering"])
    if "immutable" in data:
        data["immutable"] = _immutable(data["immutable"])
    if "workflow" in data:
        data["workflow"] = _workflow(_mapping(data["workflow"]))
    data["conversions"] = {
        name: _conversion(name, conversion)
        for name, conversion in _mapping(data.get("conversions")).items()
    }
    if "duplicates" in data:
        data["duplicates"] = _duplicates(_mapping(data["duplicates"]))
    data["permissions"] = _permissions(data.get("permissions"))
    data["record_types"] = {
        name: _record_type(name, _mapping(one))
        for name, one in _mapping(data.get("record_types")).items()
    }
    return data


def _extend(data: Mapping) -> Mapping:
    data = _parts(data)
    data["object"] = data["name"]
    data["permissions"] = _permissions(data.get("permissions"))
    added = {name: _items(items) for name, items in _mapping(data.pop("layouts", None)).items()}
    data["sections"] = {
        name: [_section(_mapping(one)) for one in items if not isinstance(one, str)]
        for name, items in added.items()
    }
    data["columns"] = {
        name: [one for one in items if isinstance(one, str)] for name, items in added.items()
    }
    return data


def _factors(data: Plain) -> Mapping:
    """Exact numbers; what is none has been reported."""
    factors = _mapping(data).items()
    return {unit: Decimal(one) for unit, one in factors if isinstance(one, int | Decimal)}


def _record_type(name: str, data: Mapping) -> Mapping:
    record_type: Mapping = {**data, "name": name}
    for key in ("required", "hidden"):
        record_type[key] = _texts(record_type.get(key))
    options = _mapping(record_type.get("options")).items()
    record_type["options"] = {field: _texts(values) for field, values in options}
    return record_type


def _duplicates(data: Mapping) -> Mapping:
    matches: list[Plain] = [
        {"field": "", **_mapping(match)} for match in _items(data.get("match"))
    ]
    return {**data, "match": matches}


def _field(name: str, data: Plain) -> Mapping:
    field: Mapping = {**_mapping(data), "name": name}
    field.setdefault("type", "")
    _sources(field, _EXPRESSIONS)
    if "options" in field:
        field["options"] = [_option(option) for option in _items(field["options"])]
    for key in ("to", "replicate"):
        if key in field:
            field[key] = _texts(field[key])
    if "rollup" in field:
        rollup: Mapping = {"op": "", **_mapping(field["rollup"])}
        _sources(rollup, ("where",))
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
    return {**data, "scope": _texts(data.get("scope"))}


def _immutable(data: Plain) -> Mapping:
    if not isinstance(data, dict):
        return {"when": source_text(data)}
    when = source_text(data.get("when", "False"))
    return {"when": when, "allow": _texts(data.get("except"))}


def _workflow(data: Mapping) -> Mapping:
    declared = data.get("states")
    states: Mapping = _mapping(declared)
    for name in _items(declared):
        if isinstance(name, str):
            states[name] = {}
    return {
        "field": data.get("field", "status"),
        "initial": data.get("initial", ""),
        "states": {name: {**_mapping(state), "name": name} for name, state in states.items()},
        "transitions": {
            name: _transition(name, transition)
            for name, transition in _mapping(data.get("transitions")).items()
        },
    }


def _transition(name: str, data: Plain) -> Mapping:
    transition: Mapping = {**_mapping(data), "name": name}
    transition["sources"] = _texts(transition.pop("from", None))
    transition.setdefault("to", "")
    for key in ("roles", "takes", "requires"):
        transition[key] = _texts(transition.get(key))
    transition["approvals"] = [
        _approval_step(_mapping(step)) for step in _items(transition.get("approvals"))
    ]
    _sources(transition, ("when", "at"))
    return transition


def _approval_step(data: Mapping) -> Mapping:
    step: Mapping = {**data, "roles": _texts(data.get("roles"))}
    _sources(step, ("when",))
    return step


def _conversion(name: str, data: Plain) -> Mapping:
    conversion: Mapping = {**_mapping(data), "name": name}
    conversion["map"] = _map(conversion.get("map"))
    conversion.setdefault("to", "")
    _sources(conversion, ("when", "releases_when"))
    if "lines" in conversion:
        lines = dict(_mapping(conversion["lines"]))
        lines["source"] = lines.pop("from", "")
        lines.setdefault("to", "")
        lines["map"] = _map(lines.get("map"))
        _sources(lines, ("when",))
        conversion["lines"] = lines
    return conversion


def _permissions(data: Plain, role: Plain = None) -> Mapping:
    """Grants by role (under an object) or by object (under a role, whose name is given)."""
    result: Mapping = {}
    for key, grant in _mapping(data).items():
        permission: Mapping = {**_mapping(grant), "role": key if role is None else role}
        for name in ("transitions", "conversions", "deny"):
            permission[name] = [item for item in _texts(permission.get(name)) if item]
        result[key] = permission
    return result


def _layout(data: Mapping) -> Mapping:
    data.setdefault("object", "")
    data.setdefault("kind", "form" if "sections" in data else "list")
    data["columns"] = _texts(data.get("columns"))
    data["fields"] = _texts(data.get("fields"))
    data["values"] = _map(data.get("values"))
    data["sections"] = [_section(_mapping(section)) for section in _items(data.get("sections"))]
    return data


def _section(data: Mapping) -> Mapping:
    section = dict(data)
    if isinstance(section.get("columns"), list):
        section["table_columns"] = _texts(section.pop("columns"))
    section["fields"] = _texts(section.get("fields"))
    return section


def _report(data: Mapping) -> Mapping:
    data.setdefault("object", "")
    _sources(data, ("where",))
    data["parameters"] = {
        name: _parameter(name, parameter)
        for name, parameter in _mapping(data.get("parameters")).items()
    }
    data["groups"] = [_group(group) for group in _items(data.get("groups"))]
    data["totals"] = _mapping(data.get("totals"))
    if "chart" in data:
        data["chart"] = {"kind": "bar", **_mapping(data["chart"])}
    for key in ("columns", "sort", "roles"):
        data[key] = _texts(data.get(key))
    return data


def _parameter(name: str, data: Plain) -> Mapping:
    parameter: Mapping = {**_mapping(data), "name": name}
    parameter.setdefault("type", "")
    _sources(parameter, ("default",))
    parameter["options"] = _texts(parameter.get("options"))
    return parameter


def _group(data: Plain) -> Mapping:
    if isinstance(data, str):
        return {"field": data}
    return {"field": "", **_mapping(data)}


def _tile(data: Mapping) -> Mapping:
    return {"kind": "", "report": "", **data, "parameters": _map(data.get("parameters"))}
