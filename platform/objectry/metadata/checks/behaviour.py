"""Workflow, numbering and events: states that exist, numbers that differ, names that tell."""

import re

from objectry.findings import code, near_or_all
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import (
    ROLES,
    UNKNOWN_FIELD,
    UNKNOWN_ROLE,
    UNKNOWN_TRANSITION,
    WRONG_FIELD,
)
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import NumberingDef, ObjectDef, SequenceDef

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
UNKNOWN_SEQUENCE = code(
    "OBJ0317",
    "Unknown sequence",
    "No document declares a sequence of that name.",
    wrong="object: offer\nservice: offers\nnumbering: offer_numbers",
    right=(
        "object: offer\nservice: offers\nnumbering: offer_numbers\n"
        "---\nsequence: offer_numbers\npattern: 'OF-{seq}'"
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
NUMBER_PATTERN = code(
    "OBJ0350",
    "Number pattern",
    "A pattern has one running number, `{seq}` or `{seq:05}` with leading zeros, and may have "
    "`{year}`, `{month}` and `{day}`. Other braces mean nothing.",
    wrong="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{number}'}",
    right="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{seq}'}",
)
NUMBERS_REPEAT = code(
    "OBJ0351",
    "Numbers would repeat",
    "With `reset: year` the count starts again at 1, so `{year}` has to be in the pattern.",
    wrong="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{seq}', reset: year}",
    right="object: offer\nservice: offers\nnumbering: {pattern: 'OF-{year}-{seq}', reset: year}",
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
_PLACEHOLDER = re.compile(r"\{[^{}]*\}?|\}")
_KNOWN_PLACEHOLDER = re.compile(r"\{(seq(:0?[1-9][0-9]?)?|year|month|day)\}")


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


@object_check
def check_numbering(context: Context, definition: ObjectDef) -> None:
    """A number has a pattern, a scope of own fields, a date field, a moment."""
    numbering = definition.numbering
    if numbering is None:
        return
    name = definition.name
    shared = None
    if numbering.sequence:
        at = ("object", name, ("numbering", "sequence"))
        sequences = context.definitions.sequences
        if not context.expect(UNKNOWN_SEQUENCE, "sequence", numbering.sequence, sequences, at):
            return
        shared = sequences[numbering.sequence]
    elif not numbering.pattern:
        at = ("object", name, ("numbering", "pattern"))
        context.find(NUMBER_PATTERN, at, "Numbering needs a `pattern` or a `sequence`.", "'{seq}'")
    _check_pattern(context, numbering, ("object", name, ("numbering", "pattern")))
    pattern = numbering.pattern or (shared.pattern if shared else "")
    reset = "year" if shared and shared.reset == "year" else numbering.reset
    if reset == "year" and pattern and "{year}" not in pattern and not _alone(shared, numbering):
        at = ("object", name, ("numbering", "reset"))
        context.find(NUMBERS_REPEAT, at, "With a yearly reset the pattern needs `{year}`.")
    _check_number_fields(context, definition, numbering)


def _alone(shared: SequenceDef | None, numbering: NumberingDef) -> bool:
    """Whether the mistake is the sequence's alone, which is reported there."""
    return shared is not None and not numbering.pattern and shared.reset == "year"


def _check_number_fields(context: Context, definition: ObjectDef, numbering: NumberingDef) -> None:
    name = definition.name
    for index, field_name in enumerate(numbering.scope):
        at: Place = ("object", name, ("numbering", "scope", index))
        field = context.expect_field(UNKNOWN_FIELD, name, field_name, at)
        if field is not None and (field.type == "table" or field_name == "number"):
            context.find(WRONG_FIELD, at, f"Numbers can't be counted by `{field_name}`.")
    if numbering.date:
        at = ("object", name, ("numbering", "date"))
        field = context.expect_field(UNKNOWN_FIELD, name, numbering.date, at)
        if field is not None and field.type not in ("date", "datetime", ""):
            context.find(WRONG_FIELD, at, f"`{numbering.date}` is no date field.")
    if numbering.at != "create":
        at = ("object", name, ("numbering", "at"))
        transitions = definition.workflow.transitions if definition.workflow else {}
        known = ["create", *transitions]
        if numbering.at not in known and not context.positions.is_broken(
            "object", name, ("workflow",)
        ):
            message = f"There is no transition `{numbering.at}` to draw the number at."
            context.find(UNKNOWN_TRANSITION, at, message, near_or_all(numbering.at, known))


@project_check
def check_sequences(context: Context) -> None:
    """A sequence's pattern makes numbers that differ."""
    for sequence in context.definitions.sequences.values():
        _check_pattern(context, sequence, ("sequence", sequence.name, ("pattern",)))
        if sequence.reset == "year" and "{year}" not in sequence.pattern:
            at = ("sequence", sequence.name, ("reset",))
            context.find(NUMBERS_REPEAT, at, "With a yearly reset the pattern needs `{year}`.")


def _check_pattern(
    context: Context,
    numbering: NumberingDef | SequenceDef,
    at: Place,
) -> None:
    pattern = numbering.pattern
    if not pattern:
        return
    for found in _PLACEHOLDER.finditer(pattern):
        if not _KNOWN_PLACEHOLDER.fullmatch(found.group()):
            message = f"`{found.group()}` means nothing in a number pattern."
            hint = "possible: {seq}, {seq:05}, {year}, {month}, {day}"
            context.find(NUMBER_PATTERN, at, message, hint, offset=found.start())
    if len(re.findall(r"\{seq[:}]", pattern)) != 1:
        message = f"The pattern `{pattern}` needs the running number once."
        context.find(NUMBER_PATTERN, at, message, "write {seq} or {seq:05}")


@project_check
def check_events(context: Context) -> None:
    """Event names are CamelCase and each belongs to one object."""
    owners: dict[str, str] = {}
    for definition in context.definitions.objects.values():
        for path, event in _events(definition):
            at = ("object", definition.name, path)
            if not _EVENT.fullmatch(event):
                camel = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", event))
                hint = f"as in `{camel}`" if _EVENT.fullmatch(camel) else "as in `OfferAccepted`"
                context.find(EVENT_NAME, at, f"`{event}` is no event name.", hint)
            elif owners.setdefault(event, definition.name) != definition.name:
                message = f"The event `{event}` already belongs to `{owners[event]}`."
                context.find(EVENT_TAKEN, at, message, "choose another name")


def _events(definition: ObjectDef) -> list[tuple[tuple[str, ...], str]]:
    """The event names of an object and where they stand."""
    found = [(("events", key), event) for key, event in definition.events.items()]
    result: list[tuple[tuple[str, ...], str]] = list(found)
    transitions = definition.workflow.transitions if definition.workflow else {}
    for transition in transitions.values():
        if transition.event:
            path = ("workflow", "transitions", transition.name, "event")
            result.append((path, transition.event))
    for conversion in definition.conversions.values():
        if conversion.event:
            result.append((("conversions", conversion.name, "event"), conversion.event))
    return result
