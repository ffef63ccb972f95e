"""Stories that must come true: given, when, then, as the YAML says them."""

from typing import Any, Literal

from objectry.metadata.model.declared import Def

StepAction = Literal["create", "update", "delete", "do", "travel", "rejects", "expect", "events"]
PARTS = ("given", "when", "then")
OUTER = frozenset(  # what stands in no `rejects`: keys, and steps that nobody can refuse
    {"rejects", "code", "field", "expect", "events", "travel", "as"}
)


class StepDef(Def, frozen=True, kw_only=True):
    """One step of a scenario: something that is done, or something that must be so.

    `target` is the value of the action's own key: the object of `create`, the alias of `update` and
    `delete`, the transition or conversion of `do`. `values` and `parameters` (YAML: `with`) are
    JSON bodies, numbers with a point as texts; a text `$acme` is the id behind an alias,
    `$acme.lines.0.id` a value in its record, `$$x` the text `$x`.
    """

    action: StepAction | Literal[""] = ""  # empty: misshapen
    target: str = ""
    on: str = ""
    alias: str = ""  # YAML: as
    values: dict[str, Any] = {}  # JSON
    parameters: dict[str, Any] = {}  # JSON
    by: str = ""  # a role, `role#2` for another person who has it; empty is admin
    step: "StepDef | None" = None  # of rejects
    code: str = ""
    field: str = ""  # a JSON pointer
    expression: str = ""  # of expect
    events: tuple[str, ...] = ()
    date: str = ""  # of travel: a date or a moment


class ScenarioDef(Def, frozen=True, kw_only=True):
    """A story of three parts; each is a list of steps."""

    name: str
    label: str = ""
    help: str = ""
    given: tuple[StepDef, ...] = ()
    when: tuple[StepDef, ...] = ()
    then: tuple[StepDef, ...] = ()
