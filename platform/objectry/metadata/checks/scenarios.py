"""Scenarios: every step can be tried, with records that an earlier one has made."""

import re

from objectry.expressions.records import Records
from objectry.expressions.types import Kind, Scope
from objectry.findings import code, near_or_all
from objectry.metadata.checks.behaviour import events_of
from objectry.metadata.checks.bodies import check_body
from objectry.metadata.checks.context import Context, Path
from objectry.metadata.checks.names import engine_actions
from objectry.metadata.checks.references import ROLES, UNKNOWN_OBJECT, UNKNOWN_ROLE
from objectry.metadata.checks.registry import project_check
from objectry.metadata.checks.triggers import UNKNOWN_EVENT
from objectry.metadata.model.definitions import ObjectDef
from objectry.metadata.model.scenarios import PARTS, ScenarioDef, StepDef
from objectry.values.dates import parse_date, parse_datetime
from objectry.values.names import is_name

_STORY = "\n  - {create: customer, as: acme, values: {name: Acme}}"
STEP_KEYS = code(
    "OBJ0660",
    "Key does not fit the step",
    "Each kind of step has keys of its own: `create` has `as`, `values` and `by`, `update` has "
    "`values` and `by`, `delete` has `by`, `do` has `on` (which it needs), `as`, `with` and `by`, "
    "`rejects` has `code` and `field`; what is made can be named, and only that.",
    wrong=f"scenario: names\ngiven:{_STORY}\nwhen: [{{delete: acme, values: {{name: Bolt}}}}]",
    right=f"scenario: names\ngiven:{_STORY}\nwhen: [{{update: acme, values: {{name: Bolt}}}}]",
)
ALIAS = code(
    "OBJ0661",
    "Record that the story doesn't know, or knows already",
    "A step names records by the alias that an earlier step gave them with `as`; an alias is a "
    "name, stands for one record, and is not `user`, `old` or `parent`.",
    wrong=f"scenario: names\ngiven:{_STORY}\nwhen: [{{delete: amce}}]",
    right=f"scenario: names\ngiven:{_STORY}\nwhen: [{{delete: acme}}]",
)
UNKNOWN_ACTION = code(
    "OBJ0662",
    "Unknown action",
    "`do` names a transition or a conversion of the record's object.",
    wrong=f"scenario: names\ngiven:{_STORY}\nwhen: [{{do: send, on: acme}}]",
    right=(
        "scenario: sent\ngiven: [{create: letter, as: letter}]\nwhen: [{do: send, on: letter}]\n"
        "---\nobject: letter\nservice: offers\nworkflow:\n  initial: draft\n"
        "  states: [draft, sent]\n  transitions: {send: {from: draft, to: sent}}"
    ),
)
NO_MOMENT = code(
    "OBJ0663",
    "Not a date",
    "A story travels to a date (`2026-12-31`) or a moment (`2026-12-31T08:00:00Z`).",
    wrong="scenario: later\nwhen: [{travel: tomorrow}]",
    right="scenario: later\nwhen: [{travel: 2026-12-31}]",
)

# The keys of each kind of step beside its own, by their attributes.
KEYS = {
    "create": ("alias", "values", "by"),
    "update": ("values", "by"),
    "delete": ("by",),
    "do": ("on", "alias", "parameters", "by"),
    "rejects": ("code", "field"),
}
_WRITTEN = {"alias": "as", "parameters": "with"}
_WORD = re.compile(r"\w+")
_ROOTS = frozenset({"user", "old", "parent"})


@project_check
def check_scenarios(context: Context) -> None:
    """Every scenario can be played from its first step to its last."""
    for scenario in context.definitions.scenarios.values():
        story = _Story(context, scenario)
        for part in PARTS:
            for index, step in enumerate(getattr(scenario, part)):
                story.follow(step, (part, index))


class _Story:
    """One scenario, followed step by step: it knows which records there are."""

    def __init__(self, context: Context, scenario: ScenarioDef) -> None:
        self._context = context
        self._scenario = scenario
        self._objects: dict[str, str] = {}  # of the records by alias; empty where it is unknown

    def follow(self, step: StepDef, path: Path, *, refused: bool = False) -> None:
        """Check a step; what is `refused` may hold what can't be saved."""
        if not step.action:
            return  # reported as misshapen
        self._check_keys(step, path)
        if step.by:
            known = {*ROLES, *self._context.definitions.roles}
            role = step.by.partition("#")[0]
            self._context.expect(UNKNOWN_ROLE, "role", role, known, self._at(path, "by"))
        match step.action:
            case "create":
                self._create(step, path, refused)
            case "update":
                definition = self._record(step.target, path, "update")
                if definition is not None:
                    self._body(definition, step, path, refused)
            case "delete":
                self._record(step.target, path, "delete")
            case "do":
                self._do(step, path, refused)
            case "rejects":
                if step.step is not None:
                    self.follow(step.step, (*path, "rejects"), refused=True)
            case "travel":
                self._travel(step, path)
            case "expect":
                self._expect(step, path)
            case _:
                self._events(step, path)

    def _at(self, path: Path, *more: str | int) -> tuple[str, str, Path]:
        return ("scenario", self._scenario.name, (*path, *more))

    def _check_keys(self, step: StepDef, path: Path) -> None:
        own = KEYS.get(step.action, ())
        for key in dict.fromkeys(key for keys in KEYS.values() for key in keys):
            if key not in own and getattr(step, key):
                written = _WRITTEN.get(key, key)
                message = f"`{written}` means nothing for `{step.action}`."
                hint = f"it has {' '.join(f'`{_WRITTEN.get(one, one)}`' for one in own)}"
                at = self._at(path, written)
                self._context.find(STEP_KEYS, at, message, hint if own else "remove it", key=True)

    def _create(self, step: StepDef, path: Path, refused: bool) -> None:
        objects = self._context.definitions.objects
        at = self._at(path, "create")
        if self._context.expect(UNKNOWN_OBJECT, "object", step.target, objects, at):
            if step.target in self._context.owners:
                message = f"`{step.target}` is a line object; its rows belong to a record."
                self._context.find(UNKNOWN_OBJECT, at, message, "create the record with them")
            self._body(objects[step.target], step, path, refused)
        self._name(step, path, step.target if step.target in objects else "")

    def _do(self, step: StepDef, path: Path, refused: bool) -> None:
        made = ""
        if not step.on:
            self._context.find(STEP_KEYS, self._at(path, "on"), "`do` needs the key `on`.")
        definition = self._record(step.on, path, "on") if step.on else None
        if definition is not None:
            transitions = definition.workflow.transitions if definition.workflow else {}
            known = [*transitions, *definition.conversions, *engine_actions(definition)]
            if step.target in definition.conversions:
                made = definition.conversions[step.target].to
            elif step.target not in known:
                message = f"`{definition.name}` has no action `{step.target}`."
                hint = near_or_all(step.target, known)
                self._context.find(UNKNOWN_ACTION, self._at(path, "do"), message, hint)
            elif step.alias and not refused:
                message = f"`{step.target}` makes no record that could be named."
                self._context.find(STEP_KEYS, self._at(path, "as"), message, key=True)
        check_body(self._context, None, step.parameters, self._at(path, "with"), self._objects)
        self._name(step, path, made)

    def _body(self, definition: ObjectDef, step: StepDef, path: Path, refused: bool) -> None:
        of = None if refused else definition
        check_body(self._context, of, step.values, self._at(path, "values"), self._objects)

    def _record(self, alias: str, path: Path, key: str) -> ObjectDef | None:
        """The object of a record; None after reporting an alias that no step gave."""
        if alias in self._objects:
            return self._context.definitions.objects.get(self._objects[alias])
        hint = near_or_all(alias, self._objects)
        message = f"No step before this one made `{alias}`."
        self._context.find(ALIAS, self._at(path, key), message, hint)
        return None

    def _name(self, step: StepDef, path: Path, object_name: str) -> None:
        if not step.alias:
            return
        at = self._at(path, "as")
        if not is_name(step.alias) or step.alias in _ROOTS:
            self._context.find(ALIAS, at, f"`{step.alias}` can't be the name of a record.")
        elif step.alias in self._objects:
            message = f"`{step.alias}` already names a record."
            self._context.find(ALIAS, at, message, "choose another name")
        self._objects[step.alias] = object_name

    def _travel(self, step: StepDef, path: Path) -> None:
        if parse_date(step.date) is None and parse_datetime(step.date) is None:
            message = f"`{step.date}` is neither a date nor a moment."
            self._context.find(NO_MOMENT, self._at(path, "travel"), message, "as in `2026-12-31`")

    def _expect(self, step: StepDef, path: Path) -> None:
        unknown = {alias for alias, object_name in self._objects.items() if not object_name}
        if not unknown.isdisjoint(_WORD.findall(step.expression)):
            return  # a record whose object is reported elsewhere
        records = Records(self._objects, self._scope)
        at = self._at(path, "expect")
        self._context.compile_in(records, step.expression, at, expects=(Kind.BOOLEAN,))

    def _scope(self, object_name: str) -> Scope | None:
        known = object_name in self._context.definitions.objects
        return self._context.scope(object_name) if known else None

    def _events(self, step: StepDef, path: Path) -> None:
        objects = self._context.definitions.objects.values()
        known = [event for definition in objects for _, event in events_of(definition)]
        for index, event in enumerate(step.events):
            if event not in known:
                message = f"No object declares the event `{event}`."
                at = self._at(path, "events", index)
                self._context.find(UNKNOWN_EVENT, at, message, near_or_all(event, known))
