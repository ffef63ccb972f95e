"""Why a value is not taken, in words for the person who sent it."""

from decimal import Decimal


class Refused(Exception):
    """A value a field can't take; the codec turns it into an Issue with the field's pointer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


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
