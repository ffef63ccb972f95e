"""What compiles, what does not, and what is said about it."""

from decimal import Decimal

import pytest

from objectry.expressions import Expression, Kind, compile_expression
from objectry.expressions import codes as c
from objectry.expressions.tree import Aggregate, Binary, Field, Literal, Tree, walk
from objectry.expressions.types import ExprType
from tests.expression_world import WorldScope, compiled, problems

NUMBER = ExprType(Kind.NUMBER)
OF_LINES = "sum(…), count(…), any(…) and others make one value of own lines"
OF_LINKS = "a link is compared with another link, or with an id written as a text"


def test_the_tree_is_typed_and_resolved() -> None:
    assert compiled("sum(lines.x * a)").tree == Aggregate(
        type=NUMBER,
        function="sum",
        over=Field(type=ExprType(Kind.LINES, "line"), root="record", path=("lines",)),
        body=Binary(
            type=NUMBER,
            op="*",
            left=Field(type=NUMBER, root="record", path=("x",)),
            right=Field(type=NUMBER, root="parent", path=("a",)),
        ),
    )


def test_a_literal_is_read_from_the_text_and_not_through_a_float() -> None:
    tree = compiled("'ä' == s and 0.1000000000000000055511151231257827 == a").tree
    numbers = [node.value for node in _literals(tree) if isinstance(node.value, Decimal)]
    assert [Decimal("0.1000000000000000055511151231257827")] == numbers


def _literals(tree: Tree) -> list[Literal]:
    return [node for node in walk(tree) if isinstance(node, Literal)]


@pytest.mark.parametrize(
    ("source", "reads", "clock", "links"),
    [
        ("a + 1", {("record", ("a",))}, False, False),
        ("sum(lines.x) > a", {("record", ("lines", "x")), ("record", ("a",))}, False, False),
        ("sum(lines.x * a)", {("record", ("lines", "x")), ("record", ("a",))}, False, False),
        ("count(lines)", {("record", ("lines",))}, False, False),
        ("customer.group.name", {("record", ("customer", "group", "name"))}, False, True),
        ("customer.id", {("record", ("customer",))}, False, False),
        ("any(lines.day < today())", {("record", ("lines", "day"))}, True, False),
        ("d > date(now())", {("record", ("d",))}, True, False),
        ("any(lines.label == customer.name)",
         {("record", ("lines", "label")), ("record", ("customer", "name"))}, False, True),
        ("source == user.id", {("record", ("source",)), ("user", ("id",))}, False, False),
        ("old.a != a", {("record", ("a",)), ("old", ("a",))}, False, False),
    ],
)  # fmt: skip
def test_what_an_expression_reads_is_known(
    source: str, reads: set[tuple[str, tuple[str, ...]]], clock: bool, links: bool
) -> None:
    expression = compiled(source)
    assert (reads, clock, links) == (
        set(expression.reads),
        expression.uses_clock,
        expression.follows_links,
    )


def test_a_line_reads_its_parent() -> None:
    expression = compiled("x / sum(parent.lines.x) * parent.a", "line")
    assert {
        ("record", ("x",)),
        ("parent", ("lines", "x")),
        ("parent", ("a",)),
    } == expression.reads


def test_all_problems_come_at_once_with_their_places() -> None:
    found = problems("nme + 1 > 0 and uper(s) == t and s + 1 == 2")
    assert [
        (c.UNKNOWN_NAME, 0, ""),
        (c.UNKNOWN_FUNCTION, 16, "did you mean `upper`?"),
        (c.TYPE, 33, "number(…) makes a number of a text"),
    ] == [(p.code, p.offset, p.hint) for p in found]


@pytest.mark.parametrize(
    ("source", "code", "hint"),
    [
        ("numbre", c.UNKNOWN_NAME, "did you mean `number`?"),
        ("customer.nam", c.UNKNOWN_NAME, "did you mean `name`?"),
        ("user.role", c.UNKNOWN_NAME, "did you mean `roles`?"),
        ("zzzzzz", c.UNKNOWN_NAME, ""),
        ("parent.a", c.UNKNOWN_NAME, ""),
        ("d.year", c.LINK, "year(d)"),
        ("source.name", c.LINK, ""),
        ("user", c.LINK, "user.id"),
        ("s.upper()", c.CONSTRUCT, "upper(x)"),
        ("lines.x > 1", c.LINES, OF_LINES),
        ("sum(a)", c.LINES, "sum(lines.x)"),
        ("sum(lines)", c.LINES, "sum(lines.x)"),
        ("max(lines)", c.LINES, "max(lines.x)"),
        ("sum(lines.x * sum(lines.y))", c.LINES, "put the inner one into a formula field"),
        ("len(lines)", c.LINES, OF_LINES),
        ("a = 1", c.SYNTAX, "`==` compares"),
        ("p & q", c.SYNTAX, "the operator is `and`"),
        ("!p", c.SYNTAX, "the operators are `not` and `!=`"),
        ("a # why", c.SYNTAX, "comments belong beside the expression, in the YAML"),
        ("d < 2026-01-31", c.SYNTAX, "a date is written date(2026, 3, 31)"),
        ("not s", c.TYPE, "compare it: `x is not None`"),
        ("a if lines else b", c.LINES, OF_LINES),
        ("d + 1", c.TYPE, "days(…) makes a period of a number"),
        ("d < m", c.TYPE, "date(…) takes the day of a moment"),
        ("'a' in s", c.TYPE, "contains(text, part)"),
        ("customer == s", c.TYPE, OF_LINKS),
        ("d == 'tomorrow'", c.TYPE, "a date is written '2026-03-31'; date(…) makes one of a text"),
        ("a is True", c.CONSTRUCT, "use `==`"),
        ("round(a, i)", c.ARGUMENTS, "round(x, 2)"),
        ("round(a, 1, 2)", c.ARGUMENTS, "round(x, n)"),
        ("today(1)", c.ARGUMENTS, "today()"),
        ("start_of(d, 'day')", c.ARGUMENTS, ""),
        ("coalesce()", c.ARGUMENTS, "coalesce(a, b, …)"),
        ("a ** b", c.POWER, ""),
        ("a ** 17", c.POWER, ""),
        ("a ** -1", c.POWER, ""),
        ("date(2026, 2, 30)", c.LITERAL, "date(2026, 3, 31)"),
        ("1_000", c.LITERAL, ""),
        ("['a' 'b']", c.LITERAL, ""),
        ("customer == customer.group", c.TYPE, ""),
        ("p < q", c.TYPE, ""),
        ("days(1) == days(1)", c.TYPE, ""),
    ],
)  # fmt: skip
def test_a_mistake_has_a_code_and_a_way_out(source: str, code: str, hint: str) -> None:
    found = problems(source)
    assert [(code, hint)] == [(p.code, p.hint) for p in found]
    assert all(p.message.endswith((".", ")")) or "`" in p.message for p in found)


def test_a_field_may_bear_the_name_of_a_function() -> None:
    assert compiled("number + number(days)").type == NUMBER


@pytest.mark.parametrize(
    ("source", "expects", "kind"),
    [
        ("None", [Kind.DATE], Kind.DATE),
        ("'2026-01-01'", [Kind.DATE], Kind.DATE),
        ("'EUR'", [Kind.TEXT], Kind.TEXT),
        ("a > 1", [Kind.BOOLEAN], Kind.BOOLEAN),
    ],
)
def test_a_result_becomes_what_is_needed(source: str, expects: list[Kind], kind: Kind) -> None:
    result = compile_expression(source, WorldScope("record"), expects=expects)
    assert isinstance(result, Expression)
    assert kind is result.type.kind


def test_another_result_than_is_needed_is_a_problem() -> None:
    [problem] = problems("count(lines)", expects=[Kind.BOOLEAN])
    assert (c.RESULT, "True or false is needed here, not a number.") == (
        problem.code,
        problem.message,
    )


def test_lines_may_be_broken() -> None:
    assert compiled("\n  a\n  + b\n").type == NUMBER


def test_places_count_in_characters_whatever_stands_before() -> None:
    [problem] = problems("  'äöü😀' == s and\n zzzzzz == 1")
    assert problem.offset == 19
