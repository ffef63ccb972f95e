"""Rollups: one value of all records that link to a record, as an expression over that record."""

from typing import Literal

from objectry.expressions.expression import Expression
from objectry.expressions.facts import facts
from objectry.expressions.tree import Rollup
from objectry.expressions.types import ExprType, Kind

RollupName = Literal["count", "sum", "min", "max", "avg"]


def make_rollup(
    function: RollupName,
    object_name: str,
    via: str,
    body: Expression | None,
    where: Expression | None,
) -> Expression:
    """The rollup; `body` and `where` are expressions over the object that links here."""
    same = function in ("min", "max") and body is not None
    tree = Rollup(
        type=body.type if same and body is not None else ExprType(Kind.NUMBER),
        function=function,
        object=object_name,
        via=via,
        body=body.tree if body is not None else None,
        where=where.tree if where is not None else None,
    )
    found = facts(tree)
    return Expression(
        source=f"{function} of {object_name}",
        tree=tree,
        type=tree.type,
        reads=found.reads,
        uses_clock=found.uses_clock,
        follows_links=found.follows_links,
    )
