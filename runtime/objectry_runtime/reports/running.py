"""`GET /reports/{name}`: a declared report, run with the rights of who reads it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from objectry.metadata.model import FieldModel
from objectry.metadata.model.pages import ReportDef
from objectry_runtime.identity.call import Call
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.cursor import Values, fingerprint, read_cursor, sign_cursor
from objectry_runtime.query.names import Names
from objectry_runtime.query.parameters import parameter_slot
from objectry_runtime.query.reporting import (
    Column,
    Facts,
    Group,
    Query,
    Total,
    column_of,
    rows_statement,
    totals_statement,
)
from objectry_runtime.query.slots import CallValues, fill
from objectry_runtime.query.sorting import SortKey, cursor_slot, parse_sort, with_id
from objectry_runtime.query.statements import statements
from objectry_runtime.reports.asked import Asked, condition, parameter_field, read_request
from objectry_runtime.reports.folding import Folded, fold, group_name
from objectry_runtime.reports.sheet import sheet

Json = dict[str, Any]  # JSON builtins, on their way to the encoder
Heading = Callable[[str, str], str]  # object and path → what its column is called


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A report resolved for its reader: what they may see of it, as fields.

    `report` is as they see it: without columns, totals and order by what is hidden from them.
    """

    report: ReportDef
    query: Query
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    totals: tuple[Total, ...]
    sort: tuple[SortKey, ...]

    @property
    def chart_group(self) -> int | None:
        """Which of the groups the chart draws."""
        chart = self.report.chart
        if chart is None:
            return None
        names = [one.field for one in self.report.groups]
        return names.index(chart.group) if chart.group else 0


async def run_report(
    call: Call,
    report: ReportDef,
    zone: str,
    params: Sequence[tuple[str, str]],
    heading: Heading,
) -> Answer:
    """The report's answer, as JSON or CSV."""
    asked = read_request(call, report, params)
    plan = plan_report(call, report)
    document = await results(call, plan, asked, zone, heading)
    if asked.format == "csv":
        headers = {
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{report.name}.csv"',
        }
        return Answer(status=200, body=sheet(document).encode(), headers=headers)
    headers = {"Content-Type": "application/json"}
    return Answer(status=200, body=msgspec.json.encode(document), headers=headers)


def plan_report(call: Call, report: ReportDef) -> Plan:
    """The report's names as fields, each through the gate of its reader."""
    names = Names(call.live, call.principal.roles)
    name = report.object
    fields = {one.name: parameter_field(one) for one in report.parameters.values()}
    return Plan(
        report=report,
        query=Query(object=name, where=condition(call, report), parameters=fields),
        columns=tuple(column_of(names, name, path) for path in report.columns),
        groups=tuple(Group(column_of(names, name, one.field), one.by) for one in report.groups),
        totals=tuple(
            _total(call, Total(column_of(names, name, path), op))
            for path, op in report.totals.items()
        ),
        sort=with_id(names, name, parse_sort(names, name, ",".join(report.sort))),
    )


async def results(call: Call, plan: Plan, asked: Asked, zone: str, heading: Heading) -> Json:
    """All that the report shows."""
    facts = Facts(live=call.live, roles=call.principal.roles, zone=zone)
    given: dict[str, str | None] = {
        parameter_slot(name): value for name, value in asked.values.items()
    }
    report = plan.report
    document: Json = {"report": report.name, "label": report.label or report.name}
    document["columns"] = [
        {"name": path, "label": heading(report.object, path), "type": field.type.name}
        for path, field in _named(plan)
    ]
    data, following = await _rows(call, facts, plan, asked, given) if plan.columns else ([], None)
    document["data"], document["next"] = data, following
    folded = await _totals(call, facts, plan, given) if plan.totals else Folded()
    document["groups"] = folded.groups
    document["totals"] = folded.totals
    document["chart"] = _chart(plan, folded)
    return document


async def _rows(
    call: Call, facts: Facts, plan: Plan, asked: Asked, given: Mapping[str, str | None]
) -> tuple[list[msgspec.Raw], str | None]:
    belongs_to = fingerprint(
        (call.principal.tenant, "report", plan.report.name, asked.values, plan.report.sort)
    )
    position: Values | None = None
    if asked.cursor is not None:
        position = read_cursor(call.keyring, belongs_to, asked.cursor, len(plan.sort))
    nulls = None if position is None else tuple(value is None for value in position)
    key = ("report.rows", *_key(facts, plan), nulls, asked.limit)
    statement = statements(call.live).get(
        key,
        lambda: rows_statement(facts, plan.query, plan.columns, plan.sort, nulls, asked.limit),
    )
    values = CallValues(call, given)
    for index, value in enumerate(position or ()):
        values[cursor_slot(index)] = value
    rows = await call.executor.read(fill(statement, values))
    data = [msgspec.Raw(row[0] or b"null") for row in rows[: asked.limit]]
    if len(rows) <= asked.limit:
        return data, None
    last = msgspec.json.decode(rows[asked.limit - 1][1] or b"[]", type=Values)
    return data, sign_cursor(call.keyring, belongs_to, last)


async def _totals(call: Call, facts: Facts, plan: Plan, given: Mapping[str, str | None]) -> Folded:
    chart = plan.chart_group
    statement = statements(call.live).get(
        ("report.totals", *_key(facts, plan), chart, facts.zone),
        lambda: totals_statement(facts, plan.query, plan.groups, plan.totals, chart),
    )
    rows = await call.executor.read(fill(statement, CallValues(call, given)))
    return fold(plan.groups, plan.totals, rows)


def _key(facts: Facts, plan: Plan) -> tuple[object, ...]:
    report = plan.report
    return (facts.roles, report.name, report.columns, tuple(report.totals), report.sort)


def _total(call: Call, total: Total) -> Total:
    """The total with the place of its currency, where it is an amount."""
    field, path = total.column.field, total.column.path
    source = field.currency
    if source is None or total.op == "count":
        return total
    match source.root:
        case "code":
            return msgspec.structs.replace(total, currency=(), code=source.name)
        case "record":
            return msgspec.structs.replace(total, currency=(*path[:-1], source.name))
        case "parent":
            return msgspec.structs.replace(total, currency=(*path[:-1], "parent", source.name))
        case "company":
            company = call.live.settings.get("company", {})
            code = str(company.get("currency") or "")
            return msgspec.structs.replace(total, currency=(), code=code)


def _named(plan: Plan) -> list[tuple[str, FieldModel]]:
    return [(".".join(one.path), one.field) for one in plan.columns]


def _chart(plan: Plan, folded: Folded) -> Json | None:
    chart, index = plan.report.chart, plan.chart_group
    if chart is None or index is None:
        return None
    total = chart.total or next(iter(plan.report.totals))
    name = group_name(plan.groups[index])
    points = [{"group": keys[name], "value": totals[total]} for keys, totals in folded.alone(name)]
    return {"kind": chart.kind, "group": name, "total": total, "points": points}
