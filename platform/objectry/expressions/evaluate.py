"""Typed tree → Python closure. Total: no value of the right types makes it raise.

Numbers are Decimals, links canonical ids, moments aware. Null is None everywhere.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from objectry.expressions.builtins import FUNCTIONS, Value
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
from objectry.values import dates, times
from objectry.values.dates import Period
from objectry.values.numbers import EXACT, ZERO, divide, remainder, truncate_divide


class Frame(Protocol):
    """A record (or line) as expressions see it."""

    def get(self, path: tuple[str, ...]) -> Value:
        """The value of a field, links followed; None where anything on the way is null."""
        ...

    def rows(self, field: str) -> "Sequence[Frame]":
        """The lines of a table field."""
        ...

    @property
    def parent(self) -> "Frame | None":
        """For a line: the record that owns it."""
        ...


class Env(msgspec.Struct, frozen=True, kw_only=True):
    """What an evaluation sees. Inside an aggregate `record` is the line and `owner` its record."""

    record: Frame
    today: date
    now: datetime
    user: Mapping[str, Value] = {}
    old: Frame | None = None
    owner: Frame | None = None


# Values were typed by the checker; the closures below would only repeat its work with isinstance,
# so they take Any.
Evaluator = Callable[[Env], Any]


def evaluator(tree: Tree) -> Callable[[Env], Value]:
    """The function that computes the tree."""
    return _compile(tree)


def _compile(tree: Tree) -> Evaluator:
    match tree:
        case Literal(value=value):
            return lambda env: value
        case Field():
            return _field(tree)
        case Unary(op="not", operand=operand):
            return _not(_compile(operand))
        case Unary(operand=operand):
            return _negate(_compile(operand), tree.type.kind)
        case Binary():
            return _strict2(_operator(tree), _compile(tree.left), _compile(tree.right))
        case Compare():
            return _compare(tree)
        case In():
            return _in(tree)
        case Bool():
            return _bool(tree)
        case If():
            return _if(_compile(tree.condition), _compile(tree.then), _compile(tree.otherwise))
        case ListOf():
            items = [_compile(item) for item in tree.items]
            return lambda env: [item(env) for item in items]
        case Call():
            return _call(tree)
        case Aggregate():
            return _aggregate(tree)
        case Rollup():
            raise AssertionError("a rollup is asked of the database")


def _field(tree: Field) -> Evaluator:
    path, name = tree.path, tree.path[0]
    read: Evaluator
    match tree.root:
        case "record":
            read = lambda env: env.record.get(path)  # noqa: E731
        case "user":
            read = lambda env: env.user.get(name)  # noqa: E731
        case "old":
            read = lambda env: None if env.old is None else env.old.get(path)  # noqa: E731
        case "parent":
            read = lambda env: None if (o := _owner(env)) is None else o.get(path)  # noqa: E731
    if tree.part:
        return _part(read, tree.part, tree.type.kind)
    if tree.type.kind is not Kind.NUMBER:
        return read

    def number(env: Env) -> Any:
        value = read(env)
        return Decimal(value) if isinstance(value, int) else value

    return number


def _part(whole: Evaluator, name: str, kind: Kind) -> Evaluator:
    def part(env: Env) -> Any:
        document = whole(env)
        found = None if document is None else document.part(name)
        return Decimal(found) if found is not None and kind is Kind.NUMBER else found

    return part


def _owner(env: Env) -> Frame | None:
    return env.owner if env.owner is not None else env.record.parent


def _not(operand: Evaluator) -> Evaluator:
    def negated(env: Env) -> Any:
        value = operand(env)
        return None if value is None else not value

    return negated


def _negate(operand: Evaluator, kind: Kind) -> Evaluator:
    def negated(env: Env) -> Any:
        value = operand(env)
        if value is None:
            return None
        return EXACT.minus(value) if kind is Kind.NUMBER else -value

    return negated


def _strict2(function: Callable[[Any, Any], Any], left: Evaluator, right: Evaluator) -> Evaluator:
    """Null when either operand is."""

    def applied(env: Env) -> Any:
        a, b = left(env), right(env)
        return None if a is None or b is None else function(a, b)

    return applied


def _multiply(a: Decimal, b: Decimal) -> Decimal:
    return EXACT.multiply(a, b) or ZERO  # -1 * 0 would be a negative zero


def _operator(tree: Binary) -> Callable[[Any, Any], Any]:
    left, right = tree.left.type.kind, tree.right.type.kind
    numbers: dict[str, Callable[[Any, Any], Any]] = {
        "+": EXACT.add,
        "-": EXACT.subtract,
        "*": _multiply,
        "/": divide,
        "//": truncate_divide,
        "%": remainder,
    }
    if Kind.DURATION in (left, right, tree.type.kind):
        return _with_duration(left, tree.op, right)
    if left is Kind.NUMBER:
        return numbers[tree.op]
    if left is Kind.TEXT or (left is right is Kind.PERIOD and tree.op == "+"):
        return lambda a, b: a + b
    if left is right is Kind.PERIOD:
        return lambda a, b: a + -b
    if left is right is Kind.DATE:
        return lambda a, b: Decimal((a - b).days)
    if left is Kind.PERIOD:
        return lambda a, b: dates.add(b, a)
    if tree.op == "+":
        return dates.add
    return lambda a, b: dates.add(a, -b)


def _with_duration(left: Kind, op: str, right: Kind) -> Callable[[Any, Any], Any]:
    span, number = Kind.DURATION, Kind.NUMBER
    if op == "*":
        return times.times if left is span else lambda a, b: times.times(b, a)
    if op == "/":
        return times.share
    if left is right is span:
        return times.longer if op == "+" else lambda a, b: times.longer(a, -b)
    if left is right:  # how far two moments, or two times of a day, are apart
        return (
            (lambda a, b: times.between(b, a))
            if left is Kind.DATETIME
            else (lambda a, b: times.apart(b, a))
        )
    assert number not in (left, right), "a number is only multiplied"
    later = times.later if Kind.DATETIME in (left, right) else times.on_the_clock
    if op == "-":
        return lambda a, b: later(a, -b)
    return (lambda a, b: later(b, a)) if left is span else later


def _compare(tree: Compare) -> Evaluator:
    left, right = _compile(tree.left), _compile(tree.right)
    match tree.op:
        case "==":
            return lambda env: left(env) == right(env)
        case "!=":
            return lambda env: left(env) != right(env)
        case "<":
            return _strict2(lambda a, b: a < b, left, right)
        case "<=":
            return _strict2(lambda a, b: a <= b, left, right)
        case ">":
            return _strict2(lambda a, b: a > b, left, right)
        case ">=":
            return _strict2(lambda a, b: a >= b, left, right)


def _in(tree: In) -> Evaluator:
    value, items, negated = _compile(tree.value), _compile(tree.items), tree.negated

    def found(env: Env) -> Any:
        return (value(env) in (items(env) or ())) is not negated

    return found


def _bool(tree: Bool) -> Evaluator:
    """Kleene: one false decides `and`, one true decides `or`, else null when there is one."""
    operands = [_compile(operand) for operand in tree.operands]
    decisive = tree.op == "or"

    def combined(env: Env) -> Any:
        result: bool | None = not decisive
        for operand in operands:
            value = operand(env)
            if value is decisive:
                return decisive
            if value is None:
                result = None
        return result

    return combined


def _if(condition: Evaluator, then: Evaluator, otherwise: Evaluator) -> Evaluator:
    return lambda env: then(env) if condition(env) is True else otherwise(env)


def _call(tree: Call) -> Evaluator:
    arguments = [_compile(argument) for argument in tree.arguments]
    match tree.function:
        case "today":
            return lambda env: env.today
        case "now":
            return lambda env: env.now
        case "coalesce":
            return lambda env: next((v for a in arguments if (v := a(env)) is not None), None)
        case "concat":
            return lambda env: "".join(v for a in arguments if (v := a(env)) is not None)
        case "min":
            return lambda env: _extreme(min, [a(env) for a in arguments])
        case "max":
            return lambda env: _extreme(max, [a(env) for a in arguments])
        case "text" if tree.arguments[0].type.kind is Kind.COMPOSITE:
            return _joined(arguments[0], [name for name, _ in tree.arguments[0].type.parts])
        case _:
            function = FUNCTIONS[tree.function]

            def called(env: Env) -> Any:
                values = [argument(env) for argument in arguments]
                return None if None in values else function(*values)

            return called


def _joined(whole: Evaluator, names: Sequence[str]) -> Evaluator:
    """The parts that there are, in their order, as one text."""

    def joined(env: Env) -> Any:
        document = whole(env)
        if document is None:
            return None
        parts = (document.part(name) for name in names)
        return " ".join(part for part in parts if part is not None) or None

    return joined


def _extreme(choose: Callable[[list[Any]], Any], values: list[Any]) -> Any:
    present = [value for value in values if value is not None]
    return choose(present) if present else None


def _aggregate(tree: Aggregate) -> Evaluator:
    field, from_parent = tree.over.path[0], tree.over.root == "parent"
    body = None if tree.body is None else _compile(tree.body)
    counts_true = tree.body is not None and tree.body.type.kind is Kind.BOOLEAN
    function = tree.function
    durations = tree.type.kind is Kind.DURATION

    def aggregated(env: Env) -> Any:
        owner = _owner(env) if from_parent else env.record
        rows: Sequence[Frame] = () if owner is None else owner.rows(field)
        if body is None:
            return Decimal(len(rows))
        values = [body(msgspec.structs.replace(env, record=row, owner=owner)) for row in rows]
        present = [value for value in values if value is not None]
        match function:
            case "count":
                return Decimal(present.count(True) if counts_true else len(present))
            case "any":
                return True in present
            case "all":
                return False not in present
            case "min" | "max":
                return _extreme(min if function == "min" else max, present)
            case "sum":
                return times.total(present) if durations else _sum(present)
            case "avg":
                return divide(_sum(present), Decimal(len(present)))

    return aggregated


def _sum(values: Sequence[Decimal]) -> Decimal:
    total = ZERO
    for value in values:
        total = EXACT.add(total, value)
    return total


__all__ = ["Env", "Frame", "Period", "Value", "evaluator"]
