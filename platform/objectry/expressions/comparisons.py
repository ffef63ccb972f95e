"""Comparisons, chains of them, and `in`."""

import ast
from typing import TYPE_CHECKING

from objectry.expressions.codes import CONSTRUCT, TYPE
from objectry.expressions.tree import Bool, Compare, CompareOp, In, ListOf, Tree
from objectry.expressions.types import ExprType, Kind
from objectry.expressions.typing import BOOLEAN, ORDERED, adapt, describe, is_none

if TYPE_CHECKING:
    from objectry.expressions.check import Checker

_OPERATORS: dict[type[ast.cmpop], CompareOp] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
# What no value is equal to; but there may be none.
_UNLIKE = frozenset({Kind.LIST, Kind.COMPOSITE, Kind.JSON, Kind.SECRET})
_INCOMPARABLE = _UNLIKE | {Kind.LINES, Kind.PERIOD}


def check(checker: "Checker", node: ast.Compare) -> Tree | None:
    """`a < b < c` is `a < b and b < c`."""
    parts: list[Tree | None] = []
    left_node, left = node.left, checker.check(node.left)
    for at, (op, right_node) in enumerate(zip(node.ops, node.comparators, strict=True), start=1):
        right = _right_side(checker, op, right_node)
        if left is None or right is None:
            parts.append(None)
        elif isinstance(op, ast.In | ast.NotIn):
            found = _in(checker, (left_node, left), (right_node, right))
            parts.append(found and _negated(found) if isinstance(op, ast.NotIn) else found)
        else:
            parts.append(_compare(checker, op, (left_node, left), (right_node, right)))
        # What stands in the middle of a chain stands twice in the tree.
        if at < len(node.ops) and right is not None and not checker.copy(node, right):
            return None
        left_node, left = right_node, right
    whole = tuple(part for part in parts if part is not None)
    if len(whole) < len(parts):
        return None
    return whole[0] if len(whole) == 1 else Bool(type=BOOLEAN, op="and", operands=whole)


Side = tuple[ast.expr, Tree]


def _right_side(checker: "Checker", op: ast.cmpop, node: ast.expr) -> Tree | None:
    """The right side; after `in` it may be a list that is written out."""
    if isinstance(op, ast.In | ast.NotIn) and isinstance(node, ast.List | ast.Tuple):
        items = checker.check_all(node.elts)
        return None if items is None else ListOf(type=ExprType(Kind.LIST), items=tuple(items))
    return checker.check(node)


def _compare(checker: "Checker", op: ast.cmpop, left: Side, right: Side) -> Tree | None:
    symbol = _OPERATORS.get(type(op))
    if symbol is None:
        if right[1].type.kind is not Kind.NULL:
            checker.problem(right[0], CONSTRUCT, "`is` stands only before None.", "use `==`")
            return None
        symbol = "==" if isinstance(op, ast.Is) else "!="
    both = checker.unify([left[0], right[0]], [left[1], right[1]])
    if both is None:
        return None
    type_ = both[0].type
    if type_.kind in _UNLIKE and any(is_none(side) for side in both) and symbol in ("==", "!="):
        return Compare(type=BOOLEAN, op=symbol, left=both[0], right=both[1])
    if type_.kind in _INCOMPARABLE:
        checker.problem(left[0], TYPE, f"{describe(type_).capitalize()} can't be compared.")
        return None
    if symbol not in ("==", "!=") and type_.kind not in ORDERED and type_.kind is not Kind.NULL:
        message = f"`{symbol}` needs an order; {describe(type_)} has none."
        checker.problem(left[0], TYPE, message)
        return None
    return Compare(type=BOOLEAN, op=symbol, left=both[0], right=both[1])


def _in(checker: "Checker", value: Side, items: Side) -> In | None:
    (value_node, sought), (items_node, held) = value, items
    if held.type.kind is not Kind.LIST:
        message = f"`in` needs a list, not {describe(held.type)}."
        hint = "contains(text, part)" if held.type.kind is Kind.TEXT else ""
        checker.problem(items_node, TYPE, message, hint)
        return None
    if sought.type.kind in _INCOMPARABLE:
        message = f"{describe(sought.type).capitalize()} can't be looked for in a list."
        checker.problem(value_node, TYPE, message)
        return None
    if isinstance(held, ListOf) and isinstance(items_node, ast.List | ast.Tuple):
        both = checker.unify([value_node, *items_node.elts], [sought, *held.items])
        if both is None:
            return None
        sought, *rest = both
        list_type = ExprType(Kind.LIST, item=sought.type.kind)
        return In(type=BOOLEAN, value=sought, items=ListOf(type=list_type, items=tuple(rest)))
    wanted = ExprType(held.type.item or Kind.NULL, held.type.object)
    adapted = adapt(sought, wanted)
    if adapted is None:
        checker.mismatch(value_node, wanted, sought.type)
        return None
    return In(type=BOOLEAN, value=adapted, items=held)


def _negated(found: In) -> In:
    return In(type=found.type, value=found.value, items=found.items, negated=True)
