"""Calls: a function's arguments checked against the table of functions."""

import ast
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Literal as Lit

from objectry.expressions import names, units
from objectry.expressions.codes import ARGUMENTS, CONSTRUCT, LINES, LITERAL, TYPE, UNKNOWN_FUNCTION
from objectry.expressions.functions import AGGREGATES, FUNCTIONS, UNITS, Function, Signature
from objectry.expressions.tree import Aggregate, Call, Literal, Tree
from objectry.expressions.types import ExprType, Kind
from objectry.expressions.typing import (
    BOOLEAN,
    DATE,
    NUMBER,
    ORDERED,
    adapt,
    conversion,
    describe,
    describe_kinds,
    whole,
)
from objectry.values.dates import make_date, parse_date
from objectry.values.numbers import ZERO

if TYPE_CHECKING:
    from objectry.expressions.check import Checker

AggregateName = Lit["sum", "count", "min", "max", "avg", "any", "all"]
_NAMES: dict[str, AggregateName] = {
    "sum": "sum",
    "count": "count",
    "min": "min",
    "max": "max",
    "avg": "avg",
    "any": "any",
    "all": "all",
}
assert set(_NAMES) == AGGREGATES

ROUND_PLACES_MAX = 30


def check(checker: "Checker", node: ast.Call) -> Tree | None:
    """The typed tree of a call."""
    function = _function(checker, node)
    if function is None:
        return None
    if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
        checker.problem(node, CONSTRUCT, "Arguments are plain values, in order.", function.usage)
        return None
    if function.shape == "lines" or (function.shape == "extreme" and len(node.args) == 1):
        return _aggregate(checker, node, function)
    if not node.args and function.shape != "plain":
        checker.problem(node, ARGUMENTS, f"`{function.name}` needs arguments.", function.usage)
        return None
    arguments = checker.check_all(node.args)
    if arguments is None:
        return None
    if function.shape == "units":
        return units.convert(checker, node, function, arguments)
    if function.shape == "plain":
        return _plain(checker, node, function, arguments)
    return _same(checker, node, function, arguments)


def _function(checker: "Checker", node: ast.Call) -> Function | None:
    if isinstance(node.func, ast.Name):
        function = FUNCTIONS.get(node.func.id)
        if function is None:
            message = f"There is no function `{node.func.id}`."
            hint = names.did_you_mean(node.func.id, FUNCTIONS)
            checker.problem(node.func, UNKNOWN_FUNCTION, message, hint)
        return function
    hint = ""
    if isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS:
        hint = FUNCTIONS[node.func.attr].usage
    checker.problem(node, CONSTRUCT, "Only the listed functions can be called, by name.", hint)
    return None


def _same(
    checker: "Checker", node: ast.Call, function: Function, arguments: list[Tree]
) -> Tree | None:
    """coalesce, and min and max over values: all arguments of one kind."""
    unified = checker.unify(node.args, arguments)
    if unified is None:
        return None
    type_ = unified[0].type
    if type_.kind is Kind.NULL:
        return Literal(type=type_, value=None)
    allowed = ORDERED if function.shape == "extreme" else {*ORDERED, Kind.BOOLEAN, Kind.LINK}
    if type_.kind not in allowed:
        message = f"`{function.name}` can't work with {describe(type_)}."
        checker.problem(node.args[0], TYPE, message, function.usage)
        return None
    return Call(type=type_, function=function.name, arguments=tuple(unified))


def _aggregate(checker: "Checker", node: ast.Call, function: Function) -> Tree | None:
    if len(node.args) != 1:
        message = f"`{function.name}` takes one argument, over lines."
        checker.problem(node, ARGUMENTS, message, function.usage)
        return None
    if checker.rows is not None:
        message = f"`{function.name}` stands inside another aggregate."
        checker.problem(node, LINES, message, "put the inner one into a formula field")
        return None
    argument = node.args[0]
    rows = names.find_rows(checker.scope, argument)
    if rows is None:
        checked = checker.check(argument)
        if checked is not None and checked.type.kind is Kind.LIST and function.name == "count":
            length = Call(type=NUMBER, function="len", arguments=(checked,))
            none = Literal(type=NUMBER, value=ZERO)
            return Call(type=NUMBER, function="coalesce", arguments=(length, none))
        if checked is not None:
            message = f"`{function.name}` works over lines, and there are none in its argument."
            checker.problem(argument, LINES, message, function.usage)
        return None
    name = _NAMES[function.name]
    if names.dotted(argument) == rows.names:
        if name == "count":
            return Aggregate(type=NUMBER, function=name, over=rows.over)
        message = f"`{function.name}` needs a value of each line."
        checker.problem(argument, LINES, message, function.usage)
        return None
    checker.rows = rows
    body = checker.check(argument)
    checker.rows = None
    if body is None:
        return None
    type_ = _aggregate_type(checker, argument, name, body)
    if type_ is None:
        return None
    if name in ("any", "all", "sum", "avg"):
        body = adapt(body, type_) or body
    return Aggregate(type=type_, function=name, over=rows.over, body=body)


def _aggregate_type(
    checker: "Checker", node: ast.expr, name: AggregateName, body: Tree
) -> ExprType | None:
    kind = body.type.kind
    match name:
        case "count":
            return NUMBER
        case "sum" | "avg":
            if adapt(body, NUMBER) is not None:
                return NUMBER
            if kind is Kind.DURATION and name == "sum":
                return body.type
            wanted = "a number"
        case "any" | "all":
            if adapt(body, BOOLEAN) is not None:
                return BOOLEAN
            wanted = "true or false"
        case "min" | "max":
            if kind in ORDERED:
                return body.type
            wanted = "a value that has an order"
    checker.problem(node, TYPE, f"`{name}` needs {wanted} of each line, not {describe(body.type)}.")
    return None


def _plain(
    checker: "Checker", node: ast.Call, function: Function, arguments: list[Tree]
) -> Tree | None:
    fitting = [s for s in function.signatures if _takes(s, len(arguments))]
    if not fitting:
        message = f"`{function.name}` is called with {len(arguments)} arguments."
        checker.problem(node, ARGUMENTS, message, function.usage)
        return None
    signature = fitting[0]
    adapted: list[Tree] = []
    for at, (argument_node, argument) in enumerate(zip(node.args, arguments, strict=True)):
        kinds = signature.parameters[min(at, len(signature.parameters) - 1)]
        value = _argument(argument, kinds)
        if value is None:
            message = (
                f"`{function.name}` needs {describe_kinds(kinds)} here, "
                f"not {describe(argument.type)}."
            )
            hint = conversion(kinds[0], argument.type.kind) or function.usage
            checker.problem(argument_node, TYPE, message, hint)
        else:
            adapted.append(value)
    if len(adapted) < len(arguments):
        return None
    call = Call(type=ExprType(signature.returns), function=function.name, arguments=tuple(adapted))
    return _special(checker, node, call)


def _takes(signature: Signature, count: int) -> bool:
    most = len(signature.parameters)
    return most - signature.optional <= count and (signature.variadic or count <= most)


def _argument(argument: Tree, kinds: tuple[Kind, ...]) -> Tree | None:
    if argument.type.kind in kinds:
        return argument
    for kind in kinds:
        adapted = adapt(argument, ExprType(kind))
        if adapted is not None:
            return adapted
    return None


def _special(checker: "Checker", node: ast.Call, call: Call) -> Tree | None:
    """What the signature alone can't say: arguments that must be written out."""
    match call.function:
        case "round" if len(call.arguments) == 2:
            places = whole(call.arguments[1])
            if places is None or abs(places) > ROUND_PLACES_MAX:
                message = f"The places to round to are a whole number, -{ROUND_PLACES_MAX} to "
                message += f"{ROUND_PLACES_MAX}, written out."
                checker.problem(node.args[1], ARGUMENTS, message, "round(x, 2)")
                return None
        case "start_of" | "end_of":
            unit = call.arguments[1]
            if not isinstance(unit, Literal) or unit.value not in UNITS:
                message = "The unit is one of " + ", ".join(f"'{unit}'" for unit in UNITS) + "."
                checker.problem(node.args[1], ARGUMENTS, message)
                return None
        case "date":
            return _date(checker, node, call)
        case _:
            pass
    return call


def _date(checker: "Checker", node: ast.Call, call: Call) -> Tree | None:
    """A date written out is a literal, and a wrong one is found now."""
    first = call.arguments[0]
    if not all(isinstance(a, Literal) and a.value is not None for a in call.arguments):
        return call
    if len(call.arguments) == 3:
        numbers = [whole(a) for a in call.arguments]
        value = make_date(*(Decimal(n) if n is not None else ZERO for n in numbers))
    elif isinstance(first, Literal) and isinstance(first.value, str):
        value = parse_date(first.value)
    else:
        return call
    if value is not None:
        return Literal(type=DATE, value=value)
    checker.problem(node, LITERAL, "There is no such date.", "date(2026, 3, 31)")
    return None
