"""Reports, dashboards and prints, as OpenAPI describes them."""

from collections.abc import Iterable

from objectry.compiler.schemas.operation import PREFIX
from objectry.compiler.schemas.parts import parameter, problems
from objectry.compiler.schemas.shapes import Visible
from objectry.metadata.model import Model, ObjectModel
from objectry.metadata.model.pages import DashboardDef, ParameterDef, ReportDef
from objectry.metadata.types import Schema

TAG = "reports"
_TEXT: Schema = {"type": "string"}
_KEYED: Schema = {"type": "object", "additionalProperties": True}
_CHART: Schema = {
    "type": ["object", "null"],
    "required": ["kind", "group", "total", "points"],
    "properties": {
        "kind": {"enum": ["bar", "line", "area", "pie"]},
        "group": _TEXT,
        "total": _TEXT,
        "points": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["group", "value"],
                "properties": {"group": {}, "value": {}},
            },
        },
    },
}
_COLUMNS: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "label", "type"],
        "properties": {"name": _TEXT, "label": _TEXT, "type": _TEXT},
    },
}
_RESULT: Schema = {
    "type": "object",
    "required": ["report", "label", "columns", "data", "next", "groups", "totals", "chart"],
    "properties": {
        "report": _TEXT,
        "label": _TEXT,
        "columns": _COLUMNS,
        "data": {"type": "array", "items": _KEYED},
        "next": {"type": ["string", "null"]},
        "groups": {
            "type": "array",
            "description": "Those with fewer keys sum up the ones before them.",
            "items": {
                "type": "object",
                "required": ["keys", "totals"],
                "properties": {"keys": _KEYED, "totals": _KEYED},
            },
        },
        "totals": {**_KEYED, "description": "An amount is an object: one text for each currency."},
        "chart": _CHART,
    },
}
_TILE: Schema = {
    "type": "object",
    "required": ["kind", "report", "label", "width"],
    "properties": {
        "kind": {"enum": ["number", "chart", "list"]},
        "report": _TEXT,
        "label": _TEXT,
        "width": {"type": "integer"},
        "total": _TEXT,
        "value": {},
        "chart": _CHART,
        "columns": _COLUMNS,
        "data": {"type": "array", "items": _KEYED},
        "problem": _KEYED,
    },
}
_BOARD: Schema = {
    "type": "object",
    "required": ["dashboard", "label", "tiles"],
    "properties": {
        "dashboard": _TEXT,
        "label": _TEXT,
        "tiles": {"type": "array", "items": _TILE},
    },
}
_FORMAT: Schema = {"name": "format", "in": "query"}


def output_paths(
    reports: Iterable[ReportDef], dashboards: Iterable[DashboardDef]
) -> dict[str, Schema]:
    """The paths of reports and dashboards; those given are the caller's."""
    paths: dict[str, Schema] = {
        f"{PREFIX}/reports/{one.name}": {"get": _report(one)} for one in reports
    }
    for board in dashboards:
        paths[f"{PREFIX}/dashboards/{board.name}"] = {"get": _dashboard(board)}
    return paths


def print_paths(model: Model, visible: Visible) -> dict[str, Schema]:
    """The paths of records as documents, of objects that have a print layout."""
    layouts: dict[str, list[str]] = {}
    for one in model.definitions.layouts.values():
        if one.kind == "print" and visible(one.object, None, "print"):
            layouts.setdefault(one.object, []).append(one.name)
    owners = {name: model.object(name) for name in layouts}
    return {
        f"{PREFIX}/{owners[name].plural}/{{id}}/print": {"get": _print(owners[name], found)}
        for name, found in layouts.items()
    }


def _print(owner: ObjectModel, layouts: Iterable[str]) -> Schema:
    label = owner.definition.label or owner.name
    return {
        "operationId": f"{owner.name}.print",
        "tags": [owner.schema],
        "summary": f"{label}: as a document",
        "parameters": [
            parameter("id"),
            {"name": "layout", "in": "query", "schema": {"enum": sorted(layouts)}},
            {**_FORMAT, "schema": {"enum": ["pdf", "html"], "default": "pdf"}},
            {"name": "lang", "in": "query", "schema": {**_TEXT, "default": "en"}},
        ],
        "responses": {
            "200": {
                "description": "The document.",
                "content": {"application/pdf": {}, "text/html": {}},
            },
            **problems("403", "404", "422"),
        },
    }


def _report(report: ReportDef) -> Schema:
    own = [_parameter(one) for one in report.parameters.values()]
    shown = {"application/json": {"schema": _RESULT}, "text/csv": {"schema": _TEXT}}
    return {
        "operationId": f"reports.{report.name}",
        "tags": [TAG],
        "summary": report.label or report.name,
        **({"description": report.help} if report.help else {}),
        "parameters": [
            *own,
            parameter("limit"),
            parameter("cursor"),
            {**_FORMAT, "schema": {"enum": ["json", "csv"], "default": "json"}},
        ],
        "responses": {"200": {"description": "The report.", "content": shown}, **problems("404")},
    }


def _dashboard(board: DashboardDef) -> Schema:
    return {
        "operationId": f"dashboards.{board.name}",
        "tags": [TAG],
        "summary": board.label or board.name,
        **({"description": board.help} if board.help else {}),
        "parameters": [],
        "responses": {
            "200": {
                "description": "All tiles; one that failed has a `problem`.",
                "content": {"application/json": {"schema": _BOARD}},
            },
            **problems("404"),
        },
    }


def _parameter(one: ParameterDef) -> Schema:
    schema: Schema = {"enum": list(one.options)} if one.options else _TEXT
    return {
        "name": one.name,
        "in": "query",
        "required": one.required and one.default is None,
        "description": one.help or one.label or one.type,
        "schema": schema,
    }
