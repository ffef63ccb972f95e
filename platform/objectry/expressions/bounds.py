"""How large a result can become, seen from the tree alone.

Numbers are exact on both sides, so their digits grow with every operation. This bound keeps every
intermediate result well inside what Python's context and PostgreSQL's numeric hold exactly.
"""

from decimal import Decimal

import msgspec

from objectry.expressions.functions import POWER
from objectry.expressions.tree import (
    Aggregate,
    Binary,
    Call,
    Field,
    If,
    Literal,
    Tree,
    Unary,
    children,
)
from objectry.expressions.types import Kind
from objectry.expressions.typing import whole
from objectry.values.numbers import DIGITS_MAX, DIVISION_PLACES

RESULT_DIGITS_MAX = 1_000
FIELD_CHARACTERS = 100_000  # what one text field is taken to hold at most
RESULT_CHARACTERS_MAX = 10_000_000
REPLACED_CHARACTERS_MAX = 1_000_000
_ROWS_DIGITS = 9  # a record has fewer than 10^9 lines


class Size(msgspec.Struct, frozen=True):
    """At most this many digits before and after the point, or this many characters."""

    whole: int = 0
    places: int = 0
    characters: int = 0

    @property
    def fits(self) -> bool:
        """Whether results of this size are let through."""
        return (
            self.whole + self.places <= RESULT_DIGITS_MAX
            and self.characters <= RESULT_CHARACTERS_MAX
        )


_FIELD = Size(DIGITS_MAX, DIGITS_MAX, FIELD_CHARACTERS)
_SMALL = Size(12, 0, 100)


class TooLarge(Exception):
    """The result, or a part of it, could be larger than the bound."""

    def __init__(self, kind: Kind) -> None:
        """`kind` is NUMBER or TEXT."""
        super().__init__(kind)
        self.kind = kind


def measure(tree: Tree) -> Size:
    """The bound of a tree; raises TooLarge when it or a part of it does not fit."""
    size = _measure(tree)
    if not size.fits:
        raise TooLarge(tree.type.kind)
    return size


def _measure(tree: Tree) -> Size:
    match tree:
        case Literal(value=Decimal() as number):
            return _literal(number)
        case Literal(value=str() as text):
            return Size(characters=len(text))
        case Literal():
            return Size()
        case Field():
            return _FIELD
        case Unary():
            return measure(tree.operand)
        case Binary():
            return _binary(tree)
        case If():
            measure(tree.condition)
            return _widest([measure(tree.then), measure(tree.otherwise)])
        case Call():
            return _call(tree, [measure(argument) for argument in tree.arguments])
        case Aggregate():
            return _aggregate(tree)
        case _:
            for child in children(tree):
                measure(child)
            return Size()


def _literal(value: Decimal) -> Size:
    _, digits, exponent = value.as_tuple()
    places = max(0, -int(exponent))
    return Size(max(1, len(digits) - places), places)


def _binary(tree: Binary) -> Size:
    a, b = measure(tree.left), measure(tree.right)
    match tree.op:
        case "+" | "-":
            most = max(a.whole, b.whole) + 1
            return Size(most, max(a.places, b.places), a.characters + b.characters)
        case "*":
            return Size(a.whole + b.whole, a.places + b.places)
        case "/":
            return Size(a.whole + b.places + 1, DIVISION_PLACES)
        case "//":
            return Size(a.whole + b.places)
        case "%":
            return Size(a.whole, max(a.places, b.places))


def _aggregate(tree: Aggregate) -> Size:
    body = Size() if tree.body is None else measure(tree.body)
    match tree.function:
        case "sum":
            return Size(body.whole + _ROWS_DIGITS, body.places)
        case "avg":
            return Size(body.whole + _ROWS_DIGITS, DIVISION_PLACES)
        case "min" | "max":
            return body
        case "count" | "any" | "all":
            return _SMALL


def _call(tree: Call, sizes: list[Size]) -> Size:
    match tree.function:
        case "coalesce" | "min" | "max":
            return _widest(sizes)
        case "round":
            places = (whole(tree.arguments[1]) or 0) if len(sizes) == 2 else 0
            return Size(max(sizes[0].whole, -places) + 1, max(0, min(places, sizes[0].places)))
        case "floor" | "ceil" | "abs":
            return Size(sizes[0].whole + 1, sizes[0].places if tree.function == "abs" else 0)
        case _ if tree.function == POWER:
            exponent = max(1, whole(tree.arguments[1]) or 0)
            return Size(sizes[0].whole * exponent, sizes[0].places * exponent)
        case "number":
            return (
                Size(DIGITS_MAX, DIGITS_MAX)
                if tree.arguments[0].type.kind is Kind.TEXT
                else sizes[0]
            )
        case "text":
            return Size(
                characters=max(100, sizes[0].whole + sizes[0].places + 2, sizes[0].characters)
            )
        case "concat":
            return Size(characters=sum(size.characters for size in sizes))
        case "lower" | "upper":
            return Size(characters=sizes[0].characters * 3)
        case "replace":
            return Size(characters=REPLACED_CHARACTERS_MAX)
        case "trim" | "substring":
            return sizes[0]
        case _:
            return _SMALL


def _widest(sizes: list[Size]) -> Size:
    return Size(
        max(size.whole for size in sizes),
        max(size.places for size in sizes),
        max(size.characters for size in sizes),
    )
