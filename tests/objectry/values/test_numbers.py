"""Exact numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectry.values.numbers import (
    EXACT,
    divide,
    parse_decimal,
    plain,
    quantise,
    remainder,
    round_half_away,
    truncate_divide,
)

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**25),
                      max_value=10**25)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1", "1"),
        ("-0.50", "-0.50"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("9" * 38, "9" * 38),
        ("0." + "0" * 37 + "1", "0." + "0" * 37 + "1"),
        ("-0", "0"),
    ],
)
def test_a_number_is_read_exactly(written: str, expected: str) -> None:
    assert str(parse_decimal(written)) == str(Decimal(expected))


@pytest.mark.parametrize(
    "written",
    ["", " 1", "1 ", "1_000", "NaN", "Infinity", "-inf", "0x10", "1,5", "\u0661", "1e39", "1e-39",
     "9" * 39, "1e999999999", "--1", "1.2.3", "e5"],
)  # fmt: skip
def test_what_is_no_bounded_number_is_refused(written: str) -> None:
    assert parse_decimal(written) is None


def test_true_is_not_one() -> None:
    assert parse_decimal(True) is None


def test_zero_keeps_no_huge_exponent() -> None:
    assert parse_decimal("0e30") == 0
    assert str(parse_decimal("0e30")) == "0"


def scaled(number: Decimal, places: int) -> int:
    """The number as a whole one, in units of its last place."""
    return int(number.scaleb(places, context=EXACT))


@given(NUMBERS, NUMBERS)
def test_quotient_and_remainder_make_up_the_number(a: Decimal, b: Decimal) -> None:
    quotient, rest = truncate_divide(a, b), remainder(a, b)
    if quotient is None or rest is None:
        assert b == 0
        assert quotient is rest
        return
    assert int(quotient) * scaled(b, 9) + scaled(rest, 9) == scaled(a, 9)
    assert abs(rest) < abs(b)
    assert not rest or (rest < 0) == (a < 0)


@given(NUMBERS, NUMBERS)
def test_a_quotient_is_the_nearest_of_twelve_places(a: Decimal, b: Decimal) -> None:
    quotient = divide(a, b)
    if quotient is None:
        assert b == 0
        return
    # |a/b - q| <= half a unit of the twelfth place, in whole numbers.
    difference = scaled(a, 9) * 10**12 - scaled(quotient, 12) * scaled(b, 9)
    assert abs(2 * difference) <= abs(scaled(b, 9))


def test_a_half_is_rounded_away_from_zero() -> None:
    halves = ["0.5", "-0.5", "1.5", "-2.5"]
    assert [1, -1, 2, -3] == [int(round_half_away(Decimal(x), 0)) for x in halves]
    assert round_half_away(Decimal("1250"), -2) == 1300
    assert str(round_half_away(Decimal("-0.001"), 2)) == "0.00"


def test_a_stored_number_has_all_its_places() -> None:
    assert str(quantise(Decimal("1"), 2)) == "1.00"
    assert str(quantise(Decimal("-1622.835"), 2)) == "-1622.84"
    assert str(quantise(Decimal("0.125"), 2, half_even=True)) == "0.12"
    assert str(quantise(Decimal("1e37"), 6)) == "1" + "0" * 37 + ".000000"


def test_plain_notation_has_no_exponent_and_no_trailing_zeros() -> None:
    shown = [plain(Decimal(x)) for x in ("1E+3", "1.500", "100", "-0.00", "1E-7")]
    assert ["1000", "1.5", "100", "0", "0.0000001"] == shown
