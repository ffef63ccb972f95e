"""The plain functions in Python: each a total function, null where there is no answer.

Every one has its twin in SQL; `tests/conformance/expressions.yaml` and the property test hold them
together. Arguments are never null here: the evaluator answers null before it calls.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from objectry.expressions.bounds import REPLACED_CHARACTERS_MAX
from objectry.expressions.functions import POWER
from objectry.values import dates, times
from objectry.values.dates import Period
from objectry.values.documents import Document
from objectry.values.numbers import EXACT, ZERO, plain, round_half_away
from objectry.values.text import WHITESPACE

Value = (
    Decimal
    | str
    | bool
    | date
    | datetime
    | time
    | timedelta
    | Period
    | Document
    | Sequence[str]
    | None
)

DAYS_MAX = 4_000_000
MONTHS_MAX = 120_000
"""Longer periods than any calendar holds are null."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,38}(?:\.[0-9]{0,38})?|\.[0-9]{1,38})")


def days(n: Decimal) -> Period | None:
    """A period of n days, the fraction cut off."""
    return Period(days=int(n)) if abs(int(n)) <= DAYS_MAX else None


def months(n: Decimal) -> Period | None:
    """A period of n months, the fraction cut off."""
    return Period(months=int(n)) if abs(int(n)) <= MONTHS_MAX else None


def years(n: Decimal) -> Period | None:
    """A period of n years, the fraction cut off."""
    return months(Decimal(12 * int(n)))


def hours(n: Decimal) -> timedelta | None:
    """A duration of n hours, to whole seconds."""
    return times.of_seconds(EXACT.multiply(n, Decimal(3_600)))


def minutes(n: Decimal) -> timedelta | None:
    """A duration of n minutes, to whole seconds."""
    return times.of_seconds(EXACT.multiply(n, Decimal(60)))


def to_date(value: str | date | datetime) -> date | None:
    """The date that a text writes, or on which a moment lies in UTC."""
    if isinstance(value, str):
        return dates.parse_date(value)
    return _day(value)


def text(value: Value) -> str:
    """The one text form of a value."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return plain(value)
        case datetime():
            return dates.datetime_text(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return times.duration_text(value)
        case _:
            assert isinstance(value, str), value
            return value


def number(value: str | Decimal) -> Decimal | None:
    """The number that a text shows."""
    if isinstance(value, Decimal):
        return value
    trimmed = value.strip(WHITESPACE)
    return EXACT.plus(Decimal(trimmed)) if _NUMBER.fullmatch(trimmed) else None


def replace(value: str, old: str, new: str) -> str | None:
    """Every `old` replaced; an empty `old` is found nowhere."""
    if not old:
        return value
    if len(value) + value.count(old) * (len(new) - len(old)) > REPLACED_CHARACTERS_MAX:
        return None
    return value.replace(old, new)


def substring(value: str, start: Decimal, length: Decimal | None = None) -> str:
    """From the start-th character (1 is the first) on."""
    first = max(0, int(start) - 1)
    return value[first:] if length is None else value[first : first + max(0, int(length))]


def power(base: Decimal, exponent: Decimal) -> Decimal:
    """Repeated multiplication."""
    result = Decimal(1)
    for _ in range(int(exponent)):
        result = EXACT.multiply(result, base) or ZERO
    return result


def days_between(start: date, end: date) -> Decimal:
    """How many days `end` lies after `start`."""
    return Decimal((end - start).days)


def months_between(start: date, end: date) -> Decimal:
    """How many whole months `end` lies after `start`."""
    return Decimal(dates.months_between(start, end))


def make_date(first: Any, *rest: Decimal) -> date | None:
    """`date(…)`: of three numbers, or of one value."""
    return dates.make_date(first, *rest) if rest else to_date(first)


def year(value: date | datetime) -> Decimal:
    """The year, of a moment in UTC."""
    return Decimal(_day(value).year)


def month(value: date | datetime) -> Decimal:
    """The month, 1 to 12."""
    return Decimal(_day(value).month)


def day(value: date | datetime) -> Decimal:
    """The day of the month."""
    return Decimal(_day(value).day)


def weekday(value: date | datetime) -> Decimal:
    """Monday = 1 to Sunday = 7."""
    return Decimal(_day(value).isoweekday())


def is_business_day(value: date) -> bool:
    """Monday to Friday."""
    return value.isoweekday() <= 5


def round_(x: Decimal, places: Decimal = ZERO) -> Decimal:
    """Half away from zero."""
    return round_half_away(x, int(places))


def floor(x: Decimal) -> Decimal:
    """The next whole number downwards."""
    return Decimal(math.floor(x))


def ceil(x: Decimal) -> Decimal:
    """The next whole number upwards."""
    return Decimal(math.ceil(x))


def length(value: str | Sequence[str]) -> Decimal:
    """Characters of a text, items of a list."""
    return Decimal(len(value))


def trim(value: str) -> str:
    """Without white space at both ends."""
    return value.strip(WHITESPACE)


def contains(value: str, part: str) -> bool:
    """Whether the part occurs."""
    return part in value


def _day(value: date | datetime) -> date:
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "days": days,
    "months": months,
    "years": years,
    "hours": hours,
    "minutes": minutes,
    "seconds": times.of_seconds,
    "days_between": days_between,
    "months_between": months_between,
    "date": make_date,
    "year": year,
    "month": month,
    "day": day,
    "weekday": weekday,
    "start_of": dates.start_of,
    "end_of": dates.end_of,
    "is_business_day": is_business_day,
    "round": round_,
    "floor": floor,
    "ceil": ceil,
    "abs": EXACT.abs,
    "len": length,
    "lower": str.lower,
    "upper": str.upper,
    "trim": trim,
    "contains": contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "replace": replace,
    "substring": substring,
    "text": text,
    "number": number,
    POWER: power,
}
