"""The conformance table of the expression language, asked of both evaluators."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from objectry.expressions import ExprType, Kind, Value
from objectry.values.dates import parse_date, parse_datetime
from objectry.values.documents import Document
from objectry.values.times import parse_duration, parse_time
from tests.expression_world import (
    FIELDS,
    Database,
    compiled,
    in_python,
    open_world,
    problems,
)

TABLE = yaml.safe_load((Path(__file__).parent / "expressions.yaml").read_text())
REFUSED = "refused"


class Case(msgspec.Struct, frozen=True):
    """One line of the table."""

    group: str
    record: str
    line: int | None
    source: str
    answer: Any

    @property
    def over(self) -> str:
        """The object it is over."""
        return "record" if self.line is None else "line"


CASES = [
    Case(group["name"], group["record"], group.get("line"), source, answer)
    for group in TABLE["groups"]
    for source, answer in group["cases"]
]
RIGHT = [case for case in CASES if case.answer != REFUSED]
WRONG = [case for case in CASES if case.answer == REFUSED]


def typed(value: Any, type_: ExprType) -> Value:
    """A value of the table as the language has it."""
    assert not isinstance(value, float), "quote numbers: no float comes near them"
    if type_.kind is Kind.LIST and value is not None:
        return tuple(value)
    if type_.kind in (Kind.COMPOSITE, Kind.JSON) and value is not None:
        return Document(value)
    if not isinstance(value, str):
        result: Value = value
        return result
    match type_.kind:
        case Kind.NUMBER:
            return Decimal(value)
        case Kind.DATE:
            return parse_date(value)
        case Kind.DATETIME:
            return parse_datetime(value)
        case Kind.TIME:
            return parse_time(value)
        case Kind.DURATION:
            return parse_duration(value)
        case _:
            return value


def record(name: str) -> dict[str, Any]:
    """A record of the table."""

    def values(plain: dict[str, Any], object_name: str) -> dict[str, Any]:
        fields = FIELDS[object_name]
        return {
            field: [values(line, "line") for line in value]
            if field == "lines"
            else typed(value, fields[field])
            for field, value in plain.items()
        }

    return values(TABLE["records"][name], "record")


def name_of(case: Case) -> str:
    return f"{case.group}: {case.source[:60]}"


@pytest.fixture(scope="module")
def world(server_dsn: str) -> Iterator[Database]:
    with open_world(server_dsn) as database:
        yield database


@pytest.mark.parametrize("case", RIGHT, ids=name_of)
def test_python_gives_the_answer(case: Case) -> None:
    expression = compiled(case.source, case.over)
    expected = typed(case.answer, expression.type)
    answer = in_python(expression, record(case.record), line=case.line)
    assert (type(expected), expected) == (type(answer), answer)


@pytest.mark.parametrize("case", RIGHT, ids=name_of)
def test_sql_gives_the_answer(case: Case, world: Database) -> None:
    expression = compiled(case.source, case.over)
    expected = typed(case.answer, expression.type)
    [[answer]] = world.compute([expression], [record(case.record)], line=case.line)
    assert (type(expected), expected) == (type(answer), answer)


CONDITIONS = [c for c in RIGHT if c.line is None and c.answer in (True, False, None)]


@pytest.mark.parametrize("case", CONDITIONS, ids=name_of)
def test_a_filter_lets_through_where_the_answer_is_true(case: Case, world: Database) -> None:
    expression = compiled(case.source)
    if expression.type.kind is not Kind.BOOLEAN:
        return
    assert world.matching(expression, [record(case.record)]) == ([0] if case.answer else [])


@pytest.mark.parametrize("case", WRONG, ids=name_of)
def test_what_is_no_expression_is_refused(case: Case) -> None:
    assert problems(case.source, case.over)


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(CASES) >= 400
