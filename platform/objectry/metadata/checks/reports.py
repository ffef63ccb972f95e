"""Reports: what they show, group by, sum up and draw exists and can be so used."""

from objectry.expressions.types import Kind
from objectry.findings import code, near_or_all
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.names import check_name
from objectry.metadata.checks.paths import expect_path
from objectry.metadata.checks.references import (
    ROLES,
    UNKNOWN_OBJECT,
    UNKNOWN_ROLE,
    WRONG_FIELD,
)
from objectry.metadata.checks.registry import project_check
from objectry.metadata.model.pages import ParameterDef, ReportDef
from objectry.metadata.model.parameters import ReportScope, nothing_but_user, parameter_types
from objectry.metadata.model.scope import field_type

PARAMETER_TAKEN = code(
    "OBJ0380",
    "Parameter named like a field",
    "In `where` a name is a parameter or a field of the object; it can't be both.",
    wrong=(
        "report: customers\nobject: customer\ncolumns: [name]\n"
        "parameters: {country: {type: country}}\nwhere: country == country"
    ),
    right=(
        "report: customers\nobject: customer\ncolumns: [name]\n"
        "parameters: {home: {type: country}}\nwhere: country == home"
    ),
)
PARAMETER_KEYS = code(
    "OBJ0381",
    "Parameter without what its type needs, or with what another's does",
    "A `select` has `options` to choose from, a `link` names the object it leads `to`; no other "
    "type has them.",
    wrong="report: customers\nobject: customer\ncolumns: [name]\nparameters: {one: {type: link}}",
    right=(
        "report: customers\nobject: customer\ncolumns: [name]\n"
        "parameters: {one: {type: link, to: customer}}\nwhere: id == one"
    ),
)
SHOWS_NOTHING = code(
    "OBJ0382",
    "Report that shows nothing",
    "A report has `columns` of its records, `totals`, or both.",
    wrong="report: customers\nobject: customer\ngroups: [country]",
    right="report: customers\nobject: customer\ngroups: [country]\ntotals: {id: count}",
)
NO_TOTAL = code(
    "OBJ0383",
    "Total that can't be made",
    "`sum` and `avg` are made of numbers, `min` and `max` of numbers, texts, dates and moments; "
    "anything can be counted.",
    wrong="report: customers\nobject: customer\ntotals: {name: sum}",
    right="report: customers\nobject: customer\ntotals: {name: count}",
)
CHART_OF_NOTHING = code(
    "OBJ0384",
    "Chart of what the report doesn't have",
    "A chart draws one of the report's `totals` by one of its `groups`.",
    wrong=(
        "report: customers\nobject: customer\ngroups: [country]\ntotals: {id: count}\n"
        "chart: {kind: bar, group: name}"
    ),
    right=(
        "report: customers\nobject: customer\ngroups: [country]\ntotals: {id: count}\n"
        "chart: {kind: bar, group: country, total: id}"
    ),
)
PARAMETER_WORD = code(
    "OBJ0388",
    "Parameter named like a word of every report",
    "`limit`, `cursor` and `format` say which page of a report is wanted, and how it is written.",
    wrong=(
        "report: customers\nobject: customer\ncolumns: [name]\n"
        "parameters: {format: {type: text}}\nwhere: name == format"
    ),
    right=(
        "report: customers\nobject: customer\ncolumns: [name]\n"
        "parameters: {wanted: {type: text}}\nwhere: name == wanted"
    ),
)
REPORT_WORDS = frozenset({"limit", "cursor", "format"})

_OF_KINDS = {
    "sum": {Kind.NUMBER},
    "avg": {Kind.NUMBER},
    "min": {Kind.NUMBER, Kind.TEXT, Kind.DATE, Kind.DATETIME},
    "max": {Kind.NUMBER, Kind.TEXT, Kind.DATE, Kind.DATETIME},
}
_KEYS = {"select": "options", "link": "to"}


@project_check
def check_reports(context: Context) -> None:
    """Every report is about an object that exists, by fields that exist, for roles that exist."""
    for report in context.definitions.reports.values():
        for index, role in enumerate(report.roles):
            at: Place = ("report", report.name, ("roles", index))
            context.expect(UNKNOWN_ROLE, "role", role, {*ROLES, *context.definitions.roles}, at)
        for parameter in report.parameters.values():
            _check_parameter(context, report, parameter)
        objects = context.definitions.objects
        at = ("report", report.name, ("object",))
        if not report.object or not context.expect(
            UNKNOWN_OBJECT, "object", report.object, objects, at
        ):
            continue
        _check_query(context, report)
        _check_groups(context, report)
        _check_totals(context, report)
        _check_chart(context, report)


def _check_parameter(context: Context, report: ReportDef, parameter: ParameterDef) -> None:
    place = ("parameters", parameter.name)
    at: Place = ("report", report.name, place)
    if parameter.name in REPORT_WORDS:
        message = f"`{parameter.name}` is taken: every report has it."
        context.find(PARAMETER_WORD, at, message, "rename the parameter", key=True)
    if check_name(context, "a parameter", parameter.name, at, key=True) and (
        parameter.name in context.fields(report.object)
    ):
        message = f"`{report.object}` has a field `{parameter.name}`."
        context.find(PARAMETER_TAKEN, at, message, "rename the parameter", key=True)
    if not parameter.type:
        return
    for type_, key in _KEYS.items():
        at = ("report", report.name, (*place, key))
        if parameter.type == type_ and not getattr(parameter, key):
            context.find(PARAMETER_KEYS, at, f"A {type_} needs the key `{key}`.")
        elif parameter.type != type_ and getattr(parameter, key):
            message = f"`{key}` means nothing for a {parameter.type}."
            context.find(PARAMETER_KEYS, at, message, "remove it", key=True)
    if parameter.type == "link" and parameter.to:
        at = ("report", report.name, (*place, "to"))
        context.expect(UNKNOWN_OBJECT, "object", parameter.to, context.definitions.objects, at)
    if parameter.default is not None:
        at = ("report", report.name, (*place, "default"))
        types = parameter_types({parameter.name: parameter})
        expects = tuple(type_.kind for type_ in types.values())
        context.compile_in(nothing_but_user(), parameter.default, at, expects=expects)


def _check_query(context: Context, report: ReportDef) -> None:
    if not report.columns and not report.totals:
        at: Place = ("report", report.name, ("report",))
        broken = (
            context.positions.is_broken("report", report.name, (key,))
            for key in ("columns", "totals")
        )
        if not any(broken):
            message = "It has neither `columns` nor `totals`."
            context.find(SHOWS_NOTHING, at, message, "add one of the two")
    for index, path in enumerate(report.columns):
        at = ("report", report.name, ("columns", index))
        expect_path(context, report.object, path, at)
    for index, path in enumerate(report.sort):
        at = ("report", report.name, ("sort", index))
        expect_path(context, report.object, path.removeprefix("-"), at)
    if report.where is not None:
        at = ("report", report.name, ("where",))
        scope = ReportScope(
            context.scope(report.object, user=True), parameter_types(report.parameters)
        )
        doubtful = any(not one.type for one in report.parameters.values())
        if not doubtful:
            context.compile_in(scope, report.where, at, expects=(Kind.BOOLEAN,))


def _check_groups(context: Context, report: ReportDef) -> None:
    for index, group in enumerate(report.groups):
        at: Place = ("report", report.name, ("groups", index, "field"))
        if not group.field:
            continue  # reported as missing
        field = expect_path(context, report.object, group.field, at)
        if field is not None and group.by and field.type not in ("date", "datetime"):
            message = f"`{group.field}` is no date that has a {group.by}."
            at = ("report", report.name, ("groups", index, "by"))
            context.find(WRONG_FIELD, at, message, "leave `by` out")


def _check_totals(context: Context, report: ReportDef) -> None:
    for path, op in report.totals.items():
        at: Place = ("report", report.name, ("totals", path))
        field = expect_path(context, report.object, path, at, key=True)
        type_ = None if field is None else field_type(field, report.object, context.catalog.types)
        if type_ is None or op not in _OF_KINDS or type_.kind in _OF_KINDS[op]:
            continue
        hint = "anything has a `count`"
        context.find(NO_TOTAL, at, f"`{path}` has no {op}.", hint)


def _check_chart(context: Context, report: ReportDef) -> None:
    chart = report.chart
    if chart is None:
        return
    groups = [group.field for group in report.groups]
    for key, name, known in (
        ("group", chart.group, groups),
        ("total", chart.total, list(report.totals)),
    ):
        at: Place = ("report", report.name, ("chart", key))
        if context.positions.is_broken("report", report.name, (f"{key}s",)):
            continue
        if not known:
            message = f"The report has no `{key}s` that a chart could draw."
            context.find(CHART_OF_NOTHING, at, message, f"add `{key}s:`")
        elif name and name not in known:
            message = f"`{name}` is none of the report's {key}s."
            context.find(CHART_OF_NOTHING, at, message, near_or_all(name, known))
