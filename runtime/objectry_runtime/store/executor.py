"""The executor: how statements reach PostgreSQL. The interface every implementation keeps.

Parameters travel as text: a statement says what each is (`$1::uuid`). Results come back as the
bytes PostgreSQL wrote, so that JSON it built passes through untouched.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

Row = tuple[bytes | None, ...]
Rows = Sequence[Row]


class Bound(msgspec.Struct, frozen=True):
    """A statement with `$n` placeholders and its parameters in text form (None is NULL)."""

    sql: str
    params: tuple[str | None, ...] = ()


class DatabaseError(Exception):
    """PostgreSQL refused a statement; nothing of its unit was kept."""

    def __init__(
        self,
        sqlstate: str,
        message: str,
        constraint: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(f"{sqlstate}: {message}")
        self.sqlstate = sqlstate
        self.message = message
        self.constraint = constraint
        self.detail = detail


class DatabaseUnavailable(Exception):
    """The database can't be reached, or the outcome of a write is unknown. Try again."""


class Transaction(Protocol):
    """An open transaction on a connection of its own (the interactive lane)."""

    async def run(self, statement: Bound) -> Rows:
        """Run one statement and return its rows."""
        ...


class Executor(Protocol):
    """How statements reach PostgreSQL."""

    @property
    def registry(self) -> "CollectorRegistry":
        """What it does, as Prometheus reads it (`store.measures`)."""
        ...

    async def read(self, statement: Bound) -> Rows:
        """Run one read-only statement by itself."""
        ...

    async def write(
        self, unit: Sequence[Bound], *, keep: bool = True, contended: str = ""
    ) -> list[Rows]:
        """Run a sealed unit: all statements in one transaction, in order, known beforehand.

        Returns after its COMMIT came back. `keep=False` rolls back instead (a dry run).
        `contended` names what units like this one wait for each other at (a gapless series):
        an executor may queue those here instead of letting each hold a connection meanwhile.
        """
        ...

    def transaction(self, *, keep: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """An interactive transaction: commits when the block ends, rolls back when it raises."""
        ...

    async def open(self) -> None:
        """Connect. Idempotent."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...
