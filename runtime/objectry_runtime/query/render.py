"""Typed tree → SQL that gives the answer the evaluator gives, null for null, digit for digit.

Numbers are computed as numeric, texts compared in collation "C". Every rendering is one operand:
a name, a placeholder, a call, or something in brackets.
"""

from decimal import Decimal

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
from objectry.expressions.types import Kind
from objectry.expressions.typing import is_none
from objectry.values.numbers import plain
from objectry_runtime.query.render_durations import constant_text, seconds, with_duration
from objectry_runtime.query.render_functions import WRITTEN_OUT, render_function
from objectry_runtime.query.sql import Clock, Sql, SqlFrame, quote

PG_TYPES = {
    Kind.BOOLEAN: "boolean",
    Kind.NUMBER: "numeric",
    Kind.TEXT: "text",
    Kind.DATE: "date",
    Kind.DATETIME: "timestamptz",
    Kind.TIME: "time",
    Kind.DURATION: "interval",
    Kind.LINK: "uuid",
    Kind.LIST: "text[]",
    Kind.COMPOSITE: "jsonb",
    Kind.JSON: "jsonb",
    Kind.SECRET: "text",
    Kind.NULL: "text",
}
_BIGINT = 2**63
_NEVER_NULL = frozenset({"sum", "count", "any", "all"})


def render(tree: Tree, frame: SqlFrame, sql: Sql, clock: Clock) -> str:
    """The tree as an SQL operand of its kind's type (numbers: numeric)."""
    return _Renderer(frame, sql, clock).value(tree)


def render_predicate(tree: Tree, frame: SqlFrame, sql: Sql, clock: Clock) -> str:
    """The tree as a WHERE condition: true for the same rows, and null may stand for false.

    That leaves `column = value` as it is, so that an index on the column can serve it.
    """
    return _Renderer(frame, sql, clock).predicate(tree)


class _Renderer:
    """Renders over one frame; a renderer of its own for the lines of an aggregate."""

    def __init__(
        self, frame: SqlFrame, sql: Sql, clock: Clock, owner: SqlFrame | None = None
    ) -> None:
        self.frame = frame
        self.sql = sql
        self.clock = clock
        self._owner = owner

    def value(self, tree: Tree) -> str:
        """The value of a tree."""
        match tree:
            case Literal():
                return self.literal(tree)
            case Field():
                column = self.column(tree)
                return f"({column})::numeric" if tree.type.kind is Kind.NUMBER else column
            case Unary() | Binary() | If() if tree.type.kind is Kind.PERIOD:
                return self._interval(tree)
            case Unary(op="not"):
                return f"(not {self.value(tree.operand)})"
            case Unary():
                return f"(- {self.value(tree.operand)})"
            case Binary():
                return self._binary(tree)
            case Compare():
                return self._compare(tree, strict=True)
            case In():
                return self._in(tree, strict=True)
            case Bool():
                return "(" + f" {tree.op} ".join(self.value(o) for o in tree.operands) + ")"
            case If():
                condition, then, otherwise = (
                    self.value(part) for part in (tree.condition, tree.then, tree.otherwise)
                )
                return f"(case when {condition} then {then} else {otherwise} end)"
            case ListOf():
                kind = PG_TYPES[tree.type.item or Kind.TEXT]
                return f"array[{', '.join(self.value(item) for item in tree.items)}]::{kind}[]"
            case Call():
                if tree.type.kind is Kind.PERIOD:
                    return self._interval(tree)
                return self._call(tree)
            case Aggregate():
                return self._aggregate(tree)
            case Rollup():
                return self._rollup(tree)

    def predicate(self, tree: Tree) -> str:
        """The condition of a tree, where null may stand for false."""
        match tree:
            case Bool():
                return "(" + f" {tree.op} ".join(self.predicate(o) for o in tree.operands) + ")"
            case Compare():
                return self._compare(tree, strict=False)
            case In():
                return self._in(tree, strict=False)
            case _:
                return self.value(tree)

    def literal(self, tree: Literal) -> str:
        """A constant as a parameter."""
        value, pg_type = tree.value, PG_TYPES.get(tree.type.kind, "text")
        if value is None:
            return f"null::{pg_type}"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Decimal):
            return self.sql.bind(plain(value), pg_type)
        return self.sql.bind(constant_text(value), pg_type)

    def column(self, field: Field) -> str:
        """A field where it lies, in its column's own type."""
        path = (*field.path, field.part) if field.part else field.path
        match field.root:
            case "record":
                return self.frame.column(path)
            case "parent":
                return (self._owner or self.frame.parent).column(path)
            case "user":
                return self.frame.user(field.path[0])
            case "old":
                raise AssertionError("`old` is a value of the write, not of the database")

    def _binary(self, tree: Binary) -> str:
        kinds = (tree.left.type.kind, tree.right.type.kind)
        if Kind.PERIOD in kinds:
            at, by = (tree.left, tree.right) if kinds[1] is Kind.PERIOD else (tree.right, tree.left)
            months, days = self.period(by)
            sign = "-" if tree.op == "-" else ""
            return f"objectry.later({self.value(at)}, {sign}{months}, {sign}{days})"
        left, right = self.value(tree.left), self.value(tree.right)
        if Kind.DURATION in (*kinds, tree.type.kind):
            return with_duration(kinds, tree.op, left, right)
        match tree.op:
            case "+" if kinds[0] is Kind.TEXT:
                return f"({left} || {right})"
            case "-" if kinds[0] is Kind.DATE:
                return f"({left} - {right})::numeric"
            case "+" | "-" | "*":
                return f"({left} {tree.op} {right})"
            case "/":
                return f"objectry.div({left}, {right})"
            case "//":
                return f"div({left}, nullif({right}, 0))"
            case "%":
                return f"mod({left}, nullif({right}, 0))"

    def period(self, tree: Tree) -> tuple[str, str]:
        """A period as its months and its days."""
        match tree:
            case Call(function="days"):
                return "0::bigint", f"objectry.whole({self.value(tree.arguments[0])}, 4000000)"
            case Call(function="months"):
                return f"objectry.whole({self.value(tree.arguments[0])}, 120000)", "0::bigint"
            case Call(function="years"):
                return f"(objectry.whole({self.value(tree.arguments[0])}, 10000) * 12)", "0::bigint"
            case Unary():
                months, days = self.period(tree.operand)
                return f"(- {months})", f"(- {days})"
            case Binary():
                (m1, d1), (m2, d2) = self.period(tree.left), self.period(tree.right)
                return f"({m1} {tree.op} {m2})", f"({d1} {tree.op} {d2})"
            case If():
                condition = self.value(tree.condition)
                (m1, d1), (m2, d2) = self.period(tree.then), self.period(tree.otherwise)
                choice = f"(case when {condition} then "
                return f"{choice}{m1} else {m2} end)", f"{choice}{d1} else {d2} end)"
            case _:
                assert is_none(tree), tree
                return "null::bigint", "null::bigint"

    def _interval(self, tree: Tree) -> str:
        months, days = self.period(tree)
        return f"make_interval(months => {months}::integer, days => {days}::integer)"

    def _compare(self, tree: Compare, *, strict: bool) -> str:
        """`strict`: never null for `==` and `!=`."""
        if tree.op in ("==", "!=") and is_none(tree.right):
            return f"({self._side(tree.left)} is {'' if tree.op == '==' else 'not '}null)"
        if tree.op in ("==", "!=") and is_none(tree.left):
            return f"({self._side(tree.right)} is {'' if tree.op == '==' else 'not '}null)"
        left, right = self._side(tree.left, tree.right), self._side(tree.right, tree.left)
        safe = (_never_null(tree.left), _never_null(tree.right))
        match tree.op:
            case "==" if all(safe) or (any(safe) and not strict):
                return f"({left} = {right})"
            case "==":
                return f"({left} is not distinct from {right})"
            case "!=" if all(safe):
                return f"({left} <> {right})"
            case "!=":
                return f"({left} is distinct from {right})"
            case _ if tree.left.type.kind is Kind.TEXT:
                return f'(({left} collate "C") {tree.op} {right})'
            case _:
                return f"({left} {tree.op} {right})"

    def _side(self, tree: Tree, other: Tree | None = None) -> str:
        """A side of a comparison: a bare column keeps its type, so that its index can serve."""
        if isinstance(tree, Field):
            return self.column(tree)
        if (
            isinstance(other, Field)
            and isinstance(tree, Literal)
            and isinstance(tree.value, Decimal)
            and tree.value == tree.value.to_integral_value()
            and abs(tree.value) < _BIGINT
        ):
            return self.sql.bind(plain(tree.value), "bigint")
        return self.value(tree)

    def _in(self, tree: In, *, strict: bool) -> str:
        if tree.negated:
            positive = In(type=tree.type, value=tree.value, items=tree.items)
            return f"(not {self._in(positive, strict=True)})"
        if isinstance(tree.items, ListOf) and not tree.items.items:
            return "false"
        value = self._side(tree.value)
        if not isinstance(tree.items, ListOf):
            found = f"{value} = any({self.value(tree.items)})"
            return f"coalesce({found}, false)" if strict else f"({found})"
        parts: list[str] = []
        constants = [item for item in tree.items.items if _never_null(item)]
        if constants:
            listed = ", ".join(self._side(item, tree.value) for item in constants)
            parts.append(self._found(f"{value} in ({listed})", tree.value, strict))
        for item in tree.items.items:
            if is_none(item):
                parts.append(f"({value} is null)")
            elif not _never_null(item):
                parts.append(f"({value} is not distinct from {self._side(item)})")
        return "(" + " or ".join(parts) + ")"

    def _found(self, condition: str, value: Tree, strict: bool) -> str:
        if strict and not _never_null(value):
            return f"coalesce({condition}, false)"
        return f"({condition})"

    def _call(self, tree: Call) -> str:
        match tree.function:
            case "today":
                return self.sql.bind(self.clock.today, "date")
            case "now":
                return self.sql.bind(self.clock.now, "timestamptz")
            case _:
                # What is written out becomes part of the text; a parameter would be left over.
                taken = tree.arguments[:1] if tree.function in WRITTEN_OUT else tree.arguments
                arguments = [self.value(argument) for argument in taken]
                return render_function(tree, arguments, self.sql)

    def _aggregate(self, tree: Aggregate) -> str:
        owner = self.frame
        if tree.over.root == "parent":
            owner = self._owner or self.frame.parent
        from_sql, where, line = owner.rows(".".join(tree.over.path))
        body = (
            ""
            if tree.body is None
            else _Renderer(line, self.sql, self.clock, owner).value(tree.body)
        )
        return f"(select {_folded(tree, body)} from {from_sql} where {where})"

    def _rollup(self, tree: Rollup) -> str:
        from_sql, where, other = self.frame.related(tree.object, tree.via)
        inner = _Renderer(other, self.sql, self.clock)
        if tree.where is not None:
            where = f"{where} and {inner.predicate(tree.where)}"
        body = "" if tree.body is None else inner.value(tree.body)
        return f"(select {_folded(tree, body)} from {from_sql} where {where})"


def _folded(tree: Aggregate | Rollup, body: str) -> str:
    """The function over the values of all rows."""
    text = tree.body is not None and tree.body.type.kind is Kind.TEXT
    match tree.function:
        case "count" if tree.body is not None and tree.body.type.kind is Kind.BOOLEAN:
            return f"(count(*) filter (where {body}))::numeric"
        case "count":
            return f"count({body or '*'})::numeric"
        case "sum" if tree.type.kind is Kind.DURATION:
            return f"objectry.seconds(coalesce(sum({seconds(body)}), 0))"
        case "sum":
            return f"coalesce(sum({body}), 0)"
        case "avg":
            return f"objectry.div(sum({body}), count({body})::numeric)"
        case "min" | "max":
            return f'{tree.function}({body} collate "C")' if text else f"{tree.function}({body})"
        case "any":
            return f"coalesce(bool_or({body}), false)"
        case "all":
            return f"coalesce(bool_and({body}), true)"


def _never_null(tree: Tree) -> bool:
    match tree:
        case Literal():
            return tree.value is not None
        case Field(root="user", path=("id",)):
            return True
        case Call():
            return tree.function in ("today", "now")
        case Aggregate() | Rollup():
            return tree.function in _NEVER_NULL
        case _:
            return False


__all__ = ["PG_TYPES", "Clock", "Sql", "SqlFrame", "quote", "render", "render_predicate"]
