"""What a plugin may hang a function on, and the context that function gets."""

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from objectry.sdk.settings import Settings
from objectry.values.names import is_name
from objectry.values.numbers import quantise

SettingsT = TypeVar("SettingsT", bound=Settings)

ComputedValue = Decimal | int | str | bool | date | time | timedelta | Sequence[str] | None
"""What a computed field may return. Numbers are exact: a float is refused."""


class Context(msgspec.Struct, Generic[SettingsT], frozen=True, kw_only=True):
    """What a function knows beside the record.

    `places` are the decimal places of the field (for money those of the record's currency), 0 for
    what is no number. `today` is the day of the request: for looking up what is valid then, never
    for a value that would change by itself (that is a live formula). `half_even` is the company's
    rounding mode.
    """

    settings: SettingsT
    places: int
    today: date
    half_even: bool = False

    def round(self, value: Decimal) -> Decimal:
        """The value at the field's places, by the company's rounding mode."""
        return quantise(value, self.places, self.half_even)


class Computed(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration that a function fills computed fields; made by `computed`."""

    name: str
    reads: tuple[str, ...]


def computed(name: str, *, reads: Iterable[str] = ()) -> Computed:
    """Declare the function behind `computed: name`, or behind one field as "object.field".

    `reads` are the paths the function reads: `net_total`, `lines.net_amount`, through links
    `customer.country`, from a line `parent.currency`. The engine fetches exactly these and computes
    again when one of them changes; the record the function gets knows nothing else.
    """
    parts = name.split(".")
    if len(parts) > 2 or not all(map(is_name, parts)):
        raise ValueError(f"computed({name!r}): a name like 'tax' or an 'object.field' is needed")
    paths = tuple(reads)
    for path in paths:
        if not all(map(is_name, path.split("."))):
            raise ValueError(f"computed({name!r}): {path!r} is not a path like 'lines.net_amount'")
    return Computed(name=name, reads=paths)
