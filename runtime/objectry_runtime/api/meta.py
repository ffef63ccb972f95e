"""`/api/v1/meta/…`: definitions, layouts, reports and schemas, as far as the caller may see them.

An administrator gets definitions as they were written. Everybody else gets what describes the data
they may read: no expressions, which could name what is hidden from them.
"""

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.metadata.model.documents import TransitionDef
from objectry_runtime.api.documents import Visible, schemas_of, visible_to
from objectry_runtime.api.languages import definitions_for, field_for, plural_for
from objectry_runtime.api.pages import Json, Sight, seen_dashboard, seen_layout, seen_report
from objectry_runtime.api.serving import Serving
from objectry_runtime.api.visibility import is_visible, visible_objects
from objectry_runtime.identity import Call
from objectry_runtime.permissions import policy
from objectry_runtime.problems import Problem
from objectry_runtime.store.executor import Bound

FIELD_FACTS = (
    "type label help required unique min max min_length max_length scale options to of"
    " read_only immutable"
).split()


def list_objects(serving: Serving, call: Call) -> Json:
    """Every object the caller may use, with the path of its records."""
    spoken = definitions_for(call).objects
    return {
        "data": [
            {
                "object": model.name,
                "label": spoken[model.name].label or model.name,
                "plural_label": plural_for(call, model.name, model.plural),
                "service": model.schema,
                "plural": model.plural,
                "path": f"/api/v1/{model.plural}",
            }
            for model in visible_objects(serving, call)
        ]
    }


def show_object(serving: Serving, call: Call, name: str) -> Json:
    """One object's definition."""
    model = _object(serving, call, name)
    if call.principal.is_admin:
        whole: Json = msgspec.to_builtins(definitions_for(call).objects[name])
        return whole
    return _described(call, model, visible_to(serving, call))


def show_schemas(serving: Serving, call: Call, name: str) -> Json:
    """The JSON Schemas of one object's documents."""
    return schemas_of(serving, call, _object(serving, call, name).name)


def list_layouts(serving: Serving, call: Call) -> Json:
    """The layouts of the objects the caller may use, but those built on a hidden field."""
    sight, whole = Sight(serving, call), call.principal.is_admin
    return {
        "data": [
            {"layout": name, "object": layout.object, "kind": layout.kind, "label": layout.label}
            for name, layout in sorted(definitions_for(call).layouts.items())
            if seen_layout(layout, sight, whole=whole) is not None
        ]
    }


def show_layout(serving: Serving, call: Call, name: str) -> Json:
    """One layout, without the fields that the caller may not read."""
    layout = definitions_for(call).layouts.get(name)
    whole = call.principal.is_admin
    seen = layout and seen_layout(layout, Sight(serving, call), whole=whole)
    if not seen:
        raise unknown("layout", name)
    return seen


def list_reports(serving: Serving, call: Call) -> Json:
    """The reports that are for the caller."""
    sight = Sight(serving, call)
    return {
        "data": [
            {"report": name, "object": report.object, "label": report.label, "help": report.help}
            for name, report in sorted(definitions_for(call).reports.items())
            if seen_report(report, sight, whole=False) is not None
        ]
    }


def show_report(serving: Serving, call: Call, name: str) -> Json:
    """One report, without the fields that the caller may not read."""
    report = definitions_for(call).reports.get(name)
    whole = call.principal.is_admin
    seen = report and seen_report(report, Sight(serving, call), whole=whole)
    if not seen:
        raise unknown("report", name)
    return seen


def list_dashboards(serving: Serving, call: Call) -> Json:
    """The dashboards that are for the caller."""
    definitions, sight = definitions_for(call), Sight(serving, call)
    return {
        "data": [
            {"dashboard": name, "label": dashboard.label, "help": dashboard.help}
            for name, dashboard in sorted(definitions.dashboards.items())
            if seen_dashboard(dashboard, definitions.reports, sight, whole=False)
        ]
    }


def show_dashboard(serving: Serving, call: Call, name: str) -> Json:
    """One dashboard, without tiles of what the caller may not read."""
    definitions, sight = definitions_for(call), Sight(serving, call)
    found = definitions.dashboards.get(name)
    whole = call.principal.is_admin
    seen = found and seen_dashboard(found, definitions.reports, sight, whole=whole)
    if not seen:
        raise unknown("dashboard", name)
    return seen


async def list_releases(call: Call) -> Json:
    """All releases, the newest first; only for administrators."""
    if not call.principal.is_admin:
        raise Problem(403, "forbidden", "You may not do this.", "Releases are for the role admin.")
    rows = await call.executor.read(
        Bound(
            "select r.id, r.author, r.message,"
            " to_char(r.published_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
            " (l.sequence is not null)::text"
            " from objectry.release r left join objectry.live l using (sequence)"
            " order by r.sequence desc limit 500"
        )
    )
    return {
        "data": [
            {
                "release": _text(row[0]),
                "author": _text(row[1]),
                "message": _text(row[2]),
                "published_at": _text(row[3]),
                "live": _text(row[4]) == "true",
            }
            for row in rows
        ]
    }


def _object(serving: Serving, call: Call, name: str) -> ObjectModel:
    if name in call.live.model.objects():
        model = call.live.model.object(name)
        if is_visible(serving, call, model):
            return model
    raise unknown("object", name)


def unknown(kind: str, name: str) -> Problem:
    """The one 404 for what is not there and what is hidden."""
    detail = f'No {kind} is called "{name}". /api/v1/meta/{kind}s lists what there is.'
    return Problem(404, "not_found", "There is no such thing.", detail)


def _described(call: Call, model: ObjectModel, visible: Visible) -> Json:
    rights = policy(call.live, model.name, call.principal.roles)
    fields: Json = {}
    for name, field in model.fields.items():
        if not visible(model.name, name, "read"):
            continue
        facts: Json = msgspec.to_builtins(field_for(call, model.name, field.definition))
        fields[name] = {key: facts[key] for key in FIELD_FACTS if key in facts} | {
            "writable": field.writable and visible(model.name, name, "write")
        }
    definition = definitions_for(call).objects[model.name]
    described: Json = {
        "name": model.name,
        "service": model.schema,
        "label": definition.label,
        "plural": model.plural,
        "help": definition.help,
        "title": definition.title if definition.title in fields else "",
        "fields": fields,
    }
    workflow = definition.workflow
    if workflow is not None and workflow.field in fields:
        described["workflow"] = {
            "field": workflow.field,
            "initial": workflow.initial,
            "states": msgspec.to_builtins(workflow.states),
            "transitions": {
                name: _transition(step, fields)
                for name, step in workflow.transitions.items()
                if rights.may_transition(name)
            },
        }
    described["conversions"] = {
        name: {"to": step.to, "label": step.label, "collective": step.collective}
        for name, step in definition.conversions.items()
        if rights.may_convert(name)
    }
    if definition.record_types:
        described["record_types"] = {
            one.name: {
                "label": one.label or one.name,
                "help": one.help,
                "required": [name for name in one.required if name in fields],
                "hidden": [name for name in one.hidden if name in fields],
                "options": {name: left for name, left in one.options.items() if name in fields},
                "layout": one.layout,
            }
            for one in definition.record_types.values()
        }
    return described


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode()


def _transition(step: TransitionDef, fields: Json) -> Json:
    """What a page needs to offer a transition: where it leads, and what it asks of whom."""
    return {
        "from": step.sources,
        "to": step.to,
        "label": step.label,
        "takes": [name for name in step.takes if name in fields],
        "requires": [name for name in step.requires if name in fields],
        "approvals": bool(step.approvals),
        "timed": step.at is not None,
    }
