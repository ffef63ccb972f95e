"""Live numbers are rounded as stored ones are: to the places of their field or currency."""

from typing import TYPE_CHECKING

from objectry.metadata.model import FieldModel
from objectry.metadata.types import StorageClass
from objectry.values.currencies import minor_units

if TYPE_CHECKING:
    from objectry_runtime.query.frame import ObjectFrame


def round_live(field: FieldModel, value: str, frame: "ObjectFrame") -> str:
    """The value of a live formula with exactly the places its field shows."""
    match field.type.storage:
        case StorageClass.INTEGER:
            return f"round({value})::bigint"
        case StorageClass.NUMERIC:
            company = frame.rendering.live.settings.get("company", {})
            if field.currency is not None and company.get("rounding") == "half_even":
                return _half_even(value, _places(field, frame))
            return f"round({value}, {_places(field, frame)})"
        case _:
            return value


def _half_even(value: str, places: str) -> str:
    """Ties go to the even neighbour; PostgreSQL's own `round` takes them away from zero."""
    tie = "abs(q.v - trunc(q.v, q.n)) * 10::numeric ^ q.n = 0.5"
    even = "mod(trunc(q.v, q.n) * 10::numeric ^ q.n, 2) = 0"
    return (
        f"(select case when {tie} and {even} then trunc(q.v, q.n) else round(q.v, q.n) end"
        f" from (select {value} as v, {places} as n) q)"
    )


def _places(field: FieldModel, frame: "ObjectFrame") -> str:
    if field.scale is not None:
        return str(field.scale)
    source = field.currency
    match source.root if source else "company":
        case "code":
            assert source is not None, "a code has a source"
            return str(minor_units(source.name))
        case "record":
            assert source is not None, "a record's currency has a source"
            return _places_of(frame.raw(source.name), frame)
        case "parent":
            assert source is not None, "a parent's currency has a source"
            return _places_of(frame.parent.column((source.name,)), frame)
        case _:
            return str(_company_places(frame))


def _places_of(currency: str, frame: "ObjectFrame") -> str:
    """Without a currency an amount has the company's places, as when it is written."""
    company = _company_places(frame)
    places = f"objectry.minor_units({currency})"
    # Without one, `minor_units` gives 2.
    return (
        places
        if company == 2
        else f"(case when {currency} is null then {company} else {places} end)"
    )


def _company_places(frame: "ObjectFrame") -> int:
    company = frame.rendering.live.settings.get("company", {})
    return minor_units(str(company.get("currency", "")))
