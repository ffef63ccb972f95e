"""What moves documents, as the YAML says it: states, approvals, conversions, numbers."""

from typing import Literal

from objectry.metadata.model.declared import Def


class ApprovalStepDef(Def, frozen=True, kw_only=True):
    """Who must approve a transition: `count` people who have one of `roles`, where `when` holds."""

    roles: tuple[str, ...]
    count: int = 1
    when: str | None = None


class TransitionDef(Def, frozen=True, kw_only=True):
    """A change of state: from which states, to which, under which guard, by which roles.

    `at` is the moment at which the engine takes it by itself. A body may set the fields of `takes`
    and must set those of `requires`.
    """

    name: str
    sources: tuple[str, ...]  # YAML: from
    to: str
    when: str | None = None
    roles: tuple[str, ...] = ()
    approvals: tuple[ApprovalStepDef, ...] = ()
    approval_event: str = ""
    four_eyes: bool = False
    at: str | None = None
    takes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    event: str = ""
    label: str = ""
    message: str = ""  # what the caller reads when the guard fails


class StateDef(Def, frozen=True, kw_only=True):
    """A state of a workflow; `final` forbids transitions out of it."""

    name: str
    label: str = ""
    final: bool = False


class WorkflowDef(Def, frozen=True, kw_only=True):
    """A state machine over one field."""

    field: str
    initial: str
    states: dict[str, StateDef]
    transitions: dict[str, TransitionDef]


class ConversionLinesDef(Def, frozen=True, kw_only=True):
    """How lines are carried over; `quantity` names the source's quantity field.

    The target's quantity field is `map`'s key whose expression is that field, else the same name.
    """

    source: str  # YAML: from
    to: str
    when: str | None = None  # over the row: which of them the whole is; a body may name others
    map: dict[str, str] = {}
    quantity: str = ""


class ConversionDef(Def, frozen=True, kw_only=True):
    """Document to document: target object, guard, field map (target field → source expression)."""

    name: str
    to: str
    collective: bool = False
    when: str | None = None
    map: dict[str, str] = {}
    lines: ConversionLinesDef | None = None
    releases_when: str | None = None  # over the target: when it gives its quantity back
    event: str = ""
    label: str = ""
    remote: bool = False  # placement: what it makes lives in another database


class NumberingDef(Def, frozen=True, kw_only=True):
    """A document number series, inline or by the name of a `sequence`."""

    pattern: str = ""
    sequence: str = ""
    scope: tuple[str, ...] = ()
    gapless: bool = False
    reset: Literal["never", "year"] = "never"
    at: str = "create"  # or the name of a transition
    date: str = ""  # the date field `{year}` comes from; else the posting date (today)


class ArrivalDef(Def, frozen=True, kw_only=True):
    """A conversion of another database that makes records here, as far as they must know it."""

    source: str
    conversion: str
    lines: str = ""
    quantity: str = ""
    releases_when: str | None = None
