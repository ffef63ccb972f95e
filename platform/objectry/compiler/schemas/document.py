"""The OpenAPI 3.1 document of everything a caller may call."""

from collections.abc import Iterable

from objectry.compiler.schemas.chains import chain_paths, delegation_paths
from objectry.compiler.schemas.files import TAG as FILES
from objectry.compiler.schemas.files import upload_paths
from objectry.compiler.schemas.operation import PREFIX
from objectry.compiler.schemas.operations import object_paths
from objectry.compiler.schemas.outputs import TAG as REPORTS
from objectry.compiler.schemas.outputs import output_paths, print_paths
from objectry.compiler.schemas.parts import (
    AGE,
    CHANGE,
    EVENT,
    HEADERS,
    PARAMETERS,
    PROBLEM,
    RESPONSES,
    page,
    parameter,
    problems,
)
from objectry.compiler.schemas.shapes import DIALECT, Visible, create_by_patch, object_shape
from objectry.metadata.model import Model
from objectry.metadata.model.collection import uncollected
from objectry.metadata.model.pages import DashboardDef, ReportDef
from objectry.metadata.types import Schema

SPECIFICATION = "3.1.0"


@uncollected()
def openapi(
    model: Model,
    *,
    version: str,
    visible: Visible,
    reports: Iterable[ReportDef] = (),
    dashboards: Iterable[DashboardDef] = (),
) -> Schema:
    """The document: paths and shapes of all objects, as this caller may see them.

    `version` is what `info.version` says (the release's id); `reports` and `dashboards` are those
    that are for the caller.
    """
    components = _Components(model, visible)
    paths: dict[str, Schema] = {}
    services: set[str] = set()
    for name in sorted(model.objects()):
        owner = model.object(name)
        found = object_paths(model, owner, visible, components.reference)
        if found:
            services.add(owner.schema)
            paths.update(found)
    paths.update(print_paths(model, visible))
    outputs = output_paths(reports, dashboards)
    paths.update(outputs)
    paths |= (uploads := upload_paths(model, visible))
    paths |= chain_paths(model, visible) | delegation_paths()
    paths[f"{PREFIX}/events"] = {"get": _events()}
    shared = (
        *([REPORTS] if outputs else ()),
        *([FILES] if uploads else ()),
        "platform delegations",
        "platform events",
    )
    return {
        "openapi": SPECIFICATION,
        "info": {
            "title": "Objectry",
            "version": version,
            "description": "Decimals and money are strings with all their places.",
        },
        "jsonSchemaDialect": DIALECT,
        "security": [{"bearer": []}],
        "tags": [{"name": service} for service in (*sorted(services), *shared)],
        "paths": paths,
        "components": {
            "schemas": {
                "problem": PROBLEM,
                "event": EVENT,
                "version": CHANGE,
                **components.build(),
            },
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": RESPONSES,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


class _Components:
    """The shapes that something refers to, so that every reference has its target."""

    def __init__(self, model: Model, visible: Visible) -> None:
        self._model, self._visible = model, visible
        self._wanted: dict[tuple[str, str], None] = {}

    def reference(self, name: str, shape: str) -> Schema:
        """A `$ref` to a shape, which `build` will then make."""
        self._wanted[name, shape] = None
        return {"$ref": f"#/components/schemas/{_key(name, shape)}"}

    def build(self) -> dict[str, Schema]:
        """All shapes referred to, those the shapes themselves refer to included."""
        built: dict[tuple[str, str], Schema] = {}
        while missing := [key for key in self._wanted if key not in built]:
            for name, shape in missing:
                owner = self._model.object(name)
                if shape == "create":
                    built[name, shape] = create_by_patch(owner, self._visible, self._linked)
                else:
                    built[name, shape] = object_shape(owner, shape, self._visible, self._linked)
        return {_key(*key): built[key] for key in sorted(built)}

    def _linked(self, name: str, shape: str) -> Schema:
        """A link to what the caller may not read is its id alone."""
        if shape != "read" or self._model.object(name).is_line or self._visible(name, None, "read"):
            return self.reference(name, shape)
        return {}


def _key(name: str, shape: str) -> str:
    """`offer` as read, `offer.create`, `offer.patch`: no object's name holds a dot.

    The three shared components can't be taken for objects either: they are `problem`, `event` and
    `version`, and an object of that name is read as `problem.read`.
    """
    taken = name in ("problem", "event", "version")
    return name if shape == "read" and not taken else f"{name}.{shape}"


def _events() -> Schema:
    return {
        "operationId": "events.list",
        "tags": ["platform events"],
        "summary": "The change feed, oldest first, of records you may read",
        "parameters": [parameter(name) for name in ("limit", "cursor", "stale")],
        "responses": {
            "200": {
                "description": "A page of events.",
                "headers": AGE,
                "content": {
                    "application/json": {"schema": page({"$ref": "#/components/schemas/event"})}
                },
            },
            **problems(),
        },
    }
