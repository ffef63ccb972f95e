"""The typed tree: the intermediate form that Python evaluates and the runtime renders as SQL.

Every node carries its `type`. Names are already resolved: a `Field` is a root and a path of field
names, each but the last being a link that is followed.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal as Lit

import msgspec

from objectry.expressions.types import ExprType

Root = Lit["record", "parent", "user", "old"]
BinaryOp = Lit["+", "-", "*", "/", "//", "%"]
CompareOp = Lit["==", "!=", "<", "<=", ">", ">="]


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all nodes."""

    type: ExprType


class Literal(Node, frozen=True, kw_only=True):
    """A constant; a date, moment, time or duration where a text literal stood beside one."""

    value: Decimal | str | bool | date | datetime | time | timedelta | None


class Field(Node, frozen=True, kw_only=True):
    """A value reached from a root: `("customer", "currency")` follows the link `customer`.

    Root "record" is the record (or line) the expression is over; "parent" the record owning the
    line (inside an Aggregate's body: the record the lines belong to); "user" the caller; "old" the
    record before the write. `part` is what is taken of the composite at the path's end.
    """

    root: Root
    path: tuple[str, ...]
    part: str = ""


class Unary(Node, frozen=True, kw_only=True):
    """`-x` or `not x`."""

    op: Lit["-", "not"]
    operand: "Tree"


class Binary(Node, frozen=True, kw_only=True):
    """Arithmetic; also text `+`, date ± period, date − date (whole days), and durations."""

    op: BinaryOp
    left: "Tree"
    right: "Tree"


class Compare(Node, frozen=True, kw_only=True):
    """A comparison; `==` and `!=` are null-safe, the others give null on null."""

    op: CompareOp
    left: "Tree"
    right: "Tree"


class In(Node, frozen=True, kw_only=True):
    """`x in [a, b]` or `x in user.roles`; `negated` for `not in`. `in []` is false."""

    value: "Tree"
    items: "Tree"
    negated: bool = False


class Bool(Node, frozen=True, kw_only=True):
    """Kleene `and` / `or` over two or more operands."""

    op: Lit["and", "or"]
    operands: tuple["Tree", ...]


class If(Node, frozen=True, kw_only=True):
    """`then if condition else otherwise`; a null condition takes `otherwise`."""

    condition: "Tree"
    then: "Tree"
    otherwise: "Tree"


class ListOf(Node, frozen=True, kw_only=True):
    """A list literal."""

    items: tuple["Tree", ...]


class Call(Node, frozen=True, kw_only=True):
    """A whitelisted function over plain values."""

    function: str
    arguments: tuple["Tree", ...]


class Aggregate(Node, frozen=True, kw_only=True):
    """`sum(lines.quantity * lines.price)`: a function over the rows of one table field.

    `over` names the table field; `body` is typed in the line's scope (its own fields have root
    "record", the owning record's have root "parent"); None for `count(lines)`.
    """

    function: Lit["sum", "count", "min", "max", "avg", "any", "all"]
    over: Field
    body: "Tree | None" = None


class Rollup(Node, frozen=True, kw_only=True):
    """One value of all records of `object` whose link `via` leads to this record.

    `body` and `where` are typed in that object's scope; no source text writes a rollup, a field's
    definition does.
    """

    function: Lit["count", "sum", "min", "max", "avg"]
    object: str
    via: str
    body: "Tree | None" = None
    where: "Tree | None" = None


Tree = (
    Literal | Field | Unary | Binary | Compare | In | Bool | If | ListOf | Call | Aggregate | Rollup
)


def children(node: Tree) -> tuple[Tree, ...]:
    """The direct sub-trees of a node."""
    match node:
        case Literal() | Field():
            return ()
        case Unary():
            return (node.operand,)
        case Binary() | Compare():
            return (node.left, node.right)
        case In():
            return (node.value, node.items)
        case Bool():
            return node.operands
        case If():
            return (node.condition, node.then, node.otherwise)
        case ListOf():
            return node.items
        case Call():
            return node.arguments
        case Aggregate():
            return (node.over,) if node.body is None else (node.over, node.body)
        case Rollup():
            return tuple(part for part in (node.body, node.where) if part is not None)


def walk(node: Tree) -> Iterator[Tree]:
    """The node and all below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)
