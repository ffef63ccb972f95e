"""Reports and dashboards run for a caller: which there are for them, and what of them."""

from functools import partial

import msgspec

from objectry.metadata.model.pages import ReportDef
from objectry_runtime.api.address import Params
from objectry_runtime.api.headings import heading
from objectry_runtime.api.languages import definitions_for
from objectry_runtime.api.pages import Sight, seen_report
from objectry_runtime.api.problems import to_problem
from objectry_runtime.api.serving import Serving
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import Answer
from objectry_runtime.query.list_request import once
from objectry_runtime.query.refusal import bad_query, quoted
from objectry_runtime.reports.dashboards import run_tiles
from objectry_runtime.reports.running import run_report


async def report(serving: Serving, call: Call, name: str, params: Params) -> Answer:
    """A report's answer; one that isn't for the caller is as unknown as a misspelt one."""
    found = definitions_for(call).reports.get(name)
    seen = None if found is None else report_for(found, Sight(serving, call))
    if seen is None:
        raise _unknown("report", name)
    return await run_report(call, seen, str(serving.time_zone), params, partial(heading, call))


async def dashboard(serving: Serving, call: Call, name: str, params: Params) -> Answer:
    """All tiles of a dashboard that show the caller anything."""
    for parameter in once(params):
        raise bad_query(f"A dashboard takes no parameter {quoted(parameter)}.")
    definitions, sight = definitions_for(call), Sight(serving, call)
    found = definitions.dashboards.get(name)
    if found is None or not sight.role(found.roles):
        raise _unknown("dashboard", name)
    tiles = [
        (tile, seen)
        for tile in found.tiles
        if (seen := report_for(definitions.reports[tile.report], sight)) is not None
        and {
            "number": (tile.total or next(iter(seen.totals), "")) in seen.totals,
            "chart": seen.chart is not None,
            "list": bool(seen.columns),
        }[tile.kind]
    ]
    if not tiles:
        raise _unknown("dashboard", name)

    def told(error: Exception) -> Problem:
        return to_problem(error, call.correlation, f"dashboard {name}")

    body = {
        "dashboard": name,
        "label": found.label or name,
        "tiles": await run_tiles(call, tiles, str(serving.time_zone), told, partial(heading, call)),
    }
    headers = {"Content-Type": "application/json"}
    return Answer(status=200, body=msgspec.json.encode(body), headers=headers)


def report_for(report: ReportDef, sight: Sight) -> ReportDef | None:
    """The report with what the caller may read of it; None where it is not for them."""
    seen = seen_report(report, sight, whole=True)
    if seen is None:
        return None
    # What is masked can be shown on a record's page; a report computes with it, and leaves it out.
    columns = [path for path in report.columns if sight.path(report.object, path, "filter")]
    totals = {path: op for path, op in report.totals.items() if path in seen["totals"]}
    if not columns and not totals:
        return None
    return msgspec.structs.replace(
        report,
        columns=tuple(columns),
        totals=totals,
        sort=tuple(seen["sort"]),
        chart=report.chart if "chart" in seen else None,
    )


def _unknown(kind: str, name: str) -> Problem:
    detail = f'No {kind} is called "{name}". /api/v1/meta/{kind}s lists what there is.'
    return Problem(404, "not_found", "There is no such thing.", detail)
