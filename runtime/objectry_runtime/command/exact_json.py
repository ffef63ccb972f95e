"""Values of expressions as JSON that loses nothing: what JSON has no type for is told by a name."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any  # JSON as it was read

from objectry.expressions import Value
from objectry.values.documents import Document, is_list, is_mapping, parse_document

_READ: Mapping[str, Callable[[str], Value]] = {
    "decimal": Decimal,
    "moment": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "seconds": lambda text: timedelta(seconds=int(text)),
    "document": lambda text: parse_document(text),
}


def write_value(value: Value) -> Any:
    """The JSON of a field's value."""
    match value:
        case None | str() | bool():
            return value
        case Decimal():
            return {"decimal": format(value, "f")}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case time():
            return {"time": value.isoformat()}
        case timedelta():
            return {"seconds": str(value // timedelta(seconds=1))}
        case Document():
            return {"document": value.text}
        case list() | tuple():
            return list(value)
        case _:
            raise AssertionError(f"{type(value).__name__} is no value of a field")


def read_value(found: object) -> Value:
    """The value that `write_value` wrote."""
    if is_mapping(found):
        [(kind, text)] = found.items()
        return _READ[kind](str(text))
    if is_list(found):
        return tuple(str(item) for item in found)
    assert found is None or isinstance(found, str | bool), "it was written by write_value"
    return found
