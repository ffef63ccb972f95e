"""The live schema: what introspection found in the database."""

import hashlib
from typing import Literal

import msgspec


class LiveColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column; `type` as PostgreSQL's `format_type` writes it, `default` as SQL."""

    name: str
    type: str
    nullable: bool
    default: str | None = None


class LiveConstraint(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint: p(rimary), u(nique), f(oreign) or c(heck).

    `target` is the table (`schema.table`) a foreign key points to. One that is not `validated`
    was left by an interrupted apply.
    """

    name: str
    kind: Literal["p", "u", "f", "c"]
    columns: tuple[str, ...] = ()
    target: str = ""
    validated: bool = True


class LiveIndex(msgspec.Struct, frozen=True, kw_only=True):
    """An index; one that is not `valid` was left by an interrupted concurrent build."""

    name: str
    valid: bool = True


class LiveTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table with everything on it, by name."""

    columns: dict[str, LiveColumn] = {}
    constraints: dict[str, LiveConstraint] = {}
    indexes: dict[str, LiveIndex] = {}

    @property
    def hash(self) -> str:
        """Names this state of the table among all it ever was in."""
        text = msgspec.json.encode(self, order="deterministic")
        return hashlib.blake2b(text, digest_size=16).hexdigest()


class LiveSchema(msgspec.Struct, frozen=True, kw_only=True):
    """Schemas → tables. Only schemas that hold business tables, or are to, need be in it."""

    schemas: dict[str, dict[str, LiveTable]] = {}

    def table(self, schema: str, name: str) -> LiveTable | None:
        """The table, or None where there is none."""
        return self.schemas.get(schema, {}).get(name)

    @property
    def hash(self) -> str:
        """SHA-256 of all of it: a plan says which live schema it was made from."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()
