"""Automations: what they do can be done, and does not start them again."""

from collections.abc import Iterator, Mapping

from objectry.expressions.types import Kind
from objectry.findings import code, near_or_all
from objectry.metadata.checks.behaviour import events_of
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import UNKNOWN_OBJECT, UNKNOWN_TRANSITION
from objectry.metadata.checks.registry import project_check
from objectry.metadata.checks.triggers import check_trigger
from objectry.metadata.checks.values import check_required, check_values
from objectry.metadata.model.definitions import ObjectDef
from objectry.metadata.model.reactions import ActionDef, AutomationDef

UNKNOWN_NOTIFICATION = code(
    "OBJ0656",
    "Unknown notification",
    "No document declares a notification of that name about the automation's object.",
    wrong="automation: greet\nobject: customer\non: {changed: name}\ndo: [{notify: helo}]",
    right=(
        "automation: greet\nobject: customer\non: {changed: name}\ndo: [{notify: hello}]\n"
        "---\nnotification: hello\nobject: customer\nchannel: in_app\nto: owner\nbody: Hello"
    ),
)
STARTS_ITSELF = code(
    "OBJ0657",
    "Automation that starts itself",
    "What the automation does is what it waits for, perhaps by way of others: it would run again "
    "and again unless its `when` ends that (a warning).",
    wrong=(
        'automation: tidy\nobject: customer\non: {changed: name}\ndo: [{set: {name: "trim(name)"}}]'
    ),
    right=(
        "automation: tidy\nobject: customer\non: {changed: country}\n"
        'do: [{set: {name: "trim(name)"}}]'
    ),
)
VALUES = code(
    "OBJ0658",
    "Values where none are set",
    "`values` belong to `create`; a `set` names its fields itself.",
    wrong=(
        "automation: tidy\nobject: customer\non: {changed: name}\n"
        "do: [{set: {country: \"'DE'\"}, values: {country: \"'AT'\"}}]"
    ),
    right=(
        "automation: tidy\nobject: customer\non: {changed: name}\ndo: [{set: {country: \"'DE'\"}}]"
    ),
)

Effect = tuple[str, str, str]  # an object; `event` or `changed`; the event or field


@project_check
def check_automations(context: Context) -> None:
    """Every automation is about an object that exists, and does what can be done."""
    definitions = context.definitions
    for automation in definitions.automations.values():
        at: Place = ("automation", automation.name, ("object",))
        if not automation.object or not context.expect(
            UNKNOWN_OBJECT, "object", automation.object, definitions.objects, at
        ):
            continue
        definition = definitions.objects[automation.object]
        check_trigger(context, definition, automation.on, ("automation", automation.name, ("on",)))
        if automation.when is not None:
            at = ("automation", automation.name, ("when",))
            scope = context.scope(definition.name, user=True, old=True)
            context.compile_in(scope, automation.when, at, expects=(Kind.BOOLEAN,))
        for index, action in enumerate(automation.do):
            at = ("automation", automation.name, ("do", index))
            _check_action(context, definition, action, at)
    _check_circles(context)


def _check_action(context: Context, definition: ObjectDef, action: ActionDef, at: Place) -> None:
    kind, name, path = at
    if action.kind == "":
        return  # reported as misshapen
    place = (kind, name, (*path, action.kind))
    scope = context.scope(definition.name, user=True, old=True)
    match action.kind:
        case "set":
            check_values(context, definition, action.set, place, scope=scope)
        case "transition":
            transitions = definition.workflow.transitions if definition.workflow else {}
            noun = "transition"
            context.expect(UNKNOWN_TRANSITION, noun, action.target, transitions, place)
        case "create":
            objects = context.definitions.objects
            if not context.expect(UNKNOWN_OBJECT, "object", action.target, objects, place):
                return
            if action.target in context.owners:
                message = f"`{action.target}` is a line object; its rows belong to a record."
                context.find(UNKNOWN_OBJECT, place, message, "name the object that owns it")
                return
            target, given = objects[action.target], (kind, name, (*path, "values"))
            check_values(context, target, action.values, given, scope=scope)
            check_required(context, target, action.values, given)
        case "notify":
            _check_notification(context, definition, action.target, place)
    if action.values and action.kind != "create":
        message = f"`values` means nothing for `{action.kind}`."
        context.find(VALUES, (kind, name, (*path, "values")), message, "remove it", key=True)


def _check_notification(context: Context, definition: ObjectDef, target: str, at: Place) -> None:
    notifications = context.definitions.notifications
    found = notifications.get(target)
    if found is not None and found.object == definition.name:
        return
    if not context.positions.is_lost("notification", target):
        known = [one.name for one in notifications.values() if one.object == definition.name]
        message = f"There is no notification `{target}` about `{definition.name}`."
        context.find(UNKNOWN_NOTIFICATION, at, message, near_or_all(target, known))


def _check_circles(context: Context) -> None:
    """Warn of each automation that comes round to itself."""
    automations = context.definitions.automations
    waiting = _waiting(automations)
    starts = {
        name: [
            one
            for effect in dict.fromkeys(_effects(context, automation))
            for one in waiting.get(effect, ())
        ]
        for name, automation in automations.items()
    }
    for name in automations:
        way = _circle(starts, name)
        if way:
            others = ", ".join(f"`{one}`" for one in way[:-1])
            by = f" by way of {others}" if others else ""
            message = f"What `{name}` does starts it again{by}."
            hint = "let its `when` end that"
            at: Place = ("automation", name, ("on",))
            context.find(STARTS_ITSELF, at, message, hint, severity="warning")


def _waiting(automations: Mapping[str, AutomationDef]) -> dict[Effect, list[str]]:
    """Which automations each effect starts."""
    waiting: dict[Effect, list[str]] = {}
    for name, automation in automations.items():
        on, object_name = automation.on, automation.object
        for field in on.changed:
            waiting.setdefault((object_name, "changed", field), []).append(name)
        if on.event:
            waiting.setdefault((object_name, "event", on.event), []).append(name)
    return waiting


def _circle(starts: Mapping[str, list[str]], name: str) -> list[str]:
    """The shortest way from an automation back to itself, without its beginning."""
    ways = [[one] for one in starts[name]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        if way[-1] == name:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways.extend([*way, one] for one in starts[way[-1]])
    return []


def _effects(context: Context, automation: AutomationDef) -> Iterator[Effect]:
    """What happens when the automation runs."""
    definition = context.definitions.objects.get(automation.object)
    if definition is None:
        return
    events = {path: event for path, event in events_of(definition)}
    for action in automation.do:
        match action.kind:
            case "set":
                yield (definition.name, "event", events.get(("events", "updated"), ""))
                for field in action.set:
                    yield (definition.name, "changed", field)
            case "transition":
                yield (definition.name, "event", events.get(("events", "updated"), ""))
                place = ("workflow", "transitions", action.target, "event")
                yield (definition.name, "event", events.get(place, ""))
                if definition.workflow:
                    yield (definition.name, "changed", definition.workflow.field)
            case "create":
                target = context.definitions.objects.get(action.target)
                if target is not None:
                    yield (target.name, "event", target.events.get("created", ""))
            case _:
                pass
