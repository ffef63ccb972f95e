"""What follows from definitions: system fields, owners, typed expressions, evaluation order.

The runtime and the compilers read objects through here, never through bare definitions. Built
lazily per object, so that a release of a thousand objects starts at once.
"""

from enum import StrEnum

import msgspec

from objectry.expressions.expression import Expression
from objectry.expressions.types import ExprType
from objectry.metadata.model.definitions import FieldDef, ObjectDef
from objectry.metadata.types import FieldType


class Derivation(StrEnum):
    """Where a field's value comes from."""

    INPUT = "input"  # the caller (or its default)
    STORED = "stored"  # a formula over the aggregate, recomputed on every write
    LIVE = "live"  # a formula over links or the clock: SQL at read time, no column
    SNAPSHOT = "snapshot"  # a formula over links, frozen at the write
    COMPUTED = "computed"  # a plugin, at the write
    SYSTEM = "system"  # the engine


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

    @property
    def stored(self) -> bool:
        """Whether the field has a column."""
        raise NotImplementedError

    @property
    def writable(self) -> bool:
        """Whether a request body may name it."""
        raise NotImplementedError


class ObjectModel(msgspec.Struct, frozen=True, kw_only=True):
    """An object with everything derived.

    `fields` holds system fields first. `owner` is (object, table field) for a line object.
    `order` lists (table field or "", field) of every stored formula, snapshot and computed field
    of the aggregate in dependency order.
    """

    name: str
    definition: ObjectDef
    plural: str
    schema: str  # the service's name
    fields: dict[str, FieldModel]
    owner: tuple[str, str] | None
    order: tuple[tuple[str, str], ...]
    checks: tuple[tuple[Expression, str, str], ...]  # rule, message, field


