"""Cron expressions: when by the clock, in five parts."""

import re

import msgspec

_PARTS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "sun mon tue wed thu fri sat".split()
_NAMES = {
    "month": {name: number for number, name in enumerate(_MONTHS, start=1)},
    "day of the week": {name: number for number, name in enumerate(_DAYS)},
}
_DAYS_MAX = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ITEM = re.compile(r"(\*|[0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?(?:/([0-9]{1,2}))?", re.I)


class ScheduleProblem(ValueError):
    """What is wrong with a cron expression."""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """The minutes at which something happens.

    Days of the week count from Sunday, 0. Where both days are restricted, either will do, as cron
    has it.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool


def read_schedule(text: str) -> Schedule:
    """Read `minute hour day month weekday`; raises ScheduleProblem.

    A part is `*`, a number, a range `1-5`, a step `*/15` or a list of these; months and days of the
    week may be named by three letters.
    """
    words = text.split()
    if len(words) != len(_PARTS):
        raise ScheduleProblem(f"It has {len(words)} parts, not 5.")
    found = [_part(word, *part) for word, part in zip(words, _PARTS, strict=True)]
    minutes, hours, days, months, weekdays = found
    either = "*" not in (words[2][0], words[4][0])
    if not either and not any(day <= _DAYS_MAX[month - 1] for day in days for month in months):
        raise ScheduleProblem("There is no such day in such a month.")
    return Schedule(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset(day % 7 for day in weekdays),
        either=either,
    )


def _part(text: str, noun: str, least: int, most: int) -> frozenset[int]:
    values: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None or (match[1] == "*" and match[2]):
            raise ScheduleProblem(f"`{item}` is no {noun}.")
        first = least if match[1] == "*" else _number(match[1], noun, least, most)
        if match[2]:
            last = _number(match[2], noun, least, most)
        else:
            last = most if match[1] == "*" or match[3] else first
        step = int(match[3] or 1)
        if step == 0 or last < first:
            raise ScheduleProblem(f"`{item}` is no {noun}.")
        values.update(range(first, last + 1, step))
    return frozenset(values)


def _number(text: str, noun: str, least: int, most: int) -> int:
    number = int(text) if text.isdigit() else _NAMES.get(noun, {}).get(text.lower(), -1)
    if not least <= number <= most:
        raise ScheduleProblem(f"`{text}` is no {noun} ({least} to {most}).")
    return number
