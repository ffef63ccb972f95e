"""How a scenario came out."""

import msgspec


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """The step that went otherwise than told: `place` is its part (given, when, then) and index."""

    place: tuple[str, int]
    step: str
    message: str
    values: dict[str, str | None] = {}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario told; `failure` is None where it came true."""

    scenario: str
    seconds: float
    failure: Failure | None = None


class Untrue(Exception):
    """A step went otherwise than told."""

    def __init__(self, message: str, values: dict[str, str | None] | None = None) -> None:
        super().__init__(message)
        self.values = values or {}
