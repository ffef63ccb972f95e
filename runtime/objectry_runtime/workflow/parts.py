"""Which lines of a record are converted, and how much of each."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from objectry.metadata.model import ConversionLinesModel
from objectry_runtime.command.completing import exceeds
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.refusals import conflict
from objectry_runtime.problems import FieldError, Problem
from objectry_runtime.workflow.wanted import Wanted


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A line to convert, and how much of it (None where whole lines are converted)."""

    line: Draft
    quantity: Decimal | None


def choose(
    source: Draft,
    lines: ConversionLinesModel,
    converted: Mapping[str, Decimal],
    wanted: Sequence[Wanted] | None,
    pointer: str,
    errors: list[FieldError],
) -> list[Part]:
    """The parts to convert. More than is open is one of the `errors`; nothing open is a 409, of a
    record among others (it has a `pointer`) an error too."""
    # The whole is what the definition says it is; a line is named by who may read it.
    present = {
        line.id: line
        for line in source.lines.get(lines.source, ())
        if (_belongs(line, lines) if wanted is None else not line.unseen)
    }
    left = {id: _open(line, lines, converted) for id, line in present.items()}
    if not any(quantity > 0 for quantity in left.values()):
        if not pointer:
            raise nothing_open()
        errors.append(FieldError(pointer, "open_quantity", "Nothing is open."))
        return []
    if wanted is None:
        return [
            Part(line=line, quantity=left[id] if lines.quantity else None)
            for id, line in present.items()
            if left[id] > 0
        ]
    parts: list[Part] = []
    for one in wanted:
        line = present.get(one.id)
        if line is None:
            errors.append(FieldError(one.pointer + "/id", "link", "The record has no such line."))
            continue
        error = _refused(one, line, lines, left[one.id])
        if error is not None:
            errors.append(error)
        quantity = one.quantity if one.quantity is not None else left[one.id]
        parts.append(Part(line=line, quantity=quantity if lines.quantity else None))
    return parts


def nothing_open() -> Problem:
    """The 409 of a record of which nothing is left to convert."""
    return conflict("nothing_open", "Nothing is open: all of it was converted already.")


def _belongs(line: Draft, lines: ConversionLinesModel) -> bool:
    """Whether a line is part of the whole; one whose links are not known yet may be."""
    if lines.when is None:
        return True
    return line.holds(lines.when) is True or bool(line.context.linked.missing)


def _open(line: Draft, lines: ConversionLinesModel, converted: Mapping[str, Decimal]) -> Decimal:
    whole = line.value(lines.quantity) if lines.quantity else Decimal(1)
    if not isinstance(whole, Decimal):
        return Decimal(0)
    return whole - converted.get(line.id, Decimal(0))


def _refused(
    one: Wanted, line: Draft, lines: ConversionLinesModel, left: Decimal
) -> FieldError | None:
    pointer = one.pointer + "/quantity"
    if one.quantity is None:
        return None if left > 0 else FieldError(one.pointer, "open_quantity", "Nothing is open.")
    if not lines.quantity:
        return FieldError(pointer, "unknown_field", "This conversion takes whole lines.")
    if one.quantity <= 0:
        return FieldError(pointer, "min", "The quantity to convert is more than nothing.")
    places = line.places(lines.quantity)
    if exceeds(one.quantity, places):
        return FieldError(pointer, "scale", f"At most {places} decimal places; it is not rounded.")
    if one.quantity > left:
        said = format(max(left, Decimal(0)), "f")
        return FieldError(pointer, "open_quantity", f"Only {said} is open.")
    return None
