"""Which lines of a record are converted, and how much of each."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from objectry.metadata.model import ConversionLinesModel
from objectry.values.ids import parse_id
from objectry.values.numbers import parse_decimal
from objectry_runtime.command.bodies import is_array, is_object, step
from objectry_runtime.command.completing import exceeds
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.refusals import conflict
from objectry_runtime.problems import FieldError, Problem, invalid

LINES_MAX = 10_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A line a body asks for; no `quantity` means all that is open of it."""

    pointer: str
    id: str
    quantity: Decimal | None


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A line to convert, and how much of it (None where whole lines are converted)."""

    line: Draft
    quantity: Decimal | None


def read_wanted(document: object, *, lines: bool) -> list[Wanted] | None:
    """The body of a conversion: None for the whole, else the lines it names."""
    if document is None or document == {}:
        return None
    if not is_object(document):
        raise invalid([FieldError("", "type", "The body of a conversion is a JSON object.")])
    known = ("lines",) if lines else ()
    errors = [
        FieldError(step(key), "unknown_field", "There is no such parameter.")
        for key in document
        if key not in known
    ]
    given = document.get("lines") if lines else None
    rows = given if is_array(given) else []
    wanted: list[Wanted] = []
    if given is not None and not 0 < len(rows) <= LINES_MAX:
        message = f"An array of 1 to {LINES_MAX} lines, each with `id` and `quantity`."
        errors.append(FieldError("/lines", "type", message))
    else:
        for index, row in enumerate(rows):
            wanted += _read_row(row, f"/lines/{index}", errors)
    for one in {one.id: one for one in wanted}.values():
        for again in [other for other in wanted if other.id == one.id][1:]:
            message = "This line comes twice."
            errors.append(FieldError(again.pointer + "/id", "duplicate", message))
    if errors:
        raise invalid(errors)
    return wanted if given is not None else None


def choose(
    source: Draft,
    lines: ConversionLinesModel,
    converted: Mapping[str, Decimal],
    wanted: Sequence[Wanted] | None,
    errors: list[FieldError],
) -> list[Part]:
    """The parts to convert. More than is open is one of the `errors`; nothing open is a 409."""
    # The whole is the whole; a line is named by who may read it.
    present = {
        line.id: line
        for line in source.lines.get(lines.source, ())
        if wanted is None or not line.unseen
    }
    left = {id: _open(line, lines, converted) for id, line in present.items()}
    if not any(quantity > 0 for quantity in left.values()):
        raise nothing_open()
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


def _read_row(row: object, pointer: str, errors: list[FieldError]) -> list[Wanted]:
    if not is_object(row):
        errors.append(FieldError(pointer, "type", "A line is a JSON object."))
        return []
    before = len(errors)
    for key in row:
        if key not in ("id", "quantity"):
            message = "There is no such parameter."
            errors.append(FieldError(pointer + step(key), "unknown_field", message))
    identity, said = row.get("id"), row.get("quantity")
    id = parse_id(identity) if isinstance(identity, str) else None
    if id is None:
        errors.append(FieldError(pointer + "/id", "link", "A line is named by its id, a UUID."))
    quantity: Decimal | None = None
    if said is not None:
        if isinstance(said, str | int | Decimal) and not isinstance(said, bool):
            quantity = parse_decimal(said)
        if quantity is None:
            message = 'Expected a number as "2.5" or 2.5.'
            errors.append(FieldError(pointer + "/quantity", "type", message))
    if len(errors) > before or id is None:
        return []
    return [Wanted(pointer=pointer, id=id, quantity=quantity)]
