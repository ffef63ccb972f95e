"""A plugin's computed field bound to one field of the release: called, checked, contained."""

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeGuard

import msgspec

from objectry.expressions.types import Kind
from objectry.sdk import ComputedValue, Context, Record
from objectry.values.ids import parse_id
from objectry.values.numbers import parse_decimal
from objectry.values.text import TextProblem, clean
from objectry.values.times import of_seconds, seconds_of
from objectry_runtime.host.view import Shape, Source
from objectry_runtime.problems import Problem

log = logging.getLogger("objectry.plugins")

Value = Decimal | str | bool | date | time | timedelta | tuple[str, ...] | None
"""What a field of the engine holds; a datetime is a date here."""


class BoundComputed(msgspec.Struct, frozen=True, kw_only=True):
    """Fills one field: `bound(source, places=2, today=…)`.

    Raises Problem 500 `plugin_failed` when the function raises, or returns what the field can't
    hold.
    """

    plugin: str
    name: str
    field: str  # object.field
    kind: Kind
    reads: tuple[str, ...]
    shape: Shape
    # Settings are of the plugin's own class, which nobody here needs to know, hence `Any`.
    settings: Any
    half_even: bool
    call: Callable[[Record, Context[Any]], ComputedValue]

    def __call__(self, source: Source, *, places: int, today: date) -> Value:
        """The value for the record behind `source`; numbers exact, not yet rounded to `places`."""
        record = self.shape.record(source)
        context = Context(
            settings=self.settings, places=places, today=today, half_even=self.half_even
        )
        try:
            returned = self.call(record, context)
        except (Exception, SystemExit) as error:  # foreign code: whatever it raises
            log.exception("plugin %s raised while computing %s", self.plugin, self.field)
            raise self._failed("It raised an error; the server's log has it.") from error
        value = _accept(self.kind, returned)
        if value is None and returned is not None:
            wanted = _WANTED.get(self.kind, "nothing that a plugin may fill")
            log.error(
                "plugin %s returned %r for %s, which takes %s",
                self.plugin, returned, self.field, wanted,
            )  # fmt: skip
            raise self._failed(
                f"It returned a {type(returned).__name__}; the field takes {wanted}."
            )
        return value

    def _failed(self, why: str) -> Problem:
        return Problem(
            500,
            "plugin_failed",
            "A plugin failed.",
            f"The plugin {self.plugin!r} could not compute {self.field}. {why}",
        )


_WANTED = {
    Kind.NUMBER: "a finite Decimal or int of at most 38 digits",
    Kind.TEXT: "a str without control characters",
    Kind.BOOLEAN: "a bool",
    Kind.DATE: "a date",
    Kind.DATETIME: "a datetime with a time zone",
    Kind.TIME: "a time of whole seconds without a zone",
    Kind.DURATION: "a timedelta of whole seconds",
    Kind.LIST: "a list of texts",
    Kind.LINK: "the id of a record",
}


def _accept(kind: Kind, value: object) -> Value:
    """The value as the engine holds it, or None where the field can't hold it."""
    match kind, value:
        case Kind.BOOLEAN, bool():
            return value
        case (_, bool()):
            return None
        case Kind.NUMBER, Decimal() | int():
            return parse_decimal(value)
        case Kind.TEXT, str():
            return _text(value)
        case Kind.DATETIME, datetime():
            return value if value.tzinfo is not None else None
        case (_, datetime()):
            return None
        case Kind.DATE, date():
            return value
        case Kind.TIME, time():
            return value if not (value.microsecond or value.tzinfo) else None
        case Kind.DURATION, timedelta():
            return None if value.microseconds else of_seconds(seconds_of(value))
        case Kind.LIST, _ if _is_sequence(value):
            return _texts(value)
        case Kind.LINK, str():
            return parse_id(value)
        case _:
            return None


def _is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a plugin returned a list or a tuple."""
    return isinstance(value, list | tuple)


def _texts(values: Sequence[object]) -> tuple[str, ...] | None:
    texts = [_text(each) if isinstance(each, str) else None for each in values]
    known = tuple(each for each in texts if each is not None)
    return known if len(known) == len(texts) == len(set(known)) else None


def _text(value: str) -> str | None:
    try:
        return clean(value, multiline=True)
    except TextProblem:
        return None
