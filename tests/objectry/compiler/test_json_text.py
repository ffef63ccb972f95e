"""JSON text is read exactly, once, and within bounds."""

from decimal import Decimal

import pytest

from objectry.compiler.codecs import InvalidJson, decode_json


def test_numbers_keep_every_digit() -> None:
    body = (
        b'{"a": 0.1, "b": 100000000000000000000.000000000000000001, "c": 12, "d": 1e2, "e": -0.0}'
    )
    assert repr(decode_json(body)) == repr(
        {
            "a": Decimal("0.1"),
            "b": Decimal("100000000000000000000.000000000000000001"),
            "c": 12,
            "d": Decimal("1E+2"),
            "e": Decimal("-0.0"),
        }
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"a": 1,\n "a": 2}', 'The key "a" comes twice in one object, at line 2, column 2.'),
        (b"[NaN]", "NaN is not a JSON number, at line 1, column 2."),
        (b"[-Infinity]", "-Infinity is not a JSON number, at line 1, column 2."),
        (b"[1e999]", "The number 1e999 has more digits than any field takes, at line 1, column 2."),
        (
            b"[1e-999]",
            "The number 1e-999 has more digits than any field takes, at line 1, column 2.",
        ),
        (
            b"[0e999999999]",
            "The number 0e999999999 has more digits than any field takes, at line 1, column 2.",
        ),
        (b'{"a" 1}', "The body is not JSON: Expecting ':' delimiter at line 1, column 6."),
        (b'["a\nb"]', "The body is not JSON: Invalid control character at line 1, column 4."),
        (b"", "The body is not JSON: Expecting value at line 1, column 1."),
        (b"\xff", "The body is not UTF-8: byte 0 is wrong."),
        (b'"\\ud800"', "The body holds half a character (\\ud800)."),
        (b'{"\\uDfff": 1}', "The body holds half a character (\\udfff)."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(body: bytes, message: str) -> None:
    with pytest.raises(InvalidJson) as caught:
        decode_json(body)
    assert caught.value.issue.message == message


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b"[" * 100_000,
        b"[" * 5_000 + b"]" * 5_000,
    ],
)
def test_what_is_nested_too_deep_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidJson, match="nested deeper than 32 levels"):
        decode_json(body)


def test_many_shallow_rows_are_fine() -> None:
    assert decode_json(b"[" + b'{"a":[1]},' * 1000 + b"{}]") == [{"a": [1]}] * 1000 + [{}]


def test_pairs_of_surrogates_are_one_character() -> None:
    assert decode_json(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_a_number_of_a_million_digits_is_refused_at_once() -> None:
    with pytest.raises(InvalidJson, match="more digits than any field takes"):
        decode_json(b"1" * 1_000_000)
