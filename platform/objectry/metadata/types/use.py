"""What a type is told of the field it is used for: its options, its scale, its indexes."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol  # a JSON Schema is a JSON value: nothing more is known of it

import msgspec

Schema = dict[str, Any]
Reference = Callable[[str, str], Schema]
"""(object, shape) → the schema to put there, usually a `$ref`."""


class Choice(Protocol):
    """One option of a closed choice."""

    @property
    def value(self) -> str:
        """What is stored."""
        ...


class Options(Protocol):
    """The keys of a definition that types look at."""

    @property
    def required(self) -> bool:
        """Whether a value is always needed."""
        ...

    @property
    def min(self) -> Decimal | None:
        """The smallest number."""
        ...

    @property
    def max(self) -> Decimal | None:
        """The largest number."""
        ...

    @property
    def min_length(self) -> int | None:
        """The fewest characters."""
        ...

    @property
    def max_length(self) -> int | None:
        """The most characters."""
        ...

    @property
    def pattern(self) -> str | None:
        """The regular expression a text matches."""
        ...

    @property
    def precision(self) -> int | None:
        """The digits of a number in all."""
        ...

    @property
    def currency(self) -> str:
        """Where an amount has its currency from."""
        ...

    @property
    def options(self) -> Sequence[Choice]:
        """The choices."""
        ...

    @property
    def to(self) -> Sequence[str]:
        """The objects a link may lead to."""
        ...

    @property
    def of(self) -> str:
        """The line object of a table."""
        ...


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """A field as its type sees it.

    `scale` are its decimal places (None: by currency, or no number); `indexed` says that an index
    bounds its length.
    """

    options: Options
    scale: int | None = None
    indexed: bool = False


class Rule(msgspec.Struct, frozen=True):
    """A CHECK of a column: what its name ends in (another bound, another name), and the SQL."""

    suffix: str
    sql: str
