"""A compiled expression and what the engine must know about it."""

import msgspec

from objectry.expressions.tree import Tree
from objectry.expressions.types import ExprType


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a source text is not an expression here; `offset` counts characters from 0."""

    code: str
    message: str
    hint: str = ""
    offset: int = 0


class Expression(msgspec.Struct, frozen=True, kw_only=True):
    """A type-checked expression.

    `reads` holds every path read from the record's root as (root, path) with Aggregate bodies
    written through their table field: `sum(lines.net)` reads ("record", ("lines", "net")).
    """

    source: str
    tree: Tree
    type: ExprType
    reads: frozenset[tuple[str, tuple[str, ...]]]
    uses_clock: bool
    follows_links: bool
