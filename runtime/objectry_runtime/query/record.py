"""A record as it lies in the database: typed values of all stored fields, with its lines."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from objectry.expressions import Value
from objectry.metadata.types import StorageClass

Values = Mapping[str, Value]


class LineState(msgspec.Struct, frozen=True, kw_only=True):
    """One line: its id, the values of its stored fields, whether the caller may read it."""

    id: str
    values: Values
    readable: bool = True


class RecordState(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a record: every stored field, and the lines of every table field in order."""

    id: str
    version: int
    values: Values
    lines: Mapping[str, tuple[LineState, ...]] = {}


def value_of(storage: StorageClass, text: str | None) -> Value:
    """The typed value of what PostgreSQL wrote as text."""
    if text is None:
        return None
    match storage:
        case StorageClass.INTEGER | StorageClass.NUMERIC:
            return Decimal(text)
        case StorageClass.BOOLEAN:
            return text in ("true", "t")
        case StorageClass.DATE:
            return date.fromisoformat(text)
        case StorageClass.TIMESTAMP:
            return datetime.fromisoformat(text).astimezone(UTC)
        case _:
            return text


def text_of(value: Value) -> str | None:
    """The text form PostgreSQL reads back as the same value."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case date():  # a datetime too
            return value.isoformat()
        case str():
            return value
        case _:
            raise AssertionError(f"{type(value).__name__} has no column")
