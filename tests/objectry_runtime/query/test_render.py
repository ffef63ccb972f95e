"""The SQL of expressions: only parameters carry values, and indexes stay usable."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from objectry_runtime.query.render import Clock, Sql, quote, render, render_predicate
from tests.expression_world import SqlRecord, compiled, open_world

CLOCK = Clock("2026-03-31", "2026-03-31T09:30:00+00:00")


def rendered(source: str) -> tuple[str, tuple[str | None, ...]]:
    sql = Sql()
    bound = sql.bound(render(compiled(source).tree, SqlRecord(sql, "r", "record"), sql, CLOCK))
    return bound.sql, bound.params


def condition(source: str) -> tuple[str, tuple[str | None, ...]]:
    sql = Sql()
    frame = SqlRecord(sql, "r", "record")
    bound = sql.bound(render_predicate(compiled(source).tree, frame, sql, CLOCK))
    return bound.sql, bound.params


def test_a_text_never_becomes_sql() -> None:
    assert rendered('s == "\'; drop table x; --"') == (
        '(r."s" is not distinct from $1::text)',
        ("'; drop table x; --",),
    )


@pytest.mark.parametrize(
    ("source", "sql", "params"),
    [
        ("s == 'x'", '(r."s" = $1::text)', ("x",)),
        ("i == 7", '(r."i" = $1::bigint)', ("7",)),
        ("i >= 7 and s != 'x'", '((r."i" >= $1::bigint) and (r."s" is distinct from $2::text))',
         ("7", "x")),
        ("i in [1, 2]", '((r."i" in ($1::bigint, $2::bigint)))', ("1", "2")),
        ("d >= today()", '(r."d" >= $1::date)', ("2026-03-31",)),
        ("customer is None", '(r."customer" is null)', ()),
        ("source == user.id", '(r."source" = $1::uuid)',
         ("01900000-0000-7000-8000-000000000001",)),
        ("s < 'x'", '((r."s" collate "C") < $1::text)', ("x",)),
        ("not (s == 'x')", '(not (r."s" is not distinct from $1::text))', ("x",)),
        ("s == t", '(r."s" is not distinct from r."t")', ()),
        ("a in []", "false", ()),
    ],
)  # fmt: skip
def test_a_condition_leaves_columns_bare(
    source: str, sql: str, params: tuple[str | None, ...]
) -> None:
    assert condition(source) == (sql, params)


def test_the_clock_is_a_parameter() -> None:
    assert rendered("today()") == ("$1::date", ("2026-03-31",))


def test_a_parameter_is_kept_as_the_object_that_was_given() -> None:
    class Slot(str):
        __slots__ = ()

    slot = Slot("x")
    sql = Sql()
    assert sql.bind(slot, "text") == "$1::text"
    assert sql.bound("").params[0] is slot


def test_identifiers_are_quoted_whatever_is_in_them() -> None:
    assert quote('a"; drop table b; --') == '"a""; drop table b; --"'


def test_a_type_is_never_more_than_a_name() -> None:
    with pytest.raises(AssertionError):
        Sql().bind("1", "text; drop table x")


@pytest.fixture(scope="module")
def indexed(server_dsn: str) -> Iterator["psycopg.Connection[Any]"]:
    with open_world(server_dsn) as world:
        connection = world.connection
        connection.execute(
            "insert into world.record (i, s, d) select n, n::text, "
            "date '2020-01-01' + n from generate_series(1, 2000) n"
        )
        for column in ("i", "s", "d"):
            connection.execute(f"create index on world.record ({column})".encode())
        connection.execute("analyze world.record")
        yield connection


@pytest.mark.parametrize(
    "source",
    ["i == 7", "i in [7, 8]", "i > 1995", "s == 'x'", "s in ['x', 'y']", "s < '1'",
     "d == '2021-01-01'", "d >= today() - days(30)", "d < date(2020, 1, 5) and p",
     "s == 'a' or s == 'b'"],
)  # fmt: skip
def test_an_index_serves_the_condition(indexed: "psycopg.Connection[Any]", source: str) -> None:
    where, params = condition(source)
    with psycopg.RawCursor(indexed) as cursor:
        explain = f"explain (format json) select id from world.record r where {where}"
        cursor.execute(explain.encode(), list(params))
        [[plan]] = cursor.fetchall()
    assert "Index Cond" in json.dumps(plan), plan
