"""A finding: one thing that is wrong with data someone gave us. Collected, never raised."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Severity = Literal["error", "warning"]


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in a source file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """`file:line:column`, as editors understand it."""
        return f"{self.file}:{self.line}:{self.column}"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake (or warning): a stable code, where it is, what is wrong, and what would be right.

    `path` is the place inside the definition (`fields.customer.to`), `hint` the way out.
    """

    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    position: Position | None = None
    path: str = ""

    def __str__(self) -> str:
        """The one line a person reads: `file:line:column: error OBJ0101 message (hint)`."""
        place = f"{self.position}: " if self.position else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.severity} {self.code} {self.message}{hint}"


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in the order in which a reader of the files meets them."""
    nowhere = Position("", 0, 0)
    return sorted(findings, key=lambda f: (f.position or nowhere, f.code, f.message))
