"""`convert(quantity, unit_from, unit_to)`: written out as arithmetic with exact factors."""

import ast
from decimal import Decimal
from typing import TYPE_CHECKING

from objectry.expressions import names
from objectry.expressions.codes import ARGUMENTS, LITERAL, TYPE
from objectry.expressions.functions import Function
from objectry.expressions.tree import Binary, Compare, If, Literal, Tree
from objectry.expressions.types import ExprType, Kind
from objectry.expressions.typing import BOOLEAN, NULL, NUMBER, TEXT, adapt, describe

if TYPE_CHECKING:
    from objectry.expressions.check import Checker

Units = tuple[tuple[str, Decimal], ...]


def convert(
    checker: "Checker", node: ast.Call, function: Function, arguments: list[Tree]
) -> Tree | None:
    """The quantity times one factor, divided by the other; null where a unit is.

    What units there are is known by the fields among the arguments, so one of them has to be one.
    """
    if len(arguments) != 3:
        checker.problem(node, ARGUMENTS, "`convert` takes three arguments.", function.usage)
        return None
    quantity = adapt(arguments[0], NUMBER)
    if quantity is None:
        message = f"`convert` can't work with {describe(arguments[0].type)}."
        checker.problem(node.args[0], TYPE, message, function.usage)
        return None
    units = _units(checker, node, function, arguments[1:])
    if units is None:
        return None
    factors: list[Tree] = []
    for place, unit in zip(node.args[1:], arguments[1:], strict=True):
        factor = _factor(checker, place, unit, units)
        if factor is not None:
            factors.append(factor)
    if len(factors) < 2:
        return None
    in_base = Binary(type=NUMBER, op="*", left=quantity, right=factors[0])
    return Binary(type=NUMBER, op="/", left=in_base, right=factors[1])


def _units(
    checker: "Checker", node: ast.Call, function: Function, arguments: list[Tree]
) -> Units | None:
    known = {one.type.units for one in arguments if one.type.units}
    if len(known) == 1:
        return known.pop()
    if known:
        listed = " and ".join(f"`{units[0][0]}`" for units in sorted(known))
        message = f"Units of {listed} measure different things."
        checker.problem(node, TYPE, message, "convert within one `units`")
    else:
        message = "One of the two units must be a field with `units:`."
        checker.problem(node, TYPE, message, function.usage)
    return None


def _factor(checker: "Checker", node: ast.expr, unit: Tree, units: Units) -> Tree | None:
    """How many of the base unit a unit is."""
    factors = dict(units)
    if isinstance(unit, Literal) and isinstance(unit.value, str):
        if unit.value in factors:
            return _number(factors[unit.value])
        message = f"There is no unit `{unit.value}` here."
        hint = names.did_you_mean(unit.value, factors) or f"known: {', '.join(factors)}"
        checker.problem(node, LITERAL, message, hint)
        return None
    if unit.type.kind not in (Kind.TEXT, Kind.NULL):
        checker.problem(node, TYPE, f"A unit is a text, not {describe(unit.type)}.")
        return None
    found: Tree = Literal(type=ExprType(Kind.NUMBER), value=None)
    if unit.type == NULL:
        return found
    for name, factor in reversed(units):
        condition = Compare(type=BOOLEAN, op="==", left=unit, right=Literal(type=TEXT, value=name))
        found = If(type=NUMBER, condition=condition, then=_number(factor), otherwise=found)
    return found


def _number(value: Decimal) -> Tree:
    return Literal(type=NUMBER, value=value)
