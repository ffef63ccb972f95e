"""The plain functions in SQL: the twins of `objectry.expressions.builtins`."""

from collections.abc import Callable, Mapping

from objectry.expressions.functions import POWER, UNITS
from objectry.expressions.tree import Call, Literal
from objectry.expressions.types import Kind
from objectry.expressions.typing import whole
from objectry.values.text import WHITESPACE
from objectry_runtime.query.sql import Sql

_UNIT_LENGTHS = {"year": "1 year", "quarter": "3 months", "month": "1 month", "week": "1 week"}
assert set(_UNIT_LENGTHS) == set(UNITS)

_SIMPLE: Mapping[str, str] = {
    "days_between": "({1} - {0})::numeric",
    "hours": "objectry.seconds({0} * 3600)",
    "minutes": "objectry.seconds({0} * 60)",
    "seconds": "objectry.seconds({0})",
    "months_between": "objectry.months_between({0}, {1})::numeric",
    "is_business_day": "(extract(isodow from {0}) < 6)",
    "floor": "floor({0})",
    "ceil": "ceil({0})",
    "abs": "abs({0})",
    "lower": "objectry.lower({0})",
    "upper": "objectry.upper({0})",
    "contains": '(strpos({0} collate "C", {1}) > 0)',
    "startswith": 'starts_with({0} collate "C", {1})',
    "endswith": "(right({0}, length({1})) = {1})",
    "replace": "objectry.replace({0}, {1}, {2})",
}
_PARTS = {"year": "year", "month": "month", "day": "day", "weekday": "isodow"}

WRITTEN_OUT = frozenset({"round", "start_of", "end_of", POWER})
"""Functions whose second argument is a literal that becomes part of the text."""

Rendering = Callable[[Call, list[str], Sql], str]


def render_function(call: Call, arguments: list[str], sql: Sql) -> str:
    """A call over rendered arguments."""
    name = call.function
    if name in _SIMPLE:
        return _SIMPLE[name].format(*arguments)
    if name in _PARTS:
        return f"extract({_PARTS[name]} from {_in_utc(call, arguments[0])})::numeric"
    return _OTHERS[name](call, arguments, sql)


def _in_utc(call: Call, argument: str) -> str:
    moment = call.arguments[0].type.kind is Kind.DATETIME
    return f"({argument} at time zone 'UTC')" if moment else argument


def _date(call: Call, arguments: list[str], sql: Sql) -> str:
    if len(arguments) == 3:
        return f"objectry.to_date({', '.join(arguments)})"
    match call.arguments[0].type.kind:
        case Kind.TEXT:
            return f"objectry.to_date({arguments[0]})"
        case _:
            return f"({_in_utc(call, arguments[0])})::date"


def _unit(call: Call) -> str:
    unit = call.arguments[1]
    assert isinstance(unit, Literal), "the checker lets no other through"
    assert unit.value in UNITS, unit.value
    return str(unit.value)


def _start_of(call: Call, arguments: list[str], sql: Sql) -> str:
    return f"date_trunc('{_unit(call)}', ({arguments[0]})::timestamp)::date"


def _end_of(call: Call, arguments: list[str], sql: Sql) -> str:
    length = _UNIT_LENGTHS[_unit(call)]
    start = f"date_trunc('{_unit(call)}', ({arguments[0]})::timestamp)"
    return f"objectry.in_calendar(({start} + interval '{length}' - interval '1 day')::date)"


def _round(call: Call, arguments: list[str], sql: Sql) -> str:
    places = whole(call.arguments[1]) if len(call.arguments) == 2 else 0
    return f"round({arguments[0]}, {places})"


def _len(call: Call, arguments: list[str], sql: Sql) -> str:
    counted = "cardinality" if call.arguments[0].type.kind is Kind.LIST else "length"
    return f"{counted}({arguments[0]})::numeric"


def _trim(call: Call, arguments: list[str], sql: Sql) -> str:
    return f"btrim({arguments[0]}, {sql.bind(WHITESPACE, 'text')})"


def _concat(call: Call, arguments: list[str], sql: Sql) -> str:
    return "(" + " || ".join(f"coalesce({argument}, '')" for argument in arguments) + ")"


def _substring(call: Call, arguments: list[str], sql: Sql) -> str:
    start = f"objectry.at_least({arguments[1]}, 1)"
    length = f", objectry.at_least({arguments[2]}, 0)" if len(arguments) == 3 else ""
    return f"substr({arguments[0]}, {start}{length})"


def _text(call: Call, arguments: list[str], sql: Sql) -> str:
    match call.arguments[0].type.kind:
        case Kind.TEXT:
            return arguments[0]
        case Kind.NUMBER:
            return f"trim_scale({arguments[0]})::text"
        case Kind.DATE | Kind.DATETIME | Kind.DURATION:
            return f"objectry.to_text({arguments[0]})"
        case Kind.COMPOSITE:
            names = (name for name, _ in call.arguments[0].type.parts)
            parts = ", ".join(f"{arguments[0]} ->> '{name}'" for name in names)
            return f"nullif(concat_ws(' ', {parts}), '')"
        case _:
            return f"({arguments[0]})::text"


def _number(call: Call, arguments: list[str], sql: Sql) -> str:
    if call.arguments[0].type.kind is Kind.NUMBER:
        return arguments[0]
    return f"objectry.to_number({arguments[0]})"


def _power(call: Call, arguments: list[str], sql: Sql) -> str:
    return f"objectry.power({arguments[0]}, {whole(call.arguments[1])})"


def _coalesce(call: Call, arguments: list[str], sql: Sql) -> str:
    return f"coalesce({', '.join(arguments)})"


def _extreme(call: Call, arguments: list[str], sql: Sql) -> str:
    function = "least" if call.function == "min" else "greatest"
    if call.type.kind is Kind.TEXT:
        arguments = [f'({argument} collate "C")' for argument in arguments]
    return f"{function}({', '.join(arguments)})"


_OTHERS: Mapping[str, Rendering] = {
    "date": _date,
    "start_of": _start_of,
    "end_of": _end_of,
    "round": _round,
    "len": _len,
    "trim": _trim,
    "concat": _concat,
    "substring": _substring,
    "text": _text,
    "number": _number,
    POWER: _power,
    "coalesce": _coalesce,
    "min": _extreme,
    "max": _extreme,
}

RENDERED = frozenset({*_SIMPLE, *_PARTS, *_OTHERS})
"""Every function that is rendered here."""
