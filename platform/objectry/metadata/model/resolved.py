"""What follows from definitions: system fields, owners, typed expressions, evaluation order.

The runtime and the compilers read objects through here, never through bare definitions. Built
lazily per object, so that a release of a thousand objects starts at once.
"""

from enum import StrEnum
from functools import cached_property
from typing import Literal

import msgspec

from objectry.expressions.expression import Expression
from objectry.expressions.types import ExprType
from objectry.metadata.model.definitions import FieldDef, ImmutableDef, ObjectDef, Right
from objectry.metadata.model.documents import (
    ApprovalStepDef,
    ConversionDef,
    TransitionDef,
    WorkflowDef,
)
from objectry.metadata.model.duplicates import Comparison
from objectry.metadata.types import FieldType, StorageClass, Use

RowRule = bool | Expression
ACTIONS = ("read", "create", "update", "delete", "export", "import", "print")


class Derivation(StrEnum):
    """Where a field's value comes from."""

    INPUT = "input"  # the caller (or its default)
    STORED = "stored"  # a formula over the aggregate, recomputed on every write
    LIVE = "live"  # a formula over links or the clock: SQL at read time, no column
    SNAPSHOT = "snapshot"  # a formula over links, frozen at the write
    COMPUTED = "computed"  # a plugin, at the write
    ROLLUP = "rollup"  # a stored rollup: a column that the writes of other records maintain
    SYSTEM = "system"  # the engine


class CurrencySource(msgspec.Struct, frozen=True):
    """Where the currency of a money field comes from.

    "code": `name` is an ISO code; "record" and "parent": `name` is a currency field there;
    "company": nothing nearer says it.
    """

    root: Literal["code", "record", "parent", "company"]
    name: str = ""


class FieldModel(msgspec.Struct, frozen=True, kw_only=True):
    """A field with everything derived. System fields have `definition.type` and no options."""

    name: str
    definition: FieldDef
    type: FieldType
    expr_type: ExprType
    derivation: Derivation
    formula: Expression | None = None
    default: Expression | None = None
    when: Expression | None = None
    required_when: Expression | None = None
    scale: int | None = None  # decimal places; None for what is no number and for money by currency
    currency: CurrencySource | None = None  # money only

    @property
    def is_table(self) -> bool:
        """Whether the field holds the rows of a line object."""
        return self.type.storage is StorageClass.NONE

    @property
    def is_derived(self) -> bool:
        """Whether a formula or a plugin makes the value."""
        return self.derivation not in (Derivation.INPUT, Derivation.SYSTEM)

    @property
    def stored(self) -> bool:
        """Whether the field has a column."""
        return self.derivation is not Derivation.LIVE and not self.is_table

    @property
    def kept(self) -> bool:
        """Whether the record's own writes fill the column, and its history tells the value."""
        return self.stored and self.derivation is not Derivation.ROLLUP

    @property
    def references(self) -> tuple[str, ...]:
        """The objects that tables of references lead to: of a link that no one column can hold."""
        targets = self.definition.to if self.type.links and self.kept else ()
        return targets if self.type.many or len(targets) > 1 else ()

    @property
    def is_rollup(self) -> bool:
        """Whether other records, those that link here, make the value."""
        return self.definition.rollup is not None

    @property
    def writable(self) -> bool:
        """Whether a request body may name it (an `immutable` one only when creating)."""
        return self.derivation is Derivation.INPUT and not self.definition.read_only


class CheckModel(msgspec.Struct, frozen=True, kw_only=True):
    """A rule every record must pass; a null result passes."""

    rule: Expression
    message: str
    field: str


class NumberingModel(msgspec.Struct, frozen=True, kw_only=True):
    """How the object's number is made, with a `sequence` followed.

    `series` names the counter: the sequence, else the object. `at` is "create" or a transition.
    """

    series: str
    pattern: str
    scope: tuple[str, ...]
    gapless: bool
    reset: Literal["never", "year"]
    at: str
    date: str


class ApprovalStepModel(msgspec.Struct, frozen=True, kw_only=True):
    """A step of approval and when it is needed (over the record and `user`)."""

    definition: ApprovalStepDef
    when: Expression | None


class TransitionModel(msgspec.Struct, frozen=True, kw_only=True):
    """A transition, its typed guard (over the record and `user`), its steps of approval, and the
    moment (a date or datetime, over the record) at which the engine takes it."""

    definition: TransitionDef
    guard: Expression | None
    approvals: tuple[ApprovalStepModel, ...] = ()
    at: Expression | None = None

    @property
    def takes(self) -> frozenset[str]:
        """The fields that a body may set."""
        return frozenset((*self.definition.takes, *self.definition.requires))


class WorkflowModel(msgspec.Struct, frozen=True, kw_only=True):
    """The state machine; `final` are the states no transition may leave."""

    definition: WorkflowDef
    transitions: dict[str, TransitionModel]
    final: frozenset[str]

    @property
    def field(self) -> str:
        """The field that holds the state."""
        return self.definition.field


class ConversionLinesModel(msgspec.Struct, frozen=True, kw_only=True):
    """How rows are carried over; `map` is over the source row (`parent` = the source record).

    `quantity` is the quantity field of the source row, `target_quantity` that of the new row; both
    empty where whole rows are carried over. `when` says of a source row whether it belongs to the
    whole.
    """

    source: str
    to: str
    source_object: str
    target_object: str
    when: Expression | None
    map: dict[str, Expression]
    quantity: str
    target_quantity: str


class ConversionModel(msgspec.Struct, frozen=True, kw_only=True):
    """A conversion: guard and map over the source, `releases_when` over the target."""

    definition: ConversionDef
    to: str
    when: Expression | None
    map: dict[str, Expression]
    lines: ConversionLinesModel | None
    releases_when: Expression | None


class ImmutableModel(msgspec.Struct, frozen=True, kw_only=True):
    """While `when` is true, only the fields in `allow` may change."""

    definition: ImmutableDef
    when: Expression

    @property
    def allow(self) -> tuple[str, ...]:
        """The fields that may change all the same."""
        return self.definition.allow


class PermissionModel(msgspec.Struct, frozen=True, kw_only=True):
    """What one role may do with an object: grants of the object's and the role's document united.

    `rules` has every action of ACTIONS; an expression is a row rule over the record and `user`.
    """

    role: str
    rules: dict[str, RowRule]
    transitions: tuple[str, ...]
    conversions: tuple[str, ...]
    fields: dict[str, Right]
    deny: frozenset[str]


class ObjectModel(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """An object with everything derived.

    `fields` holds system fields first. `owner` is (object, table field) for a line object.
    `order` lists (table field or "", field) of every stored formula, snapshot and computed field
    of the aggregate in dependency order; `default_order` the same of every field with a default,
    to be filled before. Both are empty for a line object: its owner has them.
    """

    name: str
    definition: ObjectDef
    plural: str
    schema: str  # the service's name
    fields: dict[str, FieldModel]
    owner: tuple[str, str] | None
    order: tuple[tuple[str, str], ...]
    default_order: tuple[tuple[str, str], ...]
    checks: tuple[CheckModel, ...]
    numbering: NumberingModel | None
    autonumbers: dict[str, NumberingModel] = {}  # by field
    workflow: WorkflowModel | None
    conversions: dict[str, ConversionModel]
    immutable: ImmutableModel | None
    permissions: dict[str, PermissionModel]
    compared: tuple[tuple[str, Comparison], ...] = ()  # its fields that tell duplicates

    @property
    def state(self) -> str:
        """The field of its workflow, or of its owner's where it is a replica; empty for none."""
        return self.workflow.field if self.workflow is not None else self.definition.state

    @property
    def is_line(self) -> bool:
        """Whether its records are rows of another object's table field."""
        return self.owner is not None

    @property
    def follows_owner(self) -> bool:
        """Whether the owner's permissions decide: a line object without permissions of its own."""
        return self.owner is not None and not self.permissions

    @cached_property
    def tables(self) -> dict[str, str]:
        """Its table fields and the line object each holds."""
        return {name: field.definition.of for name, field in self.fields.items() if field.is_table}

    @property
    def title(self) -> str:
        """The field a link to a record shows: `title`, else the number, the first text, the id."""
        if self.definition.title:
            return self.definition.title
        if self.numbering is not None:
            return "number"
        texts = (name for name, f in self.fields.items() if f.type.titled)
        return next(texts, "id")

    def use(self, field: FieldModel) -> Use:
        """One of its fields as the field's type sees it."""
        return Use(options=field.definition, scale=field.scale, indexed=field.name in self._indexed)

    @cached_property
    def _indexed(self) -> frozenset[str]:
        listed = (*self.definition.indexes, *self.definition.uniques)
        named = {column.lstrip("-") for columns in listed for column in columns}
        unique = {name for name, field in self.fields.items() if field.definition.unique}
        return frozenset(named | unique)
