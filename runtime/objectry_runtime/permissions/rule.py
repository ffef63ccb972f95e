"""A rule: never, always, or an expression over the record. Pure algebra; null denies."""

from collections.abc import Iterable

from objectry.expressions.tree import (
    Aggregate,
    Binary,
    Bool,
    Call,
    Compare,
    Field,
    If,
    In,
    ListOf,
    Literal,
    Rollup,
    Tree,
    Unary,
)
from objectry.expressions.types import ExprType, Kind

Rule = bool | Tree
"""False: never. True: always. A tree: for the records it is true of (null is not true)."""

_BOOLEAN = ExprType(Kind.BOOLEAN)


def any_of(rules: Iterable[Rule]) -> Rule:
    """The union: true where one of the rules is."""
    trees: list[Tree] = []
    for rule in rules:
        if rule is True:
            return True
        if not isinstance(rule, bool) and rule not in trees:
            trees.append(rule)
    if not trees:
        return False
    if len(trees) == 1:
        return trees[0]
    return Bool(type=_BOOLEAN, op="or", operands=tuple(trees))


def all_of(rules: Iterable[Rule]) -> Rule:
    """The intersection: true where every one of the rules is."""
    trees: list[Tree] = []
    for rule in rules:
        if rule is False:
            return False
        if not isinstance(rule, bool) and rule not in trees:
            trees.append(rule)
    if not trees:
        return True
    if len(trees) == 1:
        return trees[0]
    return Bool(type=_BOOLEAN, op="and", operands=tuple(trees))


def through_parent(rule: Rule) -> Rule:
    """The owner's rule, read from one of its lines: what was the record is now `parent`."""
    return rule if isinstance(rule, bool) else _lift(rule)


def _lift(node: Tree) -> Tree:
    match node:
        case Field():
            if node.root != "record":
                return node
            return Field(type=node.type, root="parent", path=node.path)
        case Literal():
            return node
        case Unary():
            return Unary(type=node.type, op=node.op, operand=_lift(node.operand))
        case Binary():
            return Binary(
                type=node.type, op=node.op, left=_lift(node.left), right=_lift(node.right)
            )
        case Compare():
            return Compare(
                type=node.type, op=node.op, left=_lift(node.left), right=_lift(node.right)
            )
        case In():
            return In(
                type=node.type,
                value=_lift(node.value),
                items=_lift(node.items),
                negated=node.negated,
            )
        case Bool():
            return Bool(
                type=node.type, op=node.op, operands=tuple(_lift(one) for one in node.operands)
            )
        case If():
            return If(
                type=node.type,
                condition=_lift(node.condition),
                then=_lift(node.then),
                otherwise=_lift(node.otherwise),
            )
        case ListOf():
            return ListOf(type=node.type, items=tuple(_lift(one) for one in node.items))
        case Call():
            return Call(
                type=node.type,
                function=node.function,
                arguments=tuple(_lift(one) for one in node.arguments),
            )
        case Aggregate():
            # The body keeps its roots: its record is a row of the owner's table, its parent the
            # record that owns the row, and that is the same record as before.
            over = _lift(node.over)
            assert isinstance(over, Field), "lifting a field gives a field"
            return Aggregate(type=node.type, function=node.function, over=over, body=node.body)
        case Rollup():
            raise AssertionError("a rule names a rollup by its field")
