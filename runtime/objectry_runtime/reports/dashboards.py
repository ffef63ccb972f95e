"""`GET /dashboards/{name}`: every tile with what its report shows of it."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from objectry.metadata.model.pages import ReportDef, TileDef
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import Problem
from objectry_runtime.reports.asked import Asked, default_of, parameter_values
from objectry_runtime.reports.running import Heading, plan_report, results

ROWS = 10  # of a list tile

Json = dict[str, Any]  # JSON builtins, on their way to the encoder
Told = Callable[[Exception], Problem]


async def run_tiles(
    call: Call,
    tiles: Sequence[tuple[TileDef, ReportDef]],
    zone: str,
    told: Told,
    heading: Heading,
) -> list[Json]:
    """The tiles in their order. One that fails says so and leaves the others alone.

    `told` gives the problem that a caller may see of an exception. Each report is as its reader
    sees it.
    """
    return [await _guarded(call, tile, report, zone, told, heading) for tile, report in tiles]


async def _guarded(
    call: Call, tile: TileDef, report: ReportDef, zone: str, told: Told, heading: Heading
) -> Json:
    shown: Json = {
        "kind": tile.kind,
        "report": tile.report,
        "label": tile.label or report.label or report.name,
        "width": tile.width,
    }
    try:
        return shown | await _run(call, tile, report, zone, heading)
    except Exception as error:  # one tile's failure is told in its place
        problem = told(error)
        return shown | {
            "problem": {
                "status": problem.status,
                "code": problem.code,
                "title": problem.title,
                "detail": problem.detail,
            }
        }


async def _run(call: Call, tile: TileDef, report: ReportDef, zone: str, heading: Heading) -> Json:
    """What the tile shows of its report, and nothing else is asked for."""
    values = parameter_values(call, _optional(report, tile), {})
    for name, source in tile.parameters.items():
        values[name] = default_of(call, report.parameters[name], source)
    asked = Asked(values=values, limit=ROWS, cursor=None, format="json")
    plan = plan_report(call, _part(report, tile))
    document = await results(call, plan, asked, zone, heading)
    match tile.kind:
        case "number":
            total = tile.total or next(iter(report.totals))
            return {"total": total, "value": document["totals"].get(total)}
        case "chart":
            return {"chart": document["chart"]}
        case _:
            return {"columns": document["columns"], "data": document["data"]}


def _part(report: ReportDef, tile: TileDef) -> ReportDef:
    """The part of a report that the tile shows."""
    match tile.kind:
        case "number":
            total = tile.total or next(iter(report.totals))
            return msgspec.structs.replace(
                report, columns=(), groups=(), chart=None, totals={total: report.totals[total]}
            )
        case "chart":
            return msgspec.structs.replace(report, columns=())
        case _:
            return msgspec.structs.replace(report, groups=(), totals={}, chart=None)


def _optional(report: ReportDef, tile: TileDef) -> ReportDef:
    """The report asking for nothing that the tile gives."""
    rest = {name: one for name, one in report.parameters.items() if name not in tile.parameters}
    return msgspec.structs.replace(report, parameters=rest)
