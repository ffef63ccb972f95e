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
SOURCES_MAX = 500


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A line a body asks for; no `quantity` means all that is open of it."""

    pointer: str
    id: str
    quantity: Decimal | None


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A record that a body wants made into one with others; no lines means all that is open."""

    pointer: str
    id: str
    wanted: Sequence[Wanted] | None


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
    errors = _unknown(document, ("lines",) if lines else (), "")
    wanted = _read_lines(document, "", errors) if lines else None
    if errors:
        raise invalid(errors)
    return wanted


def read_sources(document: object, *, lines: bool) -> list[Asked]:
    """The body of a collective conversion: the records to make into one, in their order."""
    rows = document.get("sources") if is_object(document) else None
    if not is_object(document) or not is_array(rows) or not 0 < len(rows) <= SOURCES_MAX:
        message = f"`sources` is an array of 1 to {SOURCES_MAX} records, each with its `id`."
        raise invalid([FieldError("/sources", "type", message)])
    errors = _unknown(document, ("sources",), "")
    asked: list[Asked] = []
    for index, row in enumerate(rows):
        asked += _read_source(row, f"/sources/{index}", errors, lines=lines)
    errors += _twice(asked, "This record comes twice.")
    if errors:
        raise invalid(errors)
    return asked


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
    # The whole is the whole; a line is named by who may read it.
    present = {
        line.id: line
        for line in source.lines.get(lines.source, ())
        if wanted is None or not line.unseen
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


def _read_source(
    row: object, pointer: str, errors: list[FieldError], *, lines: bool
) -> list[Asked]:
    if not is_object(row):
        errors.append(FieldError(pointer, "type", "A source is a JSON object."))
        return []
    errors += _unknown(row, ("id", "lines") if lines else ("id",), pointer)
    id = _read_id(row, pointer, "A record is named by its id, a UUID.", errors)
    wanted = _read_lines(row, pointer, errors) if lines else None
    return [] if id is None else [Asked(pointer=pointer, id=id, wanted=wanted)]


def _read_lines(
    document: Mapping[str, object], pointer: str, errors: list[FieldError]
) -> list[Wanted] | None:
    """The lines that a body names; None where it names none."""
    given = document.get("lines")
    if given is None:
        return None
    if not is_array(given) or not 0 < len(given) <= LINES_MAX:
        message = f"An array of 1 to {LINES_MAX} lines, each with `id` and `quantity`."
        errors.append(FieldError(f"{pointer}/lines", "type", message))
        return None
    wanted: list[Wanted] = []
    for index, row in enumerate(given):
        wanted += _read_row(row, f"{pointer}/lines/{index}", errors)
    errors += _twice(wanted, "This line comes twice.")
    return wanted


def _twice(named: Sequence[Wanted | Asked], message: str) -> list[FieldError]:
    seen: set[str] = set()
    errors: list[FieldError] = []
    for one in named:
        if one.id in seen:
            errors.append(FieldError(f"{one.pointer}/id", "duplicate", message))
        seen.add(one.id)
    return errors


def _unknown(
    document: Mapping[str, object], known: Sequence[str], pointer: str
) -> list[FieldError]:
    return [
        FieldError(pointer + step(key), "unknown_field", "There is no such parameter.")
        for key in document
        if key not in known
    ]


def _read_id(
    row: Mapping[str, object], pointer: str, message: str, errors: list[FieldError]
) -> str | None:
    identity = row.get("id")
    id = parse_id(identity) if isinstance(identity, str) else None
    if id is None:
        errors.append(FieldError(f"{pointer}/id", "link", message))
    return id


def _read_row(row: object, pointer: str, errors: list[FieldError]) -> list[Wanted]:
    if not is_object(row):
        errors.append(FieldError(pointer, "type", "A line is a JSON object."))
        return []
    before = len(errors)
    errors += _unknown(row, ("id", "quantity"), pointer)
    id = _read_id(row, pointer, "A line is named by its id, a UUID.", errors)
    said = row.get("quantity")
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
