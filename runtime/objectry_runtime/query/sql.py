"""The pieces of a statement: parameters, identifiers, the clock, and where names lie."""

import re
from typing import Protocol

import msgspec

from objectry_runtime.store.executor import Bound

_TYPE = re.compile(r"[a-z][a-z0-9]*(?:\[\])?")
_PLAIN = re.compile(r"[A-Za-z0-9_ .-]{1,100}")


def quote(identifier: str) -> str:
    """The identifier quoted, whatever is in it."""
    assert "\0" not in identifier, "PostgreSQL has no such identifier"
    return '"' + identifier.replace('"', '""') + '"'


def is_plain(text: str) -> bool:
    """Whether a text is the same within quotes, whatever the settings of the server."""
    return _PLAIN.fullmatch(text) is not None


class Sql:
    """The parameters of one statement. No value reaches a statement but through `bind`; what a
    definition lists may be a `constant`."""

    def __init__(self, taken: int = 0) -> None:
        """A statement, or the rest of one of whose parameters so many are `taken`."""
        self._taken = taken
        self._parameters: list[str | None] = []
        self._aliases = 0

    def bind(self, text: str | None, pg_type: str) -> str:
        """A placeholder for a value in text form: `$1::numeric`. The text is kept as it is."""
        assert _TYPE.fullmatch(pg_type), pg_type
        self._parameters.append(text)
        return f"${self._taken + len(self._parameters)}::{pg_type}"

    def constant(self, text: str, pg_type: str) -> str:
        """A plain value of a closed set, said in the statement: `'draft'::text`."""
        assert is_plain(text), text
        assert _TYPE.fullmatch(pg_type), pg_type
        return f"'{text}'::{pg_type}"

    def alias(self, prefix: str = "t") -> str:
        """A table alias that this statement has not used yet."""
        self._aliases += 1
        return f"{prefix}{self._aliases}"

    def bound(self, text: str) -> Bound:
        """The finished statement."""
        return Bound(text, tuple(self._parameters))


class Clock(msgspec.Struct, frozen=True):
    """`today()` and `now()` as parameter texts: `2026-03-31`, `2026-03-31T09:30:00+00:00`."""

    today: str
    now: str


class SqlFrame(Protocol):
    """A record (or line) in SQL: where its fields lie."""

    def column(self, path: tuple[str, ...]) -> str:
        """The SQL of a field's value, links followed; one operand, null where a link is null."""
        ...

    def rows(self, field: str) -> "tuple[str, str, SqlFrame]":
        """FROM and WHERE of the lines of a table field, and the frame of one such line."""
        ...

    def related(self, object_name: str, via: str) -> "tuple[str, str, SqlFrame]":
        """The same of the records of an object whose link leads to this record."""
        ...

    @property
    def parent(self) -> "SqlFrame":
        """For a line: the record that owns it."""
        ...

    def user(self, name: str) -> str:
        """The SQL of one of the caller's attributes."""
        ...
