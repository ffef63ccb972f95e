"""Documents: JSON values as one value, exact and immutable.

Two are equal when they say the same: keys in any order, numbers with the same places (`1.50` is
kept and is not `1.5`), and true is not 1.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeGuard

Json = None | bool | int | Decimal | str | Sequence["Json"] | Mapping[str, "Json"]


class Document:
    """A JSON value that is compared, kept and passed on as a whole."""

    __slots__ = ("_json", "text")

    text: str
    """Its one JSON text: keys sorted, no white space, numbers without exponent."""

    def __init__(self, value: Json) -> None:
        """`value` is not changed by anybody afterwards."""
        self._json = value
        self.text = _written(value)

    @property
    def json(self) -> Json:
        """The value in builtins, numbers as int or Decimal."""
        return self._json

    def part(self, name: str) -> str | None:
        """A member of an object whose members are texts; None where it has none."""
        found = self._json.get(name) if isinstance(self._json, Mapping) else None
        return found if isinstance(found, str) else None

    def __eq__(self, other: object) -> bool:
        """Whether both say the same."""
        return isinstance(other, Document) and self.text == other.text

    def __hash__(self) -> int:
        """By what it says."""
        return hash(self.text)

    def __repr__(self) -> str:
        """Its text."""
        return f"Document({self.text})"


def parse_document(text: str) -> Document:
    """The document of a JSON text that is known to be one, its numbers exact."""
    value: Json = json.loads(text, parse_float=Decimal)
    return Document(value)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)


def is_mapping(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a JSON value is an object: its keys are texts."""
    return isinstance(value, dict)


def _written(value: Json) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return format(value, "f") if value else format(abs(value), "f")
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            pairs = (f"{_written(key)}:{_written(value[key])}" for key in sorted(value))
            return "{" + ",".join(pairs) + "}"
        case _:
            return "[" + ",".join(_written(item) for item in value) + "]"
