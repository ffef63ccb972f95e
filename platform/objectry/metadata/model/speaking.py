"""What people read, by key: every label and help text of definitions, and how it is replaced.

The keys: `offer`, `offer#plural`, `offer.customer`, `offer.status.draft` (an option or a state),
`action:offer.submit` (a transition or conversion), `layout:offer.form` and `layout:offer.form#0`
(its first section), `report:sales`, `report:sales.from`, `dashboard:today`, `dashboard:today#0`,
`role:clerk`, `service:offers`; with `?help` behind it the help text of any of them. The fields that
every record has are `*.created_at` as well.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from objectry.metadata.model.definitions import Def, Definitions, FieldDef, ObjectDef
from objectry.metadata.model.documents import WorkflowDef
from objectry.metadata.model.pages import DashboardDef, LayoutDef, ReportDef
from objectry.metadata.model.system import system_fields
from objectry.values.names import RESERVED_FIELDS

Say = Callable[[str, str], str]  # key and usual text → the text to read
D = TypeVar("D", bound=Def)


def keys(definitions: Definitions) -> dict[str, str]:
    """Every key there is, with the usual text."""
    found: dict[str, str] = {}

    def note(key: str, text: str) -> str:
        found.setdefault(key, text)
        return text

    speak(definitions, note)
    for definition in definitions.objects.values():
        found[f"{definition.name}#plural"] = ""
        for field in system_fields(definition, line=False).values():
            if field.name in RESERVED_FIELDS:
                speak_field("*", field, note)
            speak_field(definition.name, field, note)
    return found


def wanted(definitions: Definitions) -> list[str]:
    """The keys that a complete translation has: those of the fields every record has may be
    given once for all."""
    found = keys(definitions)
    shared = {key.removeprefix("*") for key in found if key.startswith("*")}
    return [
        key
        for key, text in found.items()
        if (text or not key.endswith("?help"))
        and (key.startswith("*") or key[key.find(".") :] not in shared)
    ]


def speak(definitions: Definitions, say: Say) -> Definitions:
    """The definitions with every label and help text as `say` has it."""
    return msgspec.structs.replace(
        definitions,
        services={
            name: _spoken(one, f"service:{name}", say) for name, one in definitions.services.items()
        },
        objects={name: _object(one, say) for name, one in definitions.objects.items()},
        roles={name: _spoken(one, f"role:{name}", say) for name, one in definitions.roles.items()},
        layouts={name: _layout(one, say) for name, one in definitions.layouts.items()},
        reports={name: _report(one, say) for name, one in definitions.reports.items()},
        dashboards={name: _dashboard(one, say) for name, one in definitions.dashboards.items()},
    )


def speak_field(object_name: str, field: FieldDef, say: Say) -> FieldDef:
    """A field with its label, help and options as `say` has them."""
    key = f"{object_name}.{field.name}"
    options = tuple(
        msgspec.structs.replace(one, label=say(f"{key}.{one.value}", one.label))
        for one in field.options
    )
    return _spoken(msgspec.structs.replace(field, options=options), key, say)


def sayer(labels: Mapping[str, str]) -> Say:
    """Says what a translation has, else the usual text."""

    def say(key: str, text: str) -> str:
        found = labels.get(key)
        if found is None and ":" not in key:
            found = labels.get(f"*{key[key.find('.') :]}") if "." in key else None
        return text if found is None else found

    return say


def _spoken(definition: D, key: str, say: Say) -> D:
    """A definition with its own label, and its help where the kind has one."""
    said: dict[str, str] = {"label": say(key, getattr(definition, "label", ""))}
    if "help" in definition.__struct_fields__:
        said["help"] = say(f"{key}?help", getattr(definition, "help", ""))
    return msgspec.structs.replace(definition, **said)


def _object(definition: ObjectDef, say: Say) -> ObjectDef:
    name = definition.name
    fields = {one.name: speak_field(name, one, say) for one in definition.fields.values()}
    workflow = definition.workflow
    return msgspec.structs.replace(
        _spoken(definition, name, say),
        fields=fields,
        workflow=None if workflow is None else _workflow(name, workflow, say),
        conversions={
            key: _spoken(one, f"action:{name}.{key}", say)
            for key, one in definition.conversions.items()
        },
        record_types={
            key: _spoken(one, f"{name}.record_type.{key}", say)
            for key, one in definition.record_types.items()
        },
    )


def _workflow(name: str, workflow: WorkflowDef, say: Say) -> WorkflowDef:
    return msgspec.structs.replace(
        workflow,
        states={
            key: _spoken(one, f"{name}.{workflow.field}.{key}", say)
            for key, one in workflow.states.items()
        },
        transitions={
            key: _spoken(one, f"action:{name}.{key}", say)
            for key, one in workflow.transitions.items()
        },
    )


def _layout(layout: LayoutDef, say: Say) -> LayoutDef:
    key = f"layout:{layout.name}"
    sections = tuple(
        _spoken(one, f"{key}#{index}", say) for index, one in enumerate(layout.sections)
    )
    return msgspec.structs.replace(_spoken(layout, key, say), sections=sections)


def _report(report: ReportDef, say: Say) -> ReportDef:
    key = f"report:{report.name}"
    parameters = {
        name: _spoken(one, f"{key}.{name}", say) for name, one in report.parameters.items()
    }
    return msgspec.structs.replace(_spoken(report, key, say), parameters=parameters)


def _dashboard(dashboard: DashboardDef, say: Say) -> DashboardDef:
    key = f"dashboard:{dashboard.name}"
    tiles = tuple(_spoken(one, f"{key}#{index}", say) for index, one in enumerate(dashboard.tiles))
    return msgspec.structs.replace(_spoken(dashboard, key, say), tiles=tiles)
