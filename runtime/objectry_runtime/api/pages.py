"""Pages as one caller may see them: what names a field that is hidden is not there."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from objectry.expressions import compile_expression
from objectry.expressions.types import Kind, Scope
from objectry.metadata.model.pages import DashboardDef, LayoutDef, ReportDef
from objectry.metadata.model.parameters import ReportScope, parameter_types
from objectry_runtime.api.documents import visible_to
from objectry_runtime.api.serving import Serving
from objectry_runtime.api.visibility import is_visible
from objectry_runtime.identity import Call
from objectry_runtime.permissions import policy

Json = dict[str, Any]  # JSON builtins, on their way to the encoder


class Sight:
    """Which objects and fields exist for one caller here."""

    def __init__(self, serving: Serving, call: Call) -> None:
        """The rights of the call's roles on the services served here."""
        self._serving = serving
        self._call = call
        self._model = call.live.model
        self._visible = visible_to(serving, call)

    def object(self, name: str) -> bool:
        """Whether the caller may do anything at all with the object."""
        return is_visible(self._serving, self._call, self._model.object(name))

    def path(self, object_name: str, path: str, use: str = "read") -> bool:
        """Whether every field of a path through links may be used so: `read`, `filter`, `sort`."""
        for part in path.split("."):
            if not object_name or not self._visible(object_name, part, use):
                return False
            field = self._model.object(object_name).fields[part].definition
            object_name = field.of or (field.to[0] if len(field.to) == 1 else "")
        return True

    def condition(self, report: ReportDef) -> bool:
        """Whether everything that a report chooses its records by may be filtered by."""
        if report.where is None:
            return True
        types = parameter_types(report.parameters)
        scope = ReportScope(self._model.scope(report.object), types)
        return self.reads(report.object, report.where, scope, but=report.parameters)

    def reads(
        self, object_name: str, condition: str, scope: Scope, *, but: Collection[str] = ()
    ) -> bool:
        """Whether all that a condition over an object reads may be filtered by.

        Names in `but` are no fields.
        """
        compiled = compile_expression(condition, scope, expects=(Kind.BOOLEAN,))
        assert not isinstance(compiled, tuple), f"`{condition}` has not passed the checks"
        return all(
            (root == "record" and path[0] in but) or self._read(object_name, root, path)
            for root, path in compiled.reads
        )

    def _read(self, object_name: str, root: str, path: tuple[str, ...]) -> bool:
        match root:
            case "record" | "old":
                return self.path(object_name, ".".join(path), "filter")
            case "parent":
                owner = self._model.owner(object_name)
                return owner is not None and self.path(owner[0], ".".join(path), "filter")
            case _:
                return True  # the caller's own name, id and roles

    def role(self, wanted: tuple[str, ...]) -> bool:
        """Whether a page that is for some roles (none: for all) is for the caller."""
        principal = self._call.principal
        return principal.is_admin or not wanted or not principal.roles.isdisjoint(wanted)

    def may_print(self, object_name: str) -> bool:
        """Whether the caller may print any record of an object."""
        principal = self._call.principal
        rights = policy(self._call.live, object_name, principal.roles)
        return principal.is_admin or rights.rule("print") is not False

    def scope(self, object_name: str) -> Scope:
        """What a condition may name on something that happens to a record."""
        return self._model.scope(object_name, variables=("user", "old"))

    def line_object(self, object_name: str, table: str) -> str:
        """The object of a table field's rows."""
        return self._model.line_object(object_name, table).name


def seen_layout(layout: LayoutDef, sight: Sight, *, whole: bool) -> Json | None:
    """The layout without what is hidden; None where nothing is left to build the page on.

    A board or calendar stands and falls with its field; a list without its order is still a list. A
    printed page is for who may print; its template is there only for who sees the `whole`.
    """
    name = layout.object
    if not sight.object(name) or (layout.kind == "print" and not sight.may_print(name)):
        return None
    if any(key and not sight.path(name, key, "sort") for key in (layout.field, layout.start)):
        return None
    seen: Json = msgspec.to_builtins(layout)
    seen["sections"] = _sections(layout, sight)
    seen["columns"] = [path for path in layout.columns if sight.path(name, path)]
    for key, path in (("sort", layout.sort.removeprefix("-")), ("end", layout.end)):
        if path and not sight.path(name, path, "sort"):
            del seen[key]
    if layout.fields:
        seen["fields"] = [field for field in layout.fields if sight.path(name, field)]
    if not whole:
        for key in ("template", "body", "values"):
            seen.pop(key, None)
    return seen


def _sections(layout: LayoutDef, sight: Sight) -> list[Json]:
    sections: list[Json] = []
    for section in layout.sections:
        if section.table and not sight.path(layout.object, section.table):
            continue
        seen: Json = msgspec.to_builtins(section)
        seen["fields"] = [name for name in section.fields if sight.path(layout.object, name)]
        if section.table:
            line = sight.line_object(layout.object, section.table)
            seen["table_columns"] = [
                name for name in section.table_columns if sight.path(line, name)
            ]
        sections.append(seen)
    return sections


def seen_report(report: ReportDef, sight: Sight, *, whole: bool) -> Json | None:
    """The report without what is hidden; None where it is not for the caller.

    It is not where its records are chosen or grouped by what is hidden: what it would show then is
    another report, or tells what is hidden. Expressions are there only for who sees the `whole`.
    """
    name = report.object
    if not sight.object(name) or not sight.role(report.roles) or not sight.condition(report):
        return None
    if not all(sight.path(name, group.field, "sort") for group in report.groups):
        return None
    columns = [path for path in report.columns if sight.path(name, path)]
    totals = {path: op for path, op in report.totals.items() if sight.path(name, path, "filter")}
    if not columns and not totals:
        return None
    seen: Json = msgspec.to_builtins(report) | {"columns": columns, "totals": totals}
    seen["sort"] = [path for path in report.sort if sight.path(name, path.lstrip("-"), "sort")]
    if report.chart and (report.chart.total or next(iter(report.totals))) not in totals:
        del seen["chart"]
    if not whole:
        for part in (seen, *seen.get("parameters", {}).values()):
            for key in ("where", "default", "roles"):
                part.pop(key, None)
    return seen


def seen_dashboard(
    dashboard: DashboardDef, reports: Mapping[str, ReportDef], sight: Sight, *, whole: bool
) -> Json | None:
    """The dashboard without tiles of what is hidden; None where none is left.

    A tile goes with its report, and with the part of the report that it shows.
    """
    if not sight.role(dashboard.roles):
        return None
    tiles: list[Json] = []
    for tile in dashboard.tiles:
        report = seen_report(reports[tile.report], sight, whole=whole)
        if report is None:
            continue
        total = tile.total or next(iter(reports[tile.report].totals), "")
        if {
            "number": total in report["totals"],
            "chart": "chart" in report,
            "list": bool(report["columns"]),
        }[tile.kind]:
            seen: Json = msgspec.to_builtins(tile)
            if not whole:
                seen.pop("parameters", None)
            tiles.append(seen)
    if not tiles:
        return None
    page: Json = msgspec.to_builtins(dashboard) | {"tiles": tiles}
    if not whole:
        page.pop("roles", None)
    return page
