"""A record as it lies in the database: typed values of all stored fields, with its lines."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import msgspec

from objectry.expressions import Value
from objectry.metadata.model import FieldModel, ObjectModel
from objectry.metadata.types import StorageClass
from objectry.values.documents import parse_document
from objectry.values.times import parse_duration
from objectry_runtime.host.live import Live
from objectry_runtime.query.linked import rollups_read
from objectry_runtime.query.slots import parse_array

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


class Stored:
    """How an object's stored fields come from the database: in which order, and as what."""

    def __init__(self, live: Live, model: ObjectModel) -> None:
        columns = live.storage.objects[model.name].columns
        asked = rollups_read(live, model)
        self.fields = tuple(
            field
            for name, field in model.fields.items()
            if (name in columns or name in asked) and name != "id"
        )
        self._names = tuple(field.name for field in self.fields)
        self._parsers = tuple(
            (field.name, parse)
            for field in self.fields
            if (parse := _PARSERS.get(field.type.storage)) is not None
        )

    def values(self, id: str, texts: Sequence[str | None]) -> dict[str, Value]:
        """The typed values of a row of that object, its id among them."""
        values: dict[str, Value] = {"id": id, **dict(zip(self._names, texts, strict=True))}
        for name, parse in self._parsers:
            text = values[name]
            if isinstance(text, str):
                values[name] = parse(text)
        return values


def stored_in(live: Live, model: ObjectModel) -> Stored:
    """How an object is stored, told once per release."""
    key = ("query.stored", model.name)
    found = live.compiled.get(key)
    if not isinstance(found, Stored):
        found = live.compiled[key] = Stored(live, model)
    return found


def stored_fields(live: Live, model: ObjectModel) -> tuple[FieldModel, ...]:
    """The fields a prefetch reads, in its order: all that have a column, but the id, and the live
    rollups that a write reads."""
    return stored_in(live, model).fields


def value_of(storage: StorageClass, text: str | None) -> Value:
    """The typed value of what PostgreSQL wrote as text."""
    parse = _PARSERS.get(storage)
    return text if text is None or parse is None else parse(text)


def _moment(text: str) -> Value:
    return datetime.fromisoformat(text).astimezone(UTC)


def _duration(text: str) -> Value:
    """An interval of hours, minutes and seconds, in the styles that PostgreSQL writes one in."""
    if text.startswith("P"):
        return parse_duration(text)
    hours, minutes, seconds = (int(part) for part in text.removeprefix("-").split(":"))
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -length if text.startswith("-") else length


_PARSERS: Mapping[StorageClass, Callable[[str], Value]] = {
    StorageClass.INTEGER: Decimal,
    StorageClass.NUMERIC: Decimal,
    StorageClass.BOOLEAN: lambda text: text in ("true", "t"),
    StorageClass.DATE: date.fromisoformat,
    StorageClass.TIMESTAMP: _moment,
    StorageClass.TIME: time.fromisoformat,
    StorageClass.INTERVAL: _duration,
    StorageClass.TEXTS: parse_array,
    StorageClass.UUIDS: parse_array,
    StorageClass.JSONB: parse_document,
}
