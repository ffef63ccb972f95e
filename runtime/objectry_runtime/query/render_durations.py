"""Durations in SQL: intervals of whole seconds, computed as exact numbers of seconds."""

from datetime import date, time, timedelta

from objectry.expressions.types import Kind
from objectry.values.times import duration_text


def constant_text(value: str | date | time | timedelta) -> str:
    """A constant of a definition in parameter form."""
    match value:
        case str():
            return value
        case timedelta():
            return duration_text(value)
        case _:
            return value.isoformat()


def seconds(value: str) -> str:
    """The seconds of a duration or moment, exactly."""
    return f"extract(epoch from {value})"


def with_duration(kinds: tuple[Kind, Kind], op: str, left: str, right: str) -> str:
    """Arithmetic in which a duration is an operand or the result."""
    span = Kind.DURATION
    match kinds, op:
        case (Kind.DURATION, Kind.DURATION), "+" | "-":
            return f"objectry.seconds({seconds(left)} {op} {seconds(right)})"
        case (Kind.DURATION, Kind.DURATION), "/":
            return f"objectry.div({seconds(left)}, {seconds(right)})"
        case _, "*":
            length, factor = (left, right) if kinds[0] is span else (right, left)
            return f"objectry.seconds({seconds(length)} * {factor})"
        case (Kind.DATETIME, Kind.DATETIME), _:
            return f"objectry.seconds(trunc({seconds(left)} - {seconds(right)}))"
        case (Kind.TIME, Kind.TIME), _:
            return f"({left} - {right})"
        case _:
            at, length = (right, left) if kinds[0] is span else (left, right)
            if Kind.TIME in kinds:
                return f"({at} {op} {length})"
            return f"objectry.later({at}, {'- ' if op == '-' else ''}{length})"
