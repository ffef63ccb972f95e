"""Values of a query, read by the type of their field; a 400 says what would be right."""

from objectry.metadata.model import FieldModel
from objectry.metadata.types import StorageClass
from objectry.values.dates import parse_date, parse_datetime
from objectry.values.ids import parse_id
from objectry.values.numbers import parse_decimal
from objectry.values.text import TextProblem, clean
from objectry.values.times import duration_text, parse_duration, parse_time
from objectry_runtime.query.refusal import bad_query, near, quoted

BIGINT_MAX = 2**63 - 1


def parse_value(field: FieldModel, text: str, parameter: str) -> str:
    """The value in parameter form."""
    match field.type.storage:
        case StorageClass.TEXT:
            return _text(field, text, parameter)
        case StorageClass.INTEGER:
            number = parse_decimal(text)
            if number is None or number != int(number) or abs(number) > BIGINT_MAX:
                raise _wrong(parameter, text, "a whole number, such as 42")
            return str(int(number))
        case StorageClass.NUMERIC:
            number = parse_decimal(text)
            if number is None:
                raise _wrong(parameter, text, "a number, such as 119.00")
            return format(number, "f")
        case StorageClass.BOOLEAN:
            return parse_boolean(text, parameter)
        case StorageClass.DATE:
            day = parse_date(text)
            if day is None:
                raise _wrong(parameter, text, "a date, such as 2026-03-31")
            return day.isoformat()
        case StorageClass.TIMESTAMP:
            moment = parse_datetime(text)
            if moment is None:
                raise _wrong(parameter, text, "a moment, such as 2026-03-31T09:30:00Z")
            return moment.isoformat()
        case StorageClass.TIME:
            at = parse_time(text)
            if at is None:
                raise _wrong(parameter, text, "a time of day, such as 08:30")
            return at.isoformat()
        case StorageClass.INTERVAL:
            length = parse_duration(text)
            if length is None:
                raise _wrong(parameter, text, "a duration, such as PT1H30M")
            return duration_text(length)
        case StorageClass.TEXTS:
            return _text(field, text, parameter)
        case StorageClass.UUID | StorageClass.UUIDS:
            found = parse_id(text)
            if found is None:
                raise _wrong(parameter, text, "the id of a record")
            return found
        case StorageClass.NONE | StorageClass.JSONB:
            raise AssertionError(f"{field.name} takes no operator")


def parse_boolean(text: str, parameter: str) -> str:
    """`true` or `false`."""
    if text not in ("true", "false"):
        raise _wrong(parameter, text, "true or false")
    return text


def _text(field: FieldModel, text: str, parameter: str) -> str:
    try:
        cleaned = clean(text, multiline=True)
    except TextProblem as problem:
        raise bad_query(f"{parameter}: {problem.message}") from None
    listed = field.type.listed(field.definition)
    if listed and cleaned not in listed:
        hint = near(cleaned, listed) or f" One of: {', '.join(listed[:20])}."
        raise bad_query(f"{parameter}: {quoted(text)} is no option.{hint}")
    found = field.type.asked(cleaned)
    if found is None:
        raise _wrong(parameter, text, field.type.wanted)
    return found


def _wrong(parameter: str, text: str, right: str) -> Exception:
    return bad_query(f"{parameter}: {quoted(text)} is not {right}.")
