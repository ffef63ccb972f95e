"""From source to a compiled expression: read, check, bound."""

from collections.abc import Collection

from objectry.expressions.bounds import (
    RESULT_CHARACTERS_MAX,
    RESULT_DIGITS_MAX,
    TooLarge,
    measure,
)
from objectry.expressions.check import Checker
from objectry.expressions.codes import DIGITS, LIMIT, LINES, RESULT
from objectry.expressions.expression import Expression, Problem
from objectry.expressions.facts import facts
from objectry.expressions.source import NESTING_MAX, read
from objectry.expressions.tree import Tree
from objectry.expressions.types import ExprType, Kind, Scope
from objectry.expressions.typing import adapt, conversion, describe, describe_kinds


def compile_expression(
    source: str, scope: Scope, *, expects: Collection[Kind] = ()
) -> Expression | tuple[Problem, ...]:
    """The expression that `source` writes, seen from `scope`; or everything that is wrong with it.

    `expects` names the kinds of result that are possible here; none given, any value is. A bare
    None is taken everywhere.
    """
    text = read(source)
    if isinstance(text, tuple):
        return text
    checker = Checker(text, scope)
    try:
        tree = checker.check(text.body)
        if tree is None:
            return tuple(checker.problems)
        measure(tree)
    except TooLarge as error:
        return (_too_large(error),)
    except RecursionError:
        return (Problem(code=LIMIT, message=f"Nested more than {NESTING_MAX} levels deep."),)
    result = _expected(tree, tuple(expects))
    if isinstance(result, Problem):
        return (result,)
    found = facts(result)
    return Expression(
        source=source,
        tree=result,
        type=result.type,
        reads=found.reads,
        uses_clock=found.uses_clock,
        follows_links=found.follows_links,
    )


def _expected(tree: Tree, expects: tuple[Kind, ...]) -> Tree | Problem:
    kind = tree.type.kind
    if kind is Kind.LINES:
        return Problem(code=LINES, message="The result would be lines, not one value.")
    if kind is Kind.SECRET:
        return Problem(code=RESULT, message="A secret is no result; only `is None` can be asked.")
    if not expects or kind in expects:
        return tree
    for wanted in expects:
        adapted = adapt(tree, ExprType(wanted))
        if adapted is not None:
            return adapted
    message = f"{describe_kinds(expects).capitalize()} is needed here, not {describe(tree.type)}."
    return Problem(code=RESULT, message=message, hint=conversion(expects[0], kind))


def _too_large(error: TooLarge) -> Problem:
    if error.kind is Kind.TEXT:
        message = f"A text of more than {RESULT_CHARACTERS_MAX:,} characters could result."
        return Problem(code=DIGITS, message=message)
    message = f"A number of more than {RESULT_DIGITS_MAX:,} digits could result."
    return Problem(code=DIGITS, message=message, hint="round(…, 6) keeps parts of it small")
