"""Definitions as the YAML says them: frozen, without positions, nothing derived.

Keys whose value is an expression hold its source text; the loader has checked the shape, `checks`
the meaning. Dicts keep the order of the file.
"""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from objectry.metadata.model.declared import Def as Def
from objectry.metadata.model.documents import ArrivalDef, ConversionDef, NumberingDef, WorkflowDef
from objectry.metadata.model.duplicates import DuplicatesDef
from objectry.metadata.model.pages import DashboardDef, LayoutDef, ReportDef, SectionDef
from objectry.metadata.model.reactions import AutomationDef, NotificationDef
from objectry.metadata.model.scenarios import ScenarioDef
from objectry.metadata.types import type_of

Right = Literal["write", "read", "mask", "none"]
RollupOp = Literal["count", "sum", "min", "max", "avg"]


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


class TranslationDef(Def, frozen=True, kw_only=True):
    """What people read, in another language: by the key of each label (`model.speaking`)."""

    name: str  # the language
    complete: bool = False  # nothing is missing; else what is stays in the usual language
    labels: dict[str, str] = {}


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
