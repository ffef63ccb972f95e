"""Calendar dates, moments in UTC, and periods of months and days."""

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import overload

import msgspec

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


class Period(msgspec.Struct, frozen=True):
    """A span of calendar time: months are added first (to the month's last day at most)."""

    months: int = 0
    days: int = 0

    def __add__(self, other: "Period") -> "Period":
        """Both spans together."""
        return Period(self.months + other.months, self.days + other.days)

    def __neg__(self) -> "Period":
        """The same span backwards."""
        return Period(-self.months, -self.days)


@overload
def add(moment: datetime, period: Period) -> datetime | None: ...
@overload
def add(moment: date, period: Period) -> date | None: ...
def add(moment: date, period: Period) -> date | None:
    """The day (or moment) a period later: months first, then days. None outside years 1 to 9999.

    31 January plus one month is the last day of February.
    """
    months = moment.year * 12 + moment.month - 1 + period.months
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:
        return None
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    try:
        return moment.replace(year=year, month=month + 1, day=day) + timedelta(days=period.days)
    except OverflowError:
        return None


def months_between(start: date, end: date) -> int:
    """How many whole months `end` lies after `start`; negative when before."""
    if end < start:
        return -months_between(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    reached = add(start, Period(months))
    return months if reached is not None and reached <= end else months - 1


def start_of(day: date, unit: str) -> date:
    """The first day of the day's `year`, `quarter`, `month` or `week` (which begins on Monday)."""
    match unit:
        case "year":
            return day.replace(month=1, day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "month":
            return day.replace(day=1)
        case _:
            assert unit == "week", unit
            return day - timedelta(days=day.weekday())


def end_of(day: date, unit: str) -> date | None:
    """The last day of the day's `year`, `quarter`, `month` or `week`; None after year 9999."""
    match unit:
        case "year":
            return day.replace(month=12, day=31)
        case "week":
            return add(day, Period(days=6 - day.weekday()))
        case _:
            month = day.month if unit == "month" else (day.month - 1) // 3 * 3 + 3
            return day.replace(month=month, day=calendar.monthrange(day.year, month)[1])


def make_date(year: Decimal, month: Decimal, day: Decimal) -> date | None:
    """The date of three numbers, or None where there is no such day."""
    whole = [int(n) for n in (year, month, day) if n == int(n) and 1 <= n <= 9999]
    if len(whole) < 3:
        return None
    try:
        return date(whole[0], whole[1], whole[2])
    except ValueError:
        return None


def parse_date(text: str) -> date | None:
    """A date written `2026-03-31`, or None."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def parse_datetime(text: str) -> datetime | None:
    """A moment written as RFC 3339 with its offset (`2026-03-31T09:30:00Z`), in UTC; or None."""
    if not _DATETIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=256)  # all records of a write bear the same few moments
def datetime_text(moment: datetime) -> str:
    """RFC 3339 in UTC: `2026-03-31T09:30:00Z`; six places of the second when it has any."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
