"""Times of day and durations."""

from collections.abc import Iterator

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType, Reader, parsed
from objectry.metadata.types.storage import ORDERED, StorageClass
from objectry.metadata.types.use import Reference, Rule, Schema, Use
from objectry.values.patterns import DURATION, TIME
from objectry.values.times import SECONDS_MAX, parse_duration, parse_time


class TimeOfDay(FieldType):
    """A time of day."""

    name = "time"
    summary = "A time of day, without a date or a zone."
    storage = StorageClass.TIME
    kind = Kind.TIME
    operators = ORDERED
    widget = "time"
    examples = ("08:30:00",)
    mistakes = ("8:30", "24:00:00", "08:30:00.5", "08:30:00Z", 830)

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """Hours and minutes, with seconds or without."""
        del use, required
        return {"type": "string", "pattern": TIME}

    def reader(self, use: Use) -> Reader:
        """Reads a time of day."""
        del use
        return parsed("time", "A time of day is written 08:30 or 08:30:00.", parse_time)


class Duration(FieldType):
    """A length of time."""

    name = "duration"
    summary = "A length of time in whole seconds (ISO 8601); a day is 24 hours."
    storage = StorageClass.INTERVAL
    kind = Kind.DURATION
    operators = ORDERED
    widget = "duration"
    examples = ("PT1H30M", "PT-15M")
    mistakes = ("1:30", "P1M", "PT", "PT0.5S", "PT999999999999H", 90)

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """Hours, minutes and seconds."""
        del use, reference
        return {"type": "string", "pattern": DURATION}

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """Weeks to seconds."""
        del use, required
        return {"type": "string", "pattern": DURATION}

    def reader(self, use: Use) -> Reader:
        """Reads a duration of fixed length."""
        del use
        message = "A duration is written PT1H30M or P2DT4H: days to seconds, whole numbers."
        return parsed("duration", message, parse_duration)

    def rules(self, use: Use, column: str) -> Iterator[Rule]:
        """Whole seconds, no days and months: what is equal is written in one way."""
        del use
        whole = f'make_interval(secs => extract(epoch from "{column}")::bigint)'
        yield Rule(
            "seconds",
            f'"{column}" = {whole} and abs(extract(epoch from "{column}")) <= {SECONDS_MAX}',
        )
