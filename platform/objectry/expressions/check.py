"""The type checker: Python's syntax tree → our typed tree, or every problem that can be seen."""

import ast
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal as Lit

from objectry.expressions import calls, comparisons, names
from objectry.expressions.codes import CONSTRUCT, LIMIT, POWER, TYPE
from objectry.expressions.expression import Problem
from objectry.expressions.functions import POWER as POWER_FUNCTION
from objectry.expressions.source import PARTS_MAX, Source
from objectry.expressions.tree import (
    Binary,
    BinaryOp,
    Bool,
    Call,
    If,
    Literal,
    Tree,
    Unary,
    walk,
)
from objectry.expressions.types import ExprType, Kind, Scope
from objectry.expressions.typing import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    NULL,
    NUMBER,
    PERIOD,
    TEXT,
    TIME,
    adapt,
    conversion,
    describe,
    whole,
)
from objectry.values.numbers import EXACT
from objectry.values.text import clean

EXPONENT_MAX = 16

_BINARY: dict[type[ast.operator], BinaryOp] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
_N, _T, _D, _M, _P = Kind.NUMBER, Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.PERIOD
_C, _L = Kind.TIME, Kind.DURATION
_RESULTS: dict[tuple[Kind, str, Kind], ExprType] = {
    **{(_N, op, _N): NUMBER for op in ("+", "-", "*", "/", "//", "%")},
    (_T, "+", _T): TEXT,
    (_D, "+", _P): DATE,
    (_P, "+", _D): DATE,
    (_D, "-", _P): DATE,
    (_D, "-", _D): NUMBER,
    (_M, "+", _P): DATETIME,
    (_P, "+", _M): DATETIME,
    (_M, "-", _P): DATETIME,
    (_P, "+", _P): PERIOD,
    (_P, "-", _P): PERIOD,
    (_L, "+", _L): DURATION,
    (_L, "-", _L): DURATION,
    (_L, "*", _N): DURATION,
    (_N, "*", _L): DURATION,
    (_L, "/", _L): NUMBER,
    (_M, "+", _L): DATETIME,
    (_L, "+", _M): DATETIME,
    (_M, "-", _L): DATETIME,
    (_M, "-", _M): DURATION,
    (_C, "+", _L): TIME,
    (_L, "+", _C): TIME,
    (_C, "-", _L): TIME,
    (_C, "-", _C): DURATION,
}
_CONSTRUCTS: dict[type[ast.expr], str] = {
    ast.Subscript: "An index",
    ast.Lambda: "A lambda",
    ast.ListComp: "A loop",
    ast.GeneratorExp: "A loop",
    ast.Starred: "A star",
    ast.Tuple: "A tuple",
    ast.List: "A list",
    ast.Await: "`await`",
    ast.Yield: "`yield`",
    ast.YieldFrom: "`yield`",
}


class Checker:
    """Checks one expression. `problems` fills while `check` runs; a part with one gives None."""

    def __init__(self, source: Source, scope: Scope) -> None:
        """A checker for one source, seen from one object."""
        self.source = source
        self.scope = scope
        self.rows: names.Rows | None = None  # inside an aggregate: the lines it is over
        self.problems: list[Problem] = []
        self._copied = 0

    def problem(self, node: ast.expr, code: str, message: str, hint: str = "") -> None:
        """Note what is wrong with a part."""
        offset = self.source.offset(node)
        self.problems.append(Problem(code=code, message=message, hint=hint, offset=offset))

    def check(self, node: ast.expr) -> Tree | None:
        """The typed tree of a part; None when it has a problem."""
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute():
                return names.resolve(self, node)
            case ast.Call():
                return calls.check(self, node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.BoolOp():
                return self._bool(node)
            case ast.Compare():
                return comparisons.check(self, node)
            case ast.IfExp():
                return self._if(node)
            case _:
                word = _CONSTRUCTS.get(type(node), "This")
                hint = "a list stands after `in`" if isinstance(node, ast.List | ast.Tuple) else ""
                self.problem(node, CONSTRUCT, f"{word} is not possible here.", hint)
                return None

    def check_all(self, nodes: Sequence[ast.expr]) -> list[Tree] | None:
        """All parts, or None when any has a problem (all are looked at)."""
        trees = [self.check(node) for node in nodes]
        found = [tree for tree in trees if tree is not None]
        return found if len(found) == len(trees) else None

    def unify(self, nodes: Sequence[ast.expr], trees: Sequence[Tree]) -> list[Tree] | None:
        """The trees as values of one type, for what compares or chooses between them."""
        typed = [tree for tree in trees if tree.type.kind is not Kind.NULL]
        # A text literal may stand for a date, so whatever else there is decides the type.
        firm = [tree for tree in typed if not (isinstance(tree, Literal) and tree.type == TEXT)]
        target = (firm or typed or trees)[0].type
        result: list[Tree] = []
        for node, tree in zip(nodes, trees, strict=True):
            adapted = adapt(tree, target)
            if adapted is None:
                self.mismatch(node, target, tree.type)
                return None
            result.append(adapted)
        return result

    def mismatch(self, node: ast.expr, wanted: ExprType, got: ExprType) -> None:
        """Note that two kinds of value stand where only one can."""
        hint = conversion(wanted.kind, got.kind)
        if got.kind is Kind.TEXT and wanted.kind is Kind.LINK:
            hint = "a link is compared with another link, or with an id written as a text"
        if got.kind is Kind.TEXT and wanted.kind is Kind.DATE:
            hint = "a date is written '2026-03-31'; date(…) makes one of a text"
        message = f"{describe(wanted).capitalize()} and {describe(got)} do not go together."
        self.problem(node, TYPE, message, hint)

    def _constant(self, node: ast.Constant) -> Tree | None:
        match node.value:
            case bool():
                return Literal(type=BOOLEAN, value=node.value)
            case None:
                return Literal(type=NULL, value=None)
            case str():
                return Literal(type=TEXT, value=clean(node.value, multiline=True))
            case int() | float():
                return Literal(type=NUMBER, value=self.source.number(node))
            case _:
                self.problem(node, CONSTRUCT, "This is not possible here.")
                return None

    def _unary(self, node: ast.UnaryOp) -> Tree | None:
        operand = self.check(node.operand)
        if operand is None:
            return None
        if isinstance(node.op, ast.Not):
            condition = self.condition(node.operand, operand)
            return condition and Unary(type=BOOLEAN, op="not", operand=condition)
        kind = operand.type.kind
        if kind is Kind.NULL:
            return Literal(type=NUMBER, value=None)
        spans = (Kind.PERIOD, Kind.DURATION)
        if kind is not Kind.NUMBER and not (kind in spans and isinstance(node.op, ast.USub)):
            message = f"A sign belongs to a number, not to {describe(operand.type)}."
            self.problem(node, TYPE, message)
            return None
        if isinstance(node.op, ast.UAdd):
            return operand
        if isinstance(operand, Literal) and isinstance(operand.value, Decimal):
            return Literal(type=NUMBER, value=EXACT.minus(operand.value))
        return Unary(type=operand.type, op="-", operand=operand)

    def _binary(self, node: ast.BinOp) -> Tree | None:
        left, right = self.check(node.left), self.check(node.right)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Pow):
            return self._power(node, left, right)
        op = _BINARY.get(type(node.op))
        if op is None:
            self.problem(node, CONSTRUCT, "There is no such operator.")
            return None
        if left.type.kind is Kind.NULL:
            left = Literal(type=NUMBER if right.type == NULL else right.type, value=None)
        if right.type.kind is Kind.NULL:
            right = Literal(type=left.type, value=None)
        result = _RESULTS.get((left.type.kind, op, right.type.kind))
        if result is None:
            message = (
                f"`{op}` can't be used between {describe(left.type)} and {describe(right.type)}."
            )
            self.problem(node, TYPE, message, conversion(left.type.kind, right.type.kind))
            return None
        return Binary(type=result, op=op, left=left, right=right)

    def _power(self, node: ast.BinOp, left: Tree, right: Tree) -> Tree | None:
        base = adapt(left, NUMBER)
        exponent = whole(right)
        if base is None:
            self.problem(node.left, TYPE, f"`**` needs a number, not {describe(left.type)}.")
            return None
        if exponent is None or not 0 <= exponent <= EXPONENT_MAX:
            message = f"The exponent must be a whole number from 0 to {EXPONENT_MAX}, written out."
            self.problem(node.right, POWER, message)
            return None
        return Call(type=NUMBER, function=POWER_FUNCTION, arguments=(base, right))

    def condition(self, node: ast.expr, tree: Tree) -> Tree | None:
        """The tree where true or false is needed: nothing else is taken for one."""
        adapted = adapt(tree, BOOLEAN)
        if adapted is None:
            message = f"True or false is needed here, not {describe(tree.type)}."
            hint = "count(…) > 0" if tree.type.kind is Kind.LINES else "compare it: `x is not None`"
            self.problem(node, TYPE, message, hint)
        return adapted

    def _bool(self, node: ast.BoolOp) -> Tree | None:
        trees = [
            None if tree is None else self.condition(value, tree)
            for value, tree in [(value, self.check(value)) for value in node.values]
        ]
        found = tuple(tree for tree in trees if tree is not None)
        if len(found) < len(trees):
            return None
        op: Lit["and", "or"] = "and" if isinstance(node.op, ast.And) else "or"
        return Bool(type=BOOLEAN, op=op, operands=found)

    def _if(self, node: ast.IfExp) -> Tree | None:
        test = self.check(node.test)
        condition = None if test is None else self.condition(node.test, test)
        branches = self.check_all([node.body, node.orelse])
        if branches is not None:
            branches = self.unify([node.body, node.orelse], branches)
        if condition is None or branches is None:
            return None
        then, otherwise = branches
        return If(type=then.type, condition=condition, then=then, otherwise=otherwise)

    def copy(self, node: ast.expr, tree: Tree) -> bool:
        """Take a part into the tree once more; nested copies would double and double."""
        self._copied += sum(1 for _ in walk(tree))
        if self._copied > PARTS_MAX:
            self.problem(node, LIMIT, f"More than {PARTS_MAX:,} parts.")
        return self._copied <= PARTS_MAX
