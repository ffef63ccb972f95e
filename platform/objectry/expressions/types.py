"""Types of the expression language, and the scope in which names are looked up."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import msgspec


class Kind(StrEnum):
    """The kinds of value an expression computes with. Every number is an exact decimal."""

    BOOLEAN = "boolean"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"  # of day
    DURATION = "duration"  # whole seconds, exact
    PERIOD = "period"  # what days(30) and months(1) give
    LINK = "link"  # the id of a record of `object`
    LINES = "lines"  # the owned rows of a table field; their object is `object`
    LIST = "list"  # a list of `item`
    COMPOSITE = "composite"  # one value of several `parts`
    JSON = "json"  # any JSON value: only whether there is one can be asked
    SECRET = "secret"  # the same of a value that nobody reads
    NULL = "null"  # the type of a bare None


class ExprType(msgspec.Struct, frozen=True):
    """The type of an expression: a kind, and for links, lines and lists what they hold.

    A link that may point to several `objects` has object == ""; it can be followed to what they all
    have. The `parts` of a composite (`ship_to.country`) are texts and numbers; composites of the
    same parts are alike. A text that is a unit of measure has all the `units` it may be, with how
    many of the base unit each is.
    """

    kind: Kind
    object: str = ""
    item: Kind | None = None
    parts: tuple[tuple[str, Kind], ...] = ()
    objects: tuple[str, ...] = ()
    units: tuple[tuple[str, Decimal], ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The objects that it may lead to."""
        return self.objects or ((self.object,) if self.object else ())


class Scope(Protocol):
    """The names an expression may use, seen from one object. Implemented by `metadata.model`."""

    def field(self, name: str) -> ExprType | None:
        """The type of a field of this object (system fields included), or None."""
        ...

    def names(self) -> Iterable[str]:
        """All field names, for "did you mean"."""
        ...

    def follow(self, object_name: str) -> "Scope | None":
        """The scope of a linked object or of a table field's line object."""
        ...

    @property
    def parent(self) -> "Scope | None":
        """For a line object: the scope of the record that owns it."""
        ...

    def variable(self, name: str) -> dict[str, ExprType] | None:
        """A root beside the record (`user`, `old`): its attributes, or None where not allowed."""
        ...
