"""The SQL functions."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from objectry.values.currencies import minor_units
from objectry_runtime.store.functions import functions_sql
from tests.expression_world import open_world

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def connection(server_dsn: str) -> Iterator[Connection]:
    with open_world(server_dsn) as world:
        yield world.connection


def test_they_can_be_created_again(connection: Connection) -> None:
    connection.execute(functions_sql(connection.info.server_version).encode())


def test_all_but_the_guard_are_immutable_and_parallel_safe(connection: Connection) -> None:
    rows = connection.execute(
        "select proname, provolatile, proparallel, proconfig from pg_proc "
        "where pronamespace = 'objectry'::regnamespace and proname <> 'guard'"
    ).fetchall()
    assert len(rows) > 15
    assert {("i", "s", None)} == {tuple(row[1:]) for row in rows}


def test_a_guard_that_holds_lets_pass(connection: Connection) -> None:
    assert connection.execute("select objectry.guard(1 = 1, 'stale')").fetchone() == (True,)


@pytest.mark.parametrize("ok", ["false", "null"])
def test_a_guard_that_does_not_hold_stops_the_unit(connection: Connection, ok: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(f"select objectry.guard({ok}, 'stale')".encode())
    assert ("OB001", "stale") == (raised.value.sqlstate, raised.value.diag.message_primary)


# Letters whose capitals, and marks whose nature, came with Unicode 16: a server that knows them
# is ahead of this Python. The reference page says so.
NEWER = {"\u019b", "\u0264", "\U0001171e"}


@pytest.mark.parametrize(
    ("function", "around"),
    [("upper", "{}"), ("lower", "{}"), ("lower", "AΣ{}"), ("lower", "AΣ{}B"), ("lower", "A{}Σ")],
)
def test_case_is_the_same_for_every_letter_python_knows(
    connection: Connection, function: str, around: str
) -> None:
    letters = [
        letter
        for letter in map(chr, range(1, 0x110000))
        if unicodedata.category(letter) not in ("Cn", "Cs", "Co") and letter not in NEWER
    ]
    texts = [around.format(letter) for letter in letters]
    [row] = connection.execute(
        f"select array_agg(objectry.{function}(x) order by o) "
        "from unnest(%s::text[]) with ordinality as u(x, o)".encode(),
        (texts,),
    ).fetchall()
    python = [getattr(text, function)() for text in texts]
    assert [] == [pair for pair in zip(texts, python, row[0], strict=True) if pair[1] != pair[2]]


def test_people_sort_without_capitals_and_accents(connection: Connection) -> None:
    words = [
        "Zebra",
        "apfel",
        "Äpfel",
        "Apfel",
        "Éclair",
        "eclair",
        "STRASSE",
        "Straße",
        "ΑΣ",
        "ας",
    ]
    rows = connection.execute(
        "select x, objectry.sort_key(x) from unnest(%s::text[]) as u(x)", (words,)
    ).fetchall()
    assert {
        "Zebra": "zebra", "apfel": "apfel", "Äpfel": "apfel", "Apfel": "apfel",
        "Éclair": "eclair", "eclair": "eclair", "STRASSE": "strasse", "Straße": "strasse",
        "ΑΣ": "ας", "ας": "ας",
    } == dict(rows)  # fmt: skip


@pytest.mark.parametrize("code", ["JPY", "EUR", "BHD", "CLF", "???"])
def test_minor_units_are_pythons(connection: Connection, code: str) -> None:
    found = connection.execute("select objectry.minor_units(%s)", (code,)).fetchone()
    assert (minor_units(code),) == found


def test_without_a_currency_there_are_two_places(connection: Connection) -> None:
    assert connection.execute("select objectry.minor_units(null)").fetchone() == (2,)
