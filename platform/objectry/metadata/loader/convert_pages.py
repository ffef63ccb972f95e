"""Layouts, reports and dashboards: plain documents → what their definitions take."""

from objectry.metadata.loader.forms import Mapping, items, mapping, source_map, sources, texts
from objectry.metadata.loader.plain import Plain


def layout(data: Mapping) -> Mapping:
    """A layout without short forms."""
    data.setdefault("object", "")
    data.setdefault("kind", "form" if "sections" in data else "list")
    data["columns"] = texts(data.get("columns"))
    data["fields"] = texts(data.get("fields"))
    data["values"] = source_map(data.get("values"))
    data["sections"] = [section(mapping(one)) for one in items(data.get("sections"))]
    return data


def section(data: Mapping) -> Mapping:
    """A section of a form without short forms."""
    section = dict(data)
    if isinstance(section.get("columns"), list):
        section["table_columns"] = texts(section.pop("columns"))
    section["fields"] = texts(section.get("fields"))
    return section


def report(data: Mapping) -> Mapping:
    """A report without short forms."""
    data.setdefault("object", "")
    sources(data, ("where",))
    data["parameters"] = {
        name: _parameter(name, parameter)
        for name, parameter in mapping(data.get("parameters")).items()
    }
    data["groups"] = [_group(group) for group in items(data.get("groups"))]
    data["totals"] = mapping(data.get("totals"))
    if "chart" in data:
        data["chart"] = {"kind": "bar", **mapping(data["chart"])}
    for key in ("columns", "sort", "roles"):
        data[key] = texts(data.get(key))
    return data


def dashboard(data: Mapping) -> Mapping:
    """A dashboard without short forms."""
    data["tiles"] = [_tile(mapping(tile)) for tile in items(data.get("tiles"))]
    data["roles"] = texts(data.get("roles"))
    return data


def _parameter(name: str, data: Plain) -> Mapping:
    parameter: Mapping = {**mapping(data), "name": name}
    parameter.setdefault("type", "")
    sources(parameter, ("default",))
    parameter["options"] = texts(parameter.get("options"))
    return parameter


def _group(data: Plain) -> Mapping:
    if isinstance(data, str):
        return {"field": data}
    return {"field": "", **mapping(data)}


def _tile(data: Mapping) -> Mapping:
    return {"kind": "", "report": "", **data, "parameters": source_map(data.get("parameters"))}
