"""What a text may hold."""

import pytest

from objectry.values.text import WHITESPACE, TextProblem, clean


def test_a_text_becomes_nfc() -> None:
    assert clean("e\u0301", multiline=False) == "\u00e9"


def test_line_ends_become_one_kind() -> None:
    assert clean("a\r\nb\rc\td", multiline=True) == "a\nb\nc\td"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a\x00", "U+0000"),
        ("a\x1b", "U+001B"),
        ("\x85", "U+0085"),
        ("a\u202eb", "U+202E"),
        ("\u2066", "U+2066"),
        ("\u200f", "U+200F"),
        ("\ud800", "U+D800"),
    ],
)
@pytest.mark.parametrize("multiline", [True, False])
def test_hidden_characters_are_refused_by_name(text: str, named: str, multiline: bool) -> None:
    with pytest.raises(TextProblem, match=named.replace("+", r"\+")):
        clean(text, multiline=multiline)


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\rb", "a\u2028b", "a\u2029b"])
def test_one_line_is_one_line(text: str) -> None:
    with pytest.raises(TextProblem):
        clean(text, multiline=False)


def test_white_space_is_what_unicode_says() -> None:
    # str.isspace also counts four separators (U+001C to U+001F) that are controls here.
    python = {chr(i) for i in range(0x110000) if chr(i).isspace()}
    assert set(WHITESPACE) == python - set("\x1c\x1d\x1e\x1f")
