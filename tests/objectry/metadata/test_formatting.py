"""`fmt` lays definitions out in one way and changes nothing that they say."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from objectry.metadata.loader import format_text, load_documents

SUITE = sorted(Path(__file__).parents[3].glob("objects/*/*.yaml"))


def test_layout_is_made_canonical_and_comments_stay() -> None:
    text = (
        "# The offer.\n"
        "object:   offer   \n"
        "\n\n\n"
        "fields: # the fields\n"
        "   customer: {  type:   link, to: customer}\n"
        "   day:    {type: date, default: '''x'''}   # a day\n"
        "checks:\n"
        "- rule: \"a == 'b'\"\n"
        "  message: No.\n"
    )
    assert format_text(text) == (
        "# The offer.\n"
        "object: offer\n"
        "\n"
        "fields: # the fields\n"
        "  customer: {type: link, to: customer}\n"
        "  day:      {type: date, default: '''x'''} # a day\n"
        "checks:\n"
        "  - rule: \"a == 'b'\"\n"
        "    message: No.\n"
    )


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "a: &x 1\nb: *x\n", "a: !t 1\n"])
def test_what_can_not_be_read_stays_as_it_is(text: str) -> None:
    assert text == format_text(text)


@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.stem)
def test_formatting_the_suite_keeps_its_meaning_and_settles_at_once(path: Path) -> None:
    text = path.read_text()
    once = format_text(text)
    assert format_text(once) == once
    assert load_documents({"a": once}).definitions == load_documents({"a": text}).definitions


_LINES = st.sampled_from(
    [
        "object: offer",
        "service: offers",
        "# a comment",
        "",
        "label: 'A ''label'''",
        "help: >\n  folded\n  text",
        "help: |\n  kept: {a: 1}\n  kept: {bb: 1}",
        "fields:\n  a: {type: text}\n  # between\n  bcd:   {type: date, default: today()}",
        "fields:\n    a:\n        type: text\n    lines: {type: table,\n      of: line}",
        'checks:\n- {rule: a > 1, message: "x # y"}',
        "indexes: [[a, -b], [c]] # why",
        "---",
        "port: 0010",
        "min: 1.50",
        "title: yes",
        "  \t",
    ]
)


@given(lines=st.lists(_LINES, max_size=8))
@settings(max_examples=100, deadline=None)
def test_formatting_keeps_the_meaning(lines: list[str]) -> None:
    text = "\n".join(lines)
    once = format_text(text)
    before, after = load_documents({"a": text}), load_documents({"a": once})
    assert before.definitions == after.definitions
    assert [f.code for f in before.findings] == [f.code for f in after.findings]
    assert once == format_text(once)
    assert text.count("#") == once.count("#")
