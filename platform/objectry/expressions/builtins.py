"""The plain functions in Python: each a total function, null where there is no answer.

Every one has its twin in SQL; `tests/conformance/expressions.yaml` and the property test hold them
together. Arguments are never null here: the evaluator answers null before it calls.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from objectry.expressions.bounds import REPLACED_CHARACTERS_MAX
from objectry.expressions.functions import POWER
from objectry.values import dates
from objectry.values.dates import Period
from objectry.values.numbers import EXACT, ZERO, plain, round_half_away, truncate
from objectry.values.text import WHITESPACE

Value = Decimal | str | bool | date | datetime | Period | Sequence[str] | None

DAYS_MAX = 4_000_000
MONTHS_MAX = 120_000
"""Longer periods than any calendar holds are null."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,38}(?:\.[0-9]{0,38})?|\.[0-9]{1,38})")


def days(n: Decimal) -> Period | None:
    """A period of n days, the fraction cut off."""
    whole = truncate(n)
    return Period(days=int(whole)) if abs(whole) <= DAYS_MAX else None


def months(n: Decimal) -> Period | None:
    """A period of n months, the fraction cut off."""
    whole = truncate(n)
    return Period(months=int(whole)) if abs(whole) <= MONTHS_MAX else None


def years(n: Decimal) -> Period | None:
    """A period of n years, the fraction cut off."""
    whole = truncate(n)
    return Period(months=12 * int(whole)) if abs(whole) * 12 <= MONTHS_MAX else None


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
        case date():
            return value.isoformat()
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


def _day(value: date | datetime) -> date:
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value


def _floor(x: Decimal) -> Decimal:
    return Decimal(math.floor(x))


def _ceil(x: Decimal) -> Decimal:
    return Decimal(math.ceil(x))


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "days": days,
    "months": months,
    "years": years,
    "days_between": lambda a, b: Decimal((b - a).days),
    "months_between": lambda a, b: Decimal(dates.months_between(a, b)),
    "date": lambda *a: dates.make_date(*a) if len(a) == 3 else to_date(*a),
    "year": lambda d: Decimal(_day(d).year),
    "month": lambda d: Decimal(_day(d).month),
    "day": lambda d: Decimal(_day(d).day),
    "weekday": lambda d: Decimal(_day(d).isoweekday()),
    "start_of": dates.start_of,
    "end_of": dates.end_of,
    "is_business_day": lambda d: d.isoweekday() <= 5,
    "round": lambda x, places=Decimal(0): round_half_away(x, int(places)),
    "floor": _floor,
    "ceil": _ceil,
    "abs": EXACT.abs,
    "len": lambda x: Decimal(len(x)),
    "lower": str.lower,
    "upper": str.upper,
    "trim": lambda x: x.strip(WHITESPACE),
    "contains": lambda x, part: part in x,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "replace": replace,
    "substring": substring,
    "text": text,
    "number": number,
    POWER: power,
}
