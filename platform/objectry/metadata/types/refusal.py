"""Why a value is not taken, in words for the person who sent it."""

from collections.abc import Sequence
from decimal import Decimal


class Refused(Exception):
    """A value a field can't take; the codec turns it into an Issue with the field's pointer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.parts: Sequence[tuple[str, Refused]] = ()

    @classmethod
    def within(cls, parts: Sequence[tuple[str, "Refused"]]) -> "Refused":
        """A value that is refused for its parts: each told at its own place."""
        place, first = parts[0]
        refused = cls(first.code, f"{place}: {first.message}")
        refused.parts = tuple(parts)
        return refused


def named(value: object) -> str:
    """What a JSON value is, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | Decimal():
            return "a number"
        case str():
            return "text"
        case list():
            return "an array"
        case _:
            return "an object"
