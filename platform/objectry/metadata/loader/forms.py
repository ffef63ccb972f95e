"""Plain values in the form a definition wants: what was left out as misshapen takes its default."""

from collections.abc import Iterable
from decimal import Decimal

from objectry.metadata.loader.plain import Plain

Mapping = dict[str, Plain]


def source_text(value: Plain) -> str:
    """The expression that a YAML value of an expression key is: `true` is `True`, 0.5 is `0.5`."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def mapping(value: Plain) -> Mapping:
    """A mapping; what is empty or misshapen (and reported) is an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Plain) -> list[Plain]:
    """A list; what is empty or misshapen (and reported) is an empty one."""
    return value if isinstance(value, list) else []


def texts(value: Plain) -> list[Plain]:
    """A text or a list of texts as a list; misshapen items are empty texts."""
    if value is None:
        return []
    found = value if isinstance(value, list) else [value]
    return ["" if item is None else item for item in found]


def sources(data: Mapping, keys: Iterable[str]) -> None:
    """Turn the values of expression keys into source texts."""
    for key in keys:
        if key in data:
            data[key] = source_text(data[key])


def source_map(data: Plain) -> Mapping:
    """A mapping whose values are expressions."""
    return {name: source_text(source) for name, source in mapping(data).items()}


def json_value(value: Plain) -> Plain:
    """A value as JSON has it; a number with a point is a text, as bodies write it."""
    match value:
        case Decimal():
            return format(value, "f")
        case list():
            return [json_value(item) for item in value]
        case dict():
            return {key: json_value(item) for key, item in value.items()}
        case _:
            return value
