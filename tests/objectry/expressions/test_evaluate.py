"""What the evaluator does beside computing the conformance table's answers."""

from decimal import Decimal

import msgspec

from objectry.expressions import evaluator
from tests.expression_world import Record, compiled, env


def test_old_is_the_record_before() -> None:
    run = evaluator(compiled("a - old.a").tree)
    assert Decimal(3) == run(env({"a": Decimal(5)}, old={"a": Decimal(2)}))


def test_without_a_record_before_old_is_null() -> None:
    run = evaluator(compiled("old.a is None").tree)
    assert run(env({"a": Decimal(5)})) is True


def test_whole_numbers_may_come_as_integers() -> None:
    run = evaluator(compiled("i / 3").tree)
    assert Decimal("2.333333333333") == run(env({"i": 7}))


def test_a_line_sees_its_owner_and_its_siblings() -> None:
    whole = Record({"a": Decimal(2), "lines": [{"x": Decimal(1)}, {"x": Decimal(3)}]})
    run = evaluator(compiled("x * parent.a / sum(parent.lines.x)", "line").tree)
    around = env({})
    assert [Decimal("0.5"), Decimal("1.5")] == [
        run(msgspec.structs.replace(around, record=line)) for line in whole.rows("lines")
    ]


def test_a_line_without_an_owner_computes_null() -> None:
    run = evaluator(compiled("parent.a", "line").tree)
    assert run(env({})) is None
