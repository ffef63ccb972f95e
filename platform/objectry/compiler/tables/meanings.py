"""What a constraint that refused a row means to the person who sent it."""

from typing import Literal

import msgspec

MeaningKind = Literal["unique", "link", "required", "range", "number"]


class ConstraintMeaning(msgspec.Struct, frozen=True, kw_only=True):
    """The object and the fields a constraint is about, and what it holds them to.

    `unique`: no two records have the same; `link`: the linked record must exist, and may not go
    while it is linked; `required`: must have a value; `range`: too many digits or decimal places;
    `number`: the record's number was taken. The link of a line to its owner has field `parent`.
    """

    object: str
    fields: tuple[str, ...]
    kind: MeaningKind
