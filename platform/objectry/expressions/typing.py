"""Which kinds go together, and how they are called in messages."""

from decimal import Decimal

from objectry.expressions.tree import Literal, Tree
from objectry.expressions.types import ExprType, Kind
from objectry.values.dates import parse_date, parse_datetime
from objectry.values.ids import parse_id
from objectry.values.times import parse_duration, parse_time

BOOLEAN = ExprType(Kind.BOOLEAN)
NUMBER = ExprType(Kind.NUMBER)
TEXT = ExprType(Kind.TEXT)
DATE = ExprType(Kind.DATE)
DATETIME = ExprType(Kind.DATETIME)
TIME = ExprType(Kind.TIME)
DURATION = ExprType(Kind.DURATION)
PERIOD = ExprType(Kind.PERIOD)
NULL = ExprType(Kind.NULL)

ORDERED = frozenset({Kind.NUMBER, Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.DURATION})
"""The kinds that have a smaller and a larger."""

_WORDS = {
    Kind.BOOLEAN: "true or false",
    Kind.NUMBER: "a number",
    Kind.TEXT: "a text",
    Kind.DATE: "a date",
    Kind.DATETIME: "a moment",
    Kind.TIME: "a time of day",
    Kind.DURATION: "a duration",
    Kind.PERIOD: "a period",
    Kind.LINK: "a link",
    Kind.LINES: "lines",
    Kind.LIST: "a list",
    Kind.COMPOSITE: "a value of several parts",
    Kind.JSON: "a JSON value",
    Kind.SECRET: "a secret",
    Kind.NULL: "None",
}

_CONVERSIONS = {
    (Kind.NUMBER, Kind.TEXT): "text(…) makes a text of a number",
    (Kind.TEXT, Kind.NUMBER): "number(…) makes a number of a text",
    (Kind.DATE, Kind.TEXT): "text(…) makes a text of a date; date(…) the other way round",
    (Kind.TEXT, Kind.DATE): "date(…) makes a date of a text",
    (Kind.DATETIME, Kind.DATE): "date(…) takes the day of a moment",
    (Kind.DATE, Kind.DATETIME): "date(…) takes the day of a moment",
    (Kind.DURATION, Kind.NUMBER): "hours(…), minutes(…) and seconds(…) make a duration",
    (Kind.NUMBER, Kind.DURATION): "divide by hours(1), minutes(1) or seconds(1)",
    (Kind.DURATION, Kind.TEXT): "a duration is written 'PT1H30M'; text(…) makes a text of one",
    (Kind.TIME, Kind.TEXT): "a time of day is written '08:30'; text(…) makes a text of one",
    (Kind.DATE, Kind.NUMBER): "days(…) makes a period of a number",
    (Kind.NUMBER, Kind.DATE): "days(…) makes a period of a number",
}


def describe(type_: ExprType) -> str:
    """The type in words: "a link to customer"."""
    if type_.kind is Kind.LINK and type_.object:
        return f"a link to {type_.object}"
    return _WORDS[type_.kind]


def describe_kinds(kinds: tuple[Kind, ...]) -> str:
    """Several kinds in words: "a text or a list"."""
    words = [_WORDS[kind] for kind in kinds]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def conversion(a: Kind, b: Kind) -> str:
    """The hint for two kinds that do not go together, if there is one."""
    return _CONVERSIONS.get((a, b), "")


def compatible(a: ExprType, b: ExprType) -> bool:
    """Whether values of both types can stand for each other."""
    if a.kind is Kind.LINK and b.kind is Kind.LINK:
        return not a.object or not b.object or a.object == b.object
    return a.kind is b.kind and (not a.parts or not b.parts or a.parts == b.parts)


def adapt(tree: Tree, to: ExprType) -> Tree | None:
    """The tree as a value of type `to`, or None.

    None takes any type; a text literal becomes the date, moment, time, duration or id that it
    writes.
    """
    if tree.type.kind is Kind.NULL:
        return Literal(type=to, value=None)
    if isinstance(tree, Literal) and isinstance(tree.value, str) and tree.type.kind is Kind.TEXT:
        match to.kind:
            case Kind.DATE:
                day = parse_date(tree.value)
                return None if day is None else Literal(type=to, value=day)
            case Kind.DATETIME:
                moment = parse_datetime(tree.value)
                return None if moment is None else Literal(type=to, value=moment)
            case Kind.TIME:
                at = parse_time(tree.value)
                return None if at is None else Literal(type=to, value=at)
            case Kind.DURATION:
                length = parse_duration(tree.value)
                return None if length is None else Literal(type=to, value=length)
            case Kind.LINK:
                link = parse_id(tree.value)
                return None if link is None else Literal(type=to, value=link)
            case _:
                pass
    return tree if compatible(tree.type, to) else None


def is_none(tree: Tree) -> bool:
    """Whether a tree is a bare None, of whatever type."""
    return isinstance(tree, Literal) and tree.value is None


def whole(tree: Tree) -> int | None:
    """The value of a literal that is a whole number, or None."""
    if isinstance(tree, Literal) and isinstance(tree.value, Decimal):
        return int(tree.value) if tree.value == tree.value.to_integral_value() else None
    return None
