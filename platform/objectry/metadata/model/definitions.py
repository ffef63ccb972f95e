"""Definitions as the YAML says them: frozen, without positions, nothing derived.

Keys whose value is an expression hold its source text; the loader has checked the shape, `checks`
the meaning. Dicts keep the order of the file.
"""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from objectry.metadata.model.declared import Def as Def
from objectry.metadata.model.duplicates import DuplicatesDef
from objectry.metadata.model.reactions import AutomationDef, NotificationDef
from objectry.metadata.model.scenarios import ScenarioDef
from objectry.metadata.types import type_of

Right = Literal["write", "read", "mask", "none"]
CalendarPart = Literal["day", "week", "month", "quarter", "year"]
RollupOp = Literal["count", "sum", "min", "max", "avg"]
TotalOp = Literal["sum", "avg", "min", "max", "count"]
LayoutKind = Literal["list", "form", "kanban", "calendar", "print", "public_form"]


class OptionDef(Def, frozen=True, kw_only=True):
    """One choice of a `select`."""

    value: str
    label: str = ""
    factor: Decimal | None = None  # of a unit: how many of the base unit it is


class RollupDef(Def, frozen=True, kw_only=True):
    """One value of all records of `of` whose link `via` leads here. `where` is over one of them."""

    op: RollupOp | Literal[""]  # empty: misshapen
    of: str = ""
    via: str = ""
    field: str = ""
    where: str | None = None


class FieldDef(Def, frozen=True, kw_only=True):
    """A field of an object. `default formula when required_when` are expression sources."""

    name: str
    type: str
    label: str = ""
    help: str = ""
    required: bool = False
    unique: bool = False
    default: str | None = None
    min: Decimal | None = None
    max: Decimal | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    precision: int | None = None
    scale: int | None = None
    options: tuple[OptionDef, ...] = ()
    to: tuple[str, ...] = ()
    replicate: tuple[str, ...] = ()  # of a link: what is kept here of a record that lives elsewhere
    translate: bool = False  # a text per language: the loader adds the others beside it
    units: str = ""  # what a `select` chooses a unit of; the loader lists them as its options
    of: str = ""
    formula: str | None = None
    snapshot: bool = False
    computed: str = ""
    lookup: str = ""
    rollup: RollupDef | None = None
    stored: bool = False  # of a rollup: a column that the other side's writes maintain
    currency: str = ""
    gapless: bool = False
    read_only: bool = False
    immutable: bool = False
    hidden: bool = False
    when: str | None = None
    required_when: str | None = None
    sensitive: bool = False
    was: str = ""

    @property
    def derived(self) -> bool:
        """Whether its value follows from others, or is drawn, so that nobody sets it."""
        return (
            self.formula is not None
            or self.rollup is not None
            or bool(self.computed or self.lookup)
            or ((found := type_of(self)) is not None and found.drawn)
        )


class CheckDef(Def, frozen=True, kw_only=True):
    """A rule every record must pass; a null result passes."""

    rule: str
    message: str
    field: str = ""


class ImmutableDef(Def, frozen=True, kw_only=True):
    """While `when` holds only the fields in `allow` (YAML: `except`) may change."""

    when: str
    allow: tuple[str, ...] = ()


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


class PermissionDef(Def, frozen=True, kw_only=True):
    """What one role may do with an object; a text is a row rule."""

    role: str
    read: bool | str = False
    create: bool | str = False
    update: bool | str = False
    delete: bool | str = False
    export: bool | str = False
    import_: bool | str = msgspec.field(default=False, name="import")
    print: bool | str = False
    transitions: tuple[str, ...] = ()  # ("*",) is all
    conversions: tuple[str, ...] = ()
    fields: dict[str, Right] = {}
    deny: tuple[str, ...] = ()  # action names denied whatever other roles grant


class ArrivalDef(Def, frozen=True, kw_only=True):
    """A conversion of another database that makes records here, as far as they must know it."""

    source: str
    conversion: str
    lines: str = ""
    quantity: str = ""
    releases_when: str | None = None


class RecordTypeDef(Def, frozen=True, kw_only=True):
    """A kind of record of an object: what it needs, lacks, may choose from; the form it has."""

    name: str
    label: str = ""
    help: str = ""
    required: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    options: dict[str, tuple[str, ...]] = {}  # select field → the options that are left
    layout: str = ""


class ObjectDef(Def, frozen=True, kw_only=True):
    """A business object. `replica` and `arrivals` are set by placement, never by a document."""

    name: str
    service: str
    label: str = ""
    plural: str = ""
    help: str = ""
    title: str = ""
    numbering: NumberingDef | None = None
    fields: dict[str, FieldDef] = {}
    checks: tuple[CheckDef, ...] = ()
    invariants: tuple[CheckDef, ...] = ()  # checks that later may be asked of all history
    immutable: ImmutableDef | None = None
    indexes: tuple[tuple[str, ...], ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    workflow: WorkflowDef | None = None
    conversions: dict[str, ConversionDef] = {}
    events: dict[str, str] = {}  # created | updated | deleted | merged → event name
    permissions: dict[str, PermissionDef] = {}
    require_if_match: bool = False
    mixins: tuple[str, ...] = ()  # the loader has written their parts out here
    record_types: dict[str, RecordTypeDef] = {}  # the first is the usual one
    tree: bool = False  # records lie below each other: the link `parent`
    soft_delete: bool = False  # what is deleted stays, unseen, and can be restored
    single: bool = False  # one record per tenant, which is always there
    duplicates: DuplicatesDef | None = None
    replica: bool = False  # its records live in another database; here is what is needed of them
    state: str = ""  # of a replica: the field of its owner's workflow
    arrivals: tuple[ArrivalDef, ...] = ()


class MixinDef(Def, frozen=True, kw_only=True):
    """Fields and rules that several objects share; it stands on its own feet."""

    name: str
    label: str = ""
    help: str = ""
    fields: dict[str, FieldDef] = {}
    checks: tuple[CheckDef, ...] = ()
    invariants: tuple[CheckDef, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()


class ServiceDef(Def, frozen=True, kw_only=True):
    """A deployment unit."""

    name: str
    label: str = ""
    port: int = 0
    database: str = ""
    objects: tuple[str, ...] = ()


class RoleDef(Def, frozen=True, kw_only=True):
    """A named set of permissions; `permissions` maps object → grant, as objects may do too."""

    name: str
    label: str = ""
    help: str = ""
    permissions: dict[str, PermissionDef] = {}


class UnitsDef(Def, frozen=True, kw_only=True):
    """Units of one measure, by how many of the base unit each is."""

    name: str
    label: str = ""
    help: str = ""
    base: str = ""
    factors: dict[str, Decimal] = {}
    labels: dict[str, str] = {}


class SequenceDef(Def, frozen=True, kw_only=True):
    """A shared document number series."""

    name: str
    label: str = ""
    pattern: str
    scope: tuple[str, ...] = ()
    gapless: bool = False
    reset: Literal["never", "year"] = "never"


class SectionDef(Def, frozen=True, kw_only=True):
    """A part of a form: fields in `columns` side by side, or the grid of a table field."""

    label: str = ""
    columns: int = 1
    fields: tuple[str, ...] = ()
    table: str = ""
    table_columns: tuple[str, ...] = ()  # YAML: columns, beside table


class ExtendDef(Def, frozen=True, kw_only=True):
    """What a package adds to an object of another; its `name` is that of the two together."""

    name: str
    object: str
    package: str = ""  # whose extension it is; the project's own has none
    fields: dict[str, FieldDef] = {}
    checks: tuple[CheckDef, ...] = ()
    invariants: tuple[CheckDef, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    permissions: dict[str, PermissionDef] = {}
    sections: dict[str, tuple[SectionDef, ...]] = {}  # YAML: layouts; form → sections
    columns: dict[str, tuple[str, ...]] = {}  # YAML: layouts; list → columns


class LayoutDef(Def, frozen=True, kw_only=True):
    """A page of an object."""

    name: str
    object: str
    kind: LayoutKind
    label: str = ""
    sections: tuple[SectionDef, ...] = ()
    columns: tuple[str, ...] = ()
    sort: str = ""
    field: str = ""  # of a kanban: its options or states are the columns
    start: str = ""  # of a calendar
    end: str = ""
    template: str = ""  # of a print: the file that `body` was read from
    body: str = ""
    paper: Literal["A4", "letter"] = "A4"
    fields: tuple[str, ...] = ()  # of a public form: what is asked
    values: dict[str, str] = {}  # field → expression: what is set beside it
    message: str = ""  # what its sender reads then


class TranslationDef(Def, frozen=True, kw_only=True):
    """What people read, in another language: by the key of each label (`model.speaking`)."""

    name: str  # the language
    complete: bool = False  # nothing is missing; else what is stays in the usual language
    labels: dict[str, str] = {}


class ParameterDef(Def, frozen=True, kw_only=True):
    """What the reader of a report may choose. `default` is an expression over `user` alone."""

    name: str
    type: str
    label: str = ""
    help: str = ""
    required: bool = False
    default: str | None = None
    options: tuple[str, ...] = ()
    to: str = ""


class GroupDef(Def, frozen=True, kw_only=True):
    """What records are grouped by: a field or path; of a date the part `by` of the calendar."""

    field: str
    by: CalendarPart | None = None


class ChartDef(Def, frozen=True, kw_only=True):
    """A picture of one total by one group; without names it is of the first."""

    kind: Literal["bar", "line", "area", "pie"]
    group: str = ""
    total: str = ""


class ReportDef(Def, frozen=True, kw_only=True):
    """A declared query. `where` is an expression over the record, the parameters and `user`."""

    name: str
    object: str
    label: str = ""
    help: str = ""
    parameters: dict[str, ParameterDef] = {}
    where: str | None = None
    columns: tuple[str, ...] = ()
    groups: tuple[GroupDef, ...] = ()
    totals: dict[str, TotalOp] = {}
    sort: tuple[str, ...] = ()
    chart: ChartDef | None = None
    roles: tuple[str, ...] = ()


class TileDef(Def, frozen=True, kw_only=True):
    """A report in short. `parameters` are expressions over `user` alone."""

    kind: Literal["number", "chart", "list", ""]  # empty: misshapen
    report: str
    label: str = ""
    total: str = ""
    width: int = 4
    parameters: dict[str, str] = {}


class DashboardDef(Def, frozen=True, kw_only=True):
    """A page of tiles."""

    name: str
    label: str = ""
    help: str = ""
    tiles: tuple[TileDef, ...] = ()
    roles: tuple[str, ...] = ()


class Definitions(Def, frozen=True, kw_only=True):
    """All definitions of a project, by name."""

    services: dict[str, ServiceDef] = {}
    objects: dict[str, ObjectDef] = {}
    roles: dict[str, RoleDef] = {}
    layouts: dict[str, LayoutDef] = {}
    reports: dict[str, ReportDef] = {}
    dashboards: dict[str, DashboardDef] = {}
    sequences: dict[str, SequenceDef] = {}
    notifications: dict[str, NotificationDef] = {}
    automations: dict[str, AutomationDef] = {}
    scenarios: dict[str, ScenarioDef] = {}
    mixins: dict[str, MixinDef] = {}
    units: dict[str, UnitsDef] = {}
    extends: dict[str, ExtendDef] = {}
    translations: dict[str, TranslationDef] = {}

    def plain(self) -> dict[str, Any]:
        """Builtins only (for hashing, JSON and golden files)."""
        result: dict[str, Any] = msgspec.to_builtins(self)
        return result


def collection(kind: str) -> str:
    """Where `Definitions` keeps the definitions of a kind: `units` is its own plural."""
    return kind if kind.endswith("s") else f"{kind}s"
