"""Triggers: what notifications and automations wait for can happen."""

from objectry.findings import code, near_or_all
from objectry.metadata.checks.behaviour import events_of
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import UNKNOWN_FIELD, WRONG_FIELD
from objectry.metadata.model.definitions import ObjectDef
from objectry.metadata.model.reactions import TriggerDef
from objectry.values.schedules import ScheduleProblem, read_schedule

UNKNOWN_EVENT = code(
    "OBJ0653",
    "Unknown event",
    "An object writes the events that it declares: under `events`, at a transition, at a "
    "conversion. What waits for another would wait for ever.",
    wrong=(
        "notification: welcome\nobject: customer\non: CustomerCrated\nchannel: in_app\n"
        "to: owner\nbody: Hello"
    ),
    right=(
        "notification: welcome\nobject: lead\non: LeadCreated\nchannel: in_app\nto: owner\n"
        "body: Hello\n"
        "---\nobject: lead\nservice: offers\nevents: {created: LeadCreated}"
    ),
)
NO_SCHEDULE = code(
    "OBJ0654",
    "Not a schedule",
    "A schedule has five parts: minute, hour, day of the month, month, day of the week (0 is "
    "Sunday). Each is `*`, a number, a range `1-5`, a step `*/15`, or a list of these. There must "
    "be such a day.",
    wrong=(
        "automation: tidy\nobject: customer\non: {schedule: every day}\ndo: [{set: {name: \"''\"}}]"
    ),
    right=(
        "automation: tidy\nobject: customer\non: {schedule: 0 7 * * *}\ndo: [{set: {name: \"''\"}}]"
    ),
)


def check_trigger(context: Context, definition: ObjectDef, trigger: TriggerDef, at: Place) -> None:
    """`at` is the place of a trigger over an object."""
    kind, name, path = at
    if trigger.event:
        known = list(dict.fromkeys(event for _, event in events_of(definition)))
        if trigger.event not in known:
            # The text may stand for the whole trigger: then there is no key below it.
            message = f"`{definition.name}` declares no event `{trigger.event}`."
            hint = near_or_all(trigger.event, known) or "declare it under `events`"
            context.find(UNKNOWN_EVENT, (kind, name, (*path, "event")), message, hint)
    for index, field_name in enumerate(trigger.changed):
        place = (kind, name, (*path, "changed", index))
        field = context.expect_field(UNKNOWN_FIELD, definition.name, field_name, place)
        if (
            field is not None
            and field_name not in definition.fields
            and not _changes(definition, field_name)
        ):
            context.find(WRONG_FIELD, place, f"`{field_name}` never changes by itself.")
    if trigger.schedule:
        try:
            read_schedule(trigger.schedule)
        except ScheduleProblem as problem:
            place = (kind, name, (*path, "schedule"))
            context.find(NO_SCHEDULE, place, str(problem), "as in `0 7 * * 1-5`")


def _changes(definition: ObjectDef, name: str) -> bool:
    """Whether a field that the engine makes tells something when it changes."""
    workflow = definition.workflow
    return name == "owner" or (workflow is not None and workflow.field == name)
