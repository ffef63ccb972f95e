"""The table of functions, the codes and the reference page go together."""

from pathlib import Path

import pytest

from objectry.expressions import FUNCTIONS, codes
from objectry.expressions.builtins import FUNCTIONS as IN_PYTHON
from objectry.expressions.functions import POWER
from objectry.expressions.reference import functions_table
from objectry.findings import CODES
from objectry_runtime.query.render_functions import RENDERED
from tests.expression_world import compiled, problems

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "expressions.md"
CONTRACT = (
    "today now days months years days_between months_between date year month day weekday start_of "
    "end_of round floor ceil abs min max sum count avg any all len lower upper trim contains "
    "startswith endswith concat replace substring coalesce text number is_business_day "
    "hours minutes seconds convert"
).split()

# What the evaluator does itself: the clock and choices.
OF_THE_TREE = {"today", "now", "coalesce", "concat", "min", "max", "convert"}
AGGREGATES = {"sum", "count", "avg", "any", "all"}


def test_every_promised_function_is_there_and_no_other() -> None:
    assert sorted(CONTRACT) == sorted(FUNCTIONS)


def test_every_function_is_computed_on_both_sides() -> None:
    plain = set(FUNCTIONS) - AGGREGATES
    assert plain - OF_THE_TREE | {POWER} == set(IN_PYTHON)
    of_the_renderer = {"today", "now", "days", "months", "years", "convert"}
    assert plain - of_the_renderer | {POWER} == RENDERED


def test_the_reference_page_shows_the_table_as_it_is() -> None:
    assert functions_table() in PAGE.read_text(encoding="utf-8")


# Said over an offer in the codes' examples; the same mistakes over the tests' world.
WRONG_AND_RIGHT = {
    codes.SYNTAX: ("a * (b", "a * (b)"),
    codes.CONSTRUCT: ("s.upper()", "upper(s)"),
    codes.UNKNOWN_NAME: ("customr.name", "customer.name"),
    codes.UNKNOWN_FUNCTION: ("uppercase(s)", "upper(s)"),
    codes.TYPE: ("'Total: ' + a", "'Total: ' + text(a)"),
    codes.ARGUMENTS: ("round(a, 2, 3)", "round(a, 2)"),
    codes.LITERAL: ("1_000", "1000"),
    codes.LINES: ("lines.x > 100", "any(lines.x > 100)"),
    codes.LINK: ("d.year", "year(d)"),
    codes.DIGITS: ("a ** 14", "round(a, 2) ** 2"),
    codes.POWER: ("a ** i", "a ** 2"),
}


@pytest.mark.parametrize("code", WRONG_AND_RIGHT)
def test_a_code_is_found_where_it_says_and_its_advice_helps(code: str) -> None:
    wrong, right = WRONG_AND_RIGHT[code]
    assert [code] == [problem.code for problem in problems(wrong)]
    compiled(right)


def test_every_code_is_explained() -> None:
    mine = [code for number, code in CODES.items() if number.startswith("OBJ04")]
    assert {*WRONG_AND_RIGHT, codes.LIMIT, codes.RESULT} == {code.code for code in mine}
    assert all(code.title and code.explanation for code in mine)
