"""Workflow and events: states that exist and can be reached, names that tell."""

import re

from objectry.findings import code
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import ROLES, UNKNOWN_ROLE
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import ObjectDef

UNKNOWN_STATE = code(
    "OBJ0314",
    "Unknown state",
    "`initial`, `from` and `to` name states of the workflow.",
    wrong=(
        "object: offer\nservice: offers\n"
        "workflow: {initial: draft, states: [draft, sent], "
        "transitions: {send: {from: draft, to: send}}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "workflow: {initial: draft, states: [draft, sent], "
        "transitions: {send: {from: draft, to: sent}}}"
    ),
)
FINAL_LEFT = code(
    "OBJ0341",
    "Transition out of a final state",
    "`final: true` says that no transition leaves the state.",
    wrong=(
        "object: offer\nservice: offers\n"
        "workflow: {initial: draft, states: {draft: {}, lost: {final: true}}, "
        "transitions: {lose: {from: draft, to: lost}, reopen: {from: lost, to: draft}}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "workflow: {initial: draft, states: {draft: {}, lost: {}}, "
        "transitions: {lose: {from: draft, to: lost}, reopen: {from: lost, to: draft}}}"
    ),
)
UNREACHABLE = code(
    "OBJ0342",
    "State can't be reached",
    "No chain of transitions leads from the initial state to this one, so no record can ever be in "
    "it. This is a warning.",
    wrong=(
        "object: offer\nservice: offers\n"
        "workflow: {initial: draft, states: [draft, sent, lost], "
        "transitions: {send: {from: draft, to: sent}}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "workflow: {initial: draft, states: [draft, sent, lost], "
        "transitions: {send: {from: draft, to: sent}, lose: {from: sent, to: lost}}}"
    ),
)
EVENT_NAME = code(
    "OBJ0355",
    "Not an event name",
    "Events are named in CamelCase after what has happened: `OfferAccepted`.",
    wrong="object: offer\nservice: offers\nevents: {created: offer_created}",
    right="object: offer\nservice: offers\nevents: {created: OfferCreated}",
)
EVENT_TAKEN = code(
    "OBJ0356",
    "Event name taken",
    "Subscribers know an event by its name alone, so two objects can't write the same.",
    wrong=(
        "object: offer\nservice: offers\nevents: {created: DocumentCreated}\n"
        "---\nobject: quotation\nservice: offers\nevents: {created: DocumentCreated}"
    ),
    right=(
        "object: offer\nservice: offers\nevents: {created: OfferCreated}\n"
        "---\nobject: quotation\nservice: offers\nevents: {created: QuotationCreated}"
    ),
)

_EVENT = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")


@object_check
def check_states(context: Context, definition: ObjectDef) -> None:
    """A workflow's states exist and none is left that is final."""
    workflow = definition.workflow
    if workflow is None:
        return
    name, states = definition.name, workflow.states
    at: Place = ("object", name, ("workflow", "initial"))
    if context.positions.is_broken("object", name, ("workflow", "states")):
        return
    context.expect(UNKNOWN_STATE, "state", workflow.initial, states, at)
    roles = sorted(set(context.definitions.roles) | ROLES)
    for transition in workflow.transitions.values():
        path = ("workflow", "transitions", transition.name)
        for index, source in enumerate(transition.sources):
            at = ("object", name, (*path, "from", index))
            if context.expect(UNKNOWN_STATE, "state", source, states, at) and states[source].final:
                message = f"The state `{source}` is final, so nothing leaves it."
                context.find(FINAL_LEFT, at, message, "remove `final`, or the transition")
        context.expect(
            UNKNOWN_STATE, "state", transition.to, states, ("object", name, (*path, "to"))
        )
        for index, role in enumerate(transition.roles):
            at = ("object", name, (*path, "roles", index))
            context.expect(UNKNOWN_ROLE, "role", role, roles, at)


@object_check
def check_reachable(context: Context, definition: ObjectDef) -> None:
    """Every state can be reached (a warning)."""
    workflow = definition.workflow
    if workflow is None or workflow.initial not in workflow.states:
        return
    moves = workflow.transitions.values()
    known = set(workflow.states)
    if any(not {*move.sources, move.to} <= known for move in moves):
        return  # a mistyped state has been reported; judge again when it is right
    reached = {workflow.initial}
    while new := {m.to for m in moves if reached & set(m.sources)} - reached:
        reached |= new
    for state in workflow.states:
        if state not in reached:
            at = ("object", definition.name, ("workflow", "states", state))
            message = f"No transition leads to the state `{state}`."
            context.find(UNREACHABLE, at, message, key=True, severity="warning")


@project_check
def check_events(context: Context) -> None:
    """Event names are CamelCase and each belongs to one object."""
    owners: dict[str, str] = {}
    for definition in context.definitions.objects.values():
        for path, event in events_of(definition):
            at = ("object", definition.name, path)
            if not _EVENT.fullmatch(event):
                camel = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", event))
                hint = f"as in `{camel}`" if _EVENT.fullmatch(camel) else "as in `OfferAccepted`"
                context.find(EVENT_NAME, at, f"`{event}` is no event name.", hint)
            elif owners.setdefault(event, definition.name) != definition.name:
                message = f"The event `{event}` already belongs to `{owners[event]}`."
                context.find(EVENT_TAKEN, at, message, "choose another name")


def events_of(definition: ObjectDef) -> list[tuple[tuple[str, ...], str]]:
    """The event names of an object and where they stand."""
    found = [(("events", key), event) for key, event in definition.events.items()]
    result: list[tuple[tuple[str, ...], str]] = list(found)
    transitions = definition.workflow.transitions if definition.workflow else {}
    for transition in transitions.values():
        path = ("workflow", "transitions", transition.name)
        for key, event in (
            ("event", transition.event),
            ("approval_event", transition.approval_event),
        ):
            if event:
                result.append(((*path, key), event))
    for conversion in definition.conversions.values():
        if conversion.event:
            result.append((("conversions", conversion.name, "event"), conversion.event))
    return result
