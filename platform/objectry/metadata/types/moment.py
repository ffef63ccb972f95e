"""Dates and moments, and true or false."""

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType, Reader, parsed
from objectry.metadata.types.refusal import Refused, named
from objectry.metadata.types.storage import EQUAL, ORDERED, StorageClass
from objectry.metadata.types.use import Options, Schema, Use
from objectry.values.dates import parse_date, parse_datetime


class Boolean(FieldType):
    """True or false."""

    name = "boolean"
    summary = "True or false."
    storage = StorageClass.BOOLEAN
    kind = Kind.BOOLEAN
    operators = EQUAL
    widget = "checkbox"
    examples = (True, False)
    mistakes = ("true", 1)

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """A JSON boolean."""
        del use, required
        return {"type": "boolean"}

    def reader(self, use: Use) -> Reader:
        """Reads a JSON boolean, nothing that looks like one."""
        del use
        return _boolean

    def closed(self, options: Options) -> bool:
        """There are two."""
        del options
        return True


class CalendarDate(FieldType):
    """A day."""

    name = "date"
    summary = "A calendar date."
    storage = StorageClass.DATE
    kind = Kind.DATE
    operators = ORDERED
    widget = "date"
    examples = ("2026-03-31",)
    mistakes = ("2026-02-30", "31.03.2026", 20260331)

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """An ISO date."""
        del use, required
        return {"type": "string", "format": "date"}

    def reader(self, use: Use) -> Reader:
        """Reads an ISO date."""
        del use
        return parsed("date", "A date is written 2026-03-31.", parse_date)


class Moment(FieldType):
    """A moment, in any zone written, in UTC kept."""

    name = "datetime"
    summary = "A moment, kept in UTC."
    storage = StorageClass.TIMESTAMP
    kind = Kind.DATETIME
    operators = ORDERED
    widget = "datetime"
    examples = ("2026-03-31T14:30:00Z",)
    mistakes = ("2026-03-31T14:30:00", "2026-03-31")

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """RFC 3339."""
        del use, required
        return {"type": "string", "format": "date-time"}

    def reader(self, use: Use) -> Reader:
        """Reads RFC 3339 with its zone."""
        del use
        message = "A moment is written 2026-03-31T14:30:00Z, with its zone."
        return parsed("datetime", message, parse_datetime)


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Refused("type", f"Expected true or false, got {named(value)}.")
