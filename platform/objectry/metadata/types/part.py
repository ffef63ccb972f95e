"""A part of a composite as its own type sees it: a field with hardly any options."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from objectry.metadata.types.use import Choice


class PartOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The `Options` of a part; each is what a field without that key has."""

    required: bool = False
    min: Decimal | None = None
    max: Decimal | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    precision: int | None = None
    currency: str = ""
    options: Sequence[Choice] = ()
    to: Sequence[str] = ()
    of: str = ""
