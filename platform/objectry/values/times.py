"""Times of day, and durations: whole seconds, written as ISO 8601 does (`PT1H30M`)."""

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from decimal import Decimal

from objectry.values.numbers import EXACT, divide, round_half_away

SECONDS_MAX = 400_000_000_000
"""More than lies between the years 1 and 9999; longer durations are null."""

_DAY = 86_400
_DURATION = re.compile(
    r"(-)?P(?=[0-9T])(?:([0-9]{1,12})W)?(?:([0-9]{1,12})D)?"
    r"(?:T(?=[0-9-])(?:(-?[0-9]{1,12})H)?(?:(-?[0-9]{1,12})M)?(?:(-?[0-9]{1,12})S)?)?"
)
_UNITS = (7 * _DAY, _DAY, 3_600, 60, 1)
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")


def of_seconds(seconds: int | Decimal) -> timedelta | None:
    """The duration of so many seconds, a fraction rounded half away; None beyond the bound."""
    whole = int(round_half_away(Decimal(seconds), 0))
    return timedelta(seconds=whole) if abs(whole) <= SECONDS_MAX else None


def seconds_of(duration: timedelta) -> int:
    """Its whole seconds."""
    return duration.days * _DAY + duration.seconds


def parse_duration(text: str) -> timedelta | None:
    """`PT1H30M`, `P2DT4H`, `P1W`, `-PT5M`; a day has 24 hours. Years and months have no length."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    sign, *parts = found.groups()
    total = sum(int(n or 0) * unit for n, unit in zip(parts, _UNITS, strict=True))
    return of_seconds(-total if sign else total)


def duration_text(duration: timedelta) -> str:
    """The one way it is written: hours, minutes and seconds, each with the sign (`PT-1H-30M`)."""
    seconds = seconds_of(duration)
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "H"), (minutes, "M"), (rest, "S"))
    return "PT" + ("".join(f"{sign}{n}{unit}" for n, unit in parts if n) or "0S")


def longer(a: timedelta, b: timedelta) -> timedelta | None:
    """Both together."""
    return of_seconds(seconds_of(a) + seconds_of(b))


def total(durations: Iterable[timedelta]) -> timedelta | None:
    """All of them together; nothing is PT0S."""
    return of_seconds(sum(map(seconds_of, durations)))


def times(duration: timedelta, factor: Decimal) -> timedelta | None:
    """So many times the duration, to whole seconds."""
    return of_seconds(EXACT.multiply(Decimal(seconds_of(duration)), factor))


def share(a: timedelta, b: timedelta) -> Decimal | None:
    """How many times `b` goes into `a`, to 12 places; None where `b` is nothing."""
    return divide(Decimal(seconds_of(a)), Decimal(seconds_of(b)))


def later(moment: datetime, duration: timedelta) -> datetime | None:
    """The moment so much later; None outside years 1 to 9999."""
    try:
        return moment + duration
    except OverflowError:
        return None


def between(start: datetime, end: datetime) -> timedelta | None:
    """How much later `end` is, in whole seconds (a fraction is cut off)."""
    span = end - start
    whole = abs(span) // timedelta(seconds=1)
    return of_seconds(-whole if span < timedelta() else whole)


def parse_time(text: str) -> time | None:
    """A time of day written `08:30` or `08:30:00`, or None."""
    if not _TIME.fullmatch(text):
        return None
    return time.fromisoformat(text)


def on_the_clock(at: time, duration: timedelta) -> time:
    """The time of day so much later; the clock goes round at midnight."""
    seconds = (_of_day(at) + seconds_of(duration)) % _DAY
    return time(seconds // 3_600, seconds // 60 % 60, seconds % 60)


def apart(start: time, end: time) -> timedelta:
    """How much later on the same day `end` is; negative when before."""
    return timedelta(seconds=_of_day(end) - _of_day(start))


def _of_day(at: time) -> int:
    return at.hour * 3_600 + at.minute * 60 + at.second
