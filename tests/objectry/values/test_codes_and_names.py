"""Ids, names, currencies, countries."""

import pytest

from objectry.values.countries import is_country
from objectry.values.currencies import is_currency, minor_units
from objectry.values.ids import new_id, parse_id
from objectry.values.names import RESERVED_FIELDS, RESERVED_WORDS, is_name


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(1_000)]
    assert sorted(made) == made
    assert {(one[14], parse_id(one) == one) for one in made} == {("7", True)}


def test_an_id_has_one_form() -> None:
    written = "01900000-0000-7000-8000-00000000ABCD"
    assert parse_id(written) == written.lower()
    assert [None] * 4 == [
        parse_id(text)
        for text in ("", written.replace("-", ""), "{" + written + "}", written[:-1] + "\u0660")
    ]


@pytest.mark.parametrize("name", ["a", "offer_date", "x1", "a" * 48])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "A", "1a", "_a", "a__b", "a-b", "a" * 49, "ä", "a\n"])
def test_no_names(name: str) -> None:
    assert not is_name(name)


def test_words_that_mean_something_else_are_reserved() -> None:
    assert {"id", "owner", "version", "created_at"} <= RESERVED_FIELDS
    assert {"and", "if", "user", "parent", "old", "where", "sort", "history"} <= RESERVED_WORDS


def test_currencies_have_their_minor_units() -> None:
    assert [0, 2, 3, 4] == [minor_units(code) for code in ("JPY", "EUR", "BHD", "CLF")]
    assert [True, False, False, False] == [is_currency(c) for c in ("EUR", "eur", "XXX", "DEM")]


def test_countries_are_those_of_iso_3166() -> None:
    assert [True, True, False, False] == [is_country(c) for c in ("DE", "TW", "EU", "de")]
