"""Bodies of conversions: which lines they name, and which records where there are several."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from objectry.values.ids import parse_id
from objectry.values.numbers import parse_decimal
from objectry_runtime.command.bodies import is_array, is_object, step
from objectry_runtime.problems import FieldError, invalid

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
