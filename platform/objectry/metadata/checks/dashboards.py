"""Dashboards: each tile shows a report that exists, by what that report has."""

from objectry.findings import code, near_or_all
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import ROLES, UNKNOWN_ROLE
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.pages import DashboardDef, ReportDef, TileDef
from objectry.metadata.model.parameters import nothing_but_user, parameter_types

_REPORT = (
    "\n---\nreport: customers\nobject: customer\ncolumns: [name]\ntotals: {id: count}\n"
    "parameters: {home: {type: country, required: true}}\nwhere: country == home"
)
UNKNOWN_REPORT = code(
    "OBJ0385",
    "Unknown report",
    "No document declares a report of that name.",
    wrong="dashboard: sales\ntiles: [{kind: list, report: custmers}]",
    right=(
        "dashboard: sales\n"
        "tiles: [{kind: list, report: customers, parameters: {home: \"'DE'\"}}]" + _REPORT
    ),
)
TILE_OF_NOTHING = code(
    "OBJ0386",
    "Tile of what its report doesn't have",
    "A `number` shows one of the report's `totals`, a `chart` its `chart`, a `list` its `columns`.",
    wrong=(
        "dashboard: sales\n"
        "tiles: [{kind: chart, report: customers, parameters: {home: \"'DE'\"}}]" + _REPORT
    ),
    right=(
        "dashboard: sales\n"
        "tiles: [{kind: number, report: customers, parameters: {home: \"'DE'\"}}]" + _REPORT
    ),
)
TILE_PARAMETER = code(
    "OBJ0387",
    "Parameter that the tile's report lacks or needs",
    "A tile gives values to parameters of its report, and to every one that is required and has no "
    "default: nobody is asked.",
    wrong="dashboard: sales\ntiles: [{kind: list, report: customers}]" + _REPORT,
    right=(
        "dashboard: sales\n"
        "tiles: [{kind: list, report: customers, parameters: {home: \"'DE'\"}}]" + _REPORT
    ),
)


@project_check
def check_dashboards(context: Context) -> None:
    """Every tile shows something, and every role exists."""
    definitions = context.definitions
    for dashboard in definitions.dashboards.values():
        for index, role in enumerate(dashboard.roles):
            at: Place = ("dashboard", dashboard.name, ("roles", index))
            context.expect(UNKNOWN_ROLE, "role", role, {*ROLES, *definitions.roles}, at)
        for index, tile in enumerate(dashboard.tiles):
            at = ("dashboard", dashboard.name, ("tiles", index, "report"))
            if tile.report and context.expect(
                UNKNOWN_REPORT, "report", tile.report, definitions.reports, at
            ):
                report = definitions.reports[tile.report]
                _check_shown(context, dashboard, index, tile, report)
                _check_parameters(context, dashboard, index, tile, report)


def _check_shown(
    context: Context, dashboard: DashboardDef, index: int, tile: TileDef, report: ReportDef
) -> None:
    """The part of the report that a kind of tile shows is there."""
    at: Place = ("dashboard", dashboard.name, ("tiles", index, "kind"))
    needed = {"number": "totals", "chart": "chart", "list": "columns"}.get(tile.kind)
    if needed is None:
        return  # reported as misshapen
    if not getattr(report, needed) and not context.positions.is_broken(
        "report", report.name, (needed,)
    ):
        message = f"`{report.name}` has no `{needed}`."
        context.find(TILE_OF_NOTHING, at, message, f"a {tile.kind} shows them")
    at = ("dashboard", dashboard.name, ("tiles", index, "total"))
    if tile.total and tile.kind != "number":
        message = f"`total` means nothing for a {tile.kind}."
        context.find(TILE_OF_NOTHING, at, message, "remove it", key=True)
    elif tile.total and report.totals and tile.total not in report.totals:
        message = f"`{tile.total}` is none of the totals of `{report.name}`."
        context.find(TILE_OF_NOTHING, at, message, near_or_all(tile.total, report.totals))


def _check_parameters(
    context: Context, dashboard: DashboardDef, index: int, tile: TileDef, report: ReportDef
) -> None:
    """What the report must know is given, of the right type."""
    types = parameter_types(report.parameters)
    for name, source in tile.parameters.items():
        at: Place = ("dashboard", dashboard.name, ("tiles", index, "parameters", name))
        if name not in report.parameters:
            message = f"`{report.name}` has no parameter `{name}`."
            hint = near_or_all(name, report.parameters)
            context.find(TILE_PARAMETER, at, message, hint, key=True)
        elif name in types:
            expects = (types[name].kind,)
            context.compile_in(nothing_but_user(), source, at, expects=expects)
    for name, parameter in report.parameters.items():
        if parameter.required and parameter.default is None and name not in tile.parameters:
            at = ("dashboard", dashboard.name, ("tiles", index, "parameters"))
            message = f"`{report.name}` needs its parameter `{name}`."
            context.find(TILE_PARAMETER, at, message, f"`parameters: {{{name}: …}}`")
