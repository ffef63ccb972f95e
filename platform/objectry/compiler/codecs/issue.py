"""What is wrong with a body: issues, collected."""

from decimal import Decimal
from typing import TypeGuard

import msgspec

KEY_SHOWN_MAX = 100


class Issue(msgspec.Struct, frozen=True):
    """One wrong place of a body: JSON pointer, stable code, message for people."""

    pointer: str
    code: str
    message: str


class Refused(Exception):
    """A value a field can't take; the codec turns it into an Issue with the field's pointer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class InvalidJson(ValueError):
    """A body that is no JSON of ours; `issue` says what and where."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.issue = Issue("", "invalid_json", message)


def step(key: str) -> str:
    """One step of a JSON pointer (RFC 6901), cut where the key is absurdly long."""
    return "/" + key[:KEY_SHOWN_MAX].replace("~", "~0").replace("/", "~1")


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a decoded JSON value is an object: its keys are always text."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[object]]:
    """Whether a decoded JSON value is an array."""
    return isinstance(value, list)


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
