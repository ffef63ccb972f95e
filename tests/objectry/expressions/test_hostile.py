"""Hostile input is refused, and refusing it takes little work.

Work is bounded by counting, not by the clock: `sys.setprofile` sees every call that Python makes.
"""

import sys
import tracemalloc
from collections.abc import Callable
from decimal import Decimal

import pytest

from objectry.expressions import Expression, compile_expression, evaluator
from objectry.expressions import codes as c
from tests.expression_world import WorldScope, compiled, env, problems

CALLS_MAX = 200_000
"""Far above what the largest expression takes, far below what anybody would notice."""

REFUSED = [
    "().__class__",
    "a.__class__",
    "customer.__class__.__mro__",
    "__import__('os').system('true')",
    "eval('1')",
    "exec('1')",
    "open('/etc/passwd')",
    "getattr(a, 'b')",
    "_a",
    "user.__dict__",
    "lambda: 1",
    "(lambda x: x)(1)",
    "[x for x in lines]",
    "(x for x in user.roles)",
    "{1: 2}",
    "{1}",
    "a[0]",
    "lines[0].x",
    "lines[0:1]",
    "(y := 1)",
    "await a",
    "yield a",
    "print(1)",
    "f'{a}'",
    'f"{a}"',
    "b'a'",
    "r'a'",
    "u'a'",
    "'''a'''",
    '"""a"""',
    "'a\\x41'",
    "'\\N{DIGIT ONE}'",
    "'\\d'",
    "'a",
    "0x10",
    "0b1",
    "0o7",
    "1j",
    "1_0",
    "1e400",
    "1e-400",
    "9" * 39,
    "...",
    "a; b",
    "a\\\n+ b",
    "a @ b",
    "a ** a",
    "a ** 10000000",
    "9 ** 16 ** 16 ** 16",
    "((9 ** 16) ** 16) ** 16",
    "sum(*lines)",
    "sum(lines.x, lines.y)",
    "max(**a)",
    "round(a, places=2)",
    "import os",
    "a = 1",
    "a\x00",
    "\x00",
    "'\x00'",
    "'\\u0000'",
    "'\ud800'",
    "\ud800",
    "'\\ud83d\\ude00'",
    "'\u202e'",
    "'\\u202e'",
    "\uff41 + 1",
    "\u0430 + 1",
    "a\u00a0+ b",
    "\ufeffa",
    "True.real",
    "None()",
    "a()",
    "a.b.c.d.e.f.g.h.i",
    "(a)(b)",
    "'a'.join(s)",
    "()",
    "",
    "   ",
    ")",
    "a b",
    "if",
    "True = 1",
]


def calls_made(run: Callable[[], object]) -> int:
    """How many Python and C calls a function makes."""
    count = 0

    def profile(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def result(source: str) -> object:
    return compile_expression(source, WorldScope("record"))


@pytest.mark.parametrize("source", REFUSED, ids=ascii)
def test_what_is_outside_the_language_is_refused(source: str) -> None:
    found = problems(source)
    assert all(p.code.startswith("OBJ04") and p.message for p in found)
    assert all(0 <= p.offset <= len(source) for p in found)


BOMBS = {
    "million characters": "a" * 1_000_000,
    "million brackets": "(" * 1_000_000,
    "million quotes": "'" * 1_000_000,
    "brackets": "(" * 1_999,
    "closed brackets": "(" * 990 + "a" + ")" * 990,
    "square brackets": "[" * 1_000 + "]" * 1_000,
    "not": "not " * 499 + "p",
    "minus": "-" * 1_999,
    "minus with an end": "-" * 1_998 + "a",
    "dots": "a" + ".a" * 999,
    "calls": "abs(" * 399 + "a" + ")" * 399,
    "else": "a if p else " * 166 + "a",
    "power tower": "2" + "**2" * 660,
    "sum of many": "+".join(["a"] * 1_000),
    "product of many": "*".join(["a"] * 1_000),
    "chain": "<".join(["a"] * 1_000),
    "or": " or ".join(["p"] * 400),
    "list": "a in [" + "1," * 990 + "]",
    "nested chains": "a == (" * 40 + "a == a == a" + ") == a" * 40,
    "doubling": "p == (" * 45 + "p" + " == p == p) == p" * 45,
    "concat of fields": "concat(" + "s," * 990 + "s)",
    "texts": "+".join(["'aaa'"] * 330),
    "unknown names": ",".join(["zzz"] * 400),
    "unknown words in a call": "concat(" + ",".join(["zz"] * 600) + ")",
    "aggregates": "+".join(["sum(lines.x)"] * 140),
    "nested aggregates": "sum(" * 400 + "lines.x" + ")" * 400,
    "replace": "replace(" * 45 + "s" + ", 'a', 'aaaaaaaaaaaaaaaaaaaa')" * 45,
    "upper": "upper(" * 45 + "s" + ")" * 45,
    "escapes": "'" + "\\" * 1_997 + "'",
    "points": "." * 2_000,
    "digits": "9" * 2_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_bounded_work(name: str) -> None:
    source = BOMBS[name]
    assert calls_made(lambda: result(source)) < CALLS_MAX
    found = result(source)
    if isinstance(found, Expression):  # large, but within the bounds: then it computes as well
        run = evaluator(found.tree)
        assert calls_made(lambda: run(env({"lines": []}))) < CALLS_MAX


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("a" * 2_001, c.LIMIT),
        ("not " * 60 + "p", c.LIMIT),
        ("concat(" + "t," * 99 + "s)", None),
        ("concat(" + "t," * 100 + "s)", c.DIGITS),
        ("+".join(["a"] * 100), None),
        ("*".join(["a"] * 13), None),
        ("*".join(["a"] * 14), c.DIGITS),
        ("(a * a * a) ** 5", c.DIGITS),
        ("round(a * a * a, 6) * round(a * a * a, 6)", None),
        ("+".join(["s"] * 100), None),
        ("+".join(["s"] * 101), c.DIGITS),
        ("upper(" * 5 + "s" + ")" * 5, c.DIGITS),
        ("1 if 9 ** 16 ** 2 ** 2 ** 2 else 2", c.POWER),
    ],
)
def test_the_bounds_are_where_they_are(source: str, code: str | None) -> None:
    if code is None:
        compiled(source)
    else:
        assert code in {p.code for p in problems(source)}


def test_the_largest_numbers_are_still_exact() -> None:
    largest = {"a": Decimal("9" * 38)}
    product = evaluator(compiled("*".join(["a"] * 13)).tree)(env(largest))
    assert int(str(product)) == int("9" * 38) ** 13


def test_a_long_source_is_refused_before_it_is_looked_at() -> None:
    source = "(" * 1_000_000
    tracemalloc.start()
    result(source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_text_that_grows_and_grows_is_null_instead() -> None:
    source = "len(" + "replace(" * 40 + "s" + ", 'a', 'aaaaaaaaaaaaaaaaaaaa')" * 40 + ")"
    assert evaluator(compiled(source).tree)(env({"s": "aaaa"})) is None
