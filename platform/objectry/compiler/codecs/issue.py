"""What is wrong with a body: issues, collected."""

from typing import TypeGuard

import msgspec

KEY_SHOWN_MAX = 100


class Issue(msgspec.Struct, frozen=True):
    """One wrong place of a body: JSON pointer, stable code, message for people."""

    pointer: str
    code: str
    message: str


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
