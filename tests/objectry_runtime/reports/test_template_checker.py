"""Templates are read without being filled in: their mistakes, and the paths they lead along."""

import pytest

from objectry_runtime.reports.template_checker import JinjaTemplates

TEMPLATES = JinjaTemplates()


def names(text: str) -> list[str]:
    facts = TEMPLATES.read(text)
    assert facts.problems == ()
    return [f"{name.line} {'.'.join(name.path)}" for name in facts.names]


def problems(text: str) -> list[str]:
    return [f"{one.line} {one.message}" for one in TEMPLATES.read(text).problems]


def test_paths_are_told_with_their_lines() -> None:
    assert names("{{ record.name }}\n{{ record['customer'].name | upper }}") == [
        "1 record.name",
        "2 record.customer.name",
    ]


def test_a_loop_leads_through_the_table() -> None:
    text = "{% for line in record.lines %}{{ loop.index }} {{ line.text }}{% endfor %}"
    assert names(text) == ["1 record.lines", "1 record.lines.text"]
    assert names("{{ record.lines[0].text }}") == ["1 record.lines.text"]


def test_a_name_of_its_own_stands_for_what_it_was_set_to() -> None:
    assert names("{% set c = record.customer %}{{ c.name }}") == [
        "1 record.customer",
        "1 record.customer.name",
    ]
    assert names("{% with c = 5 %}{{ c }}{% endwith %}{{ c }}") == ["1 c"]


def test_macros_blocks_and_imports_know_their_own_names() -> None:
    assert names("{% macro p(x, y=record.a) %}{{ x.z }}{{ y }}{% endmacro %}{{ p(1) }}") == [
        "1 record.a"
    ]
    assert names("{% block a %}{{ super() }}{{ record.b }}{% endblock %}") == ["1 record.b"]
    assert names("{% call(u) f() %}{{ u }}{% endcall %}") == ["1 f"]
    assert names("{% set x %}{{ record.a }}{% endset %}{{ x }}") == ["1 record.a"]


def test_what_is_not_a_path_is_looked_into() -> None:
    assert names("{{ (record.a or record.b).c }}") == ["1 record.a", "1 record.b"]
    assert names("{{ record.rows[record.index].x }}") == ["1 record.rows.x", "1 record.index"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a\n{{ record.name", "2 Unexpected end of template, expected 'end of print statement'."),
        ("{% if x %}", "1 Unexpected end of template."),
        ("{{ record.name | uper }}", "1 There is no filter `uper`."),
        ("{{ record.name is evn }}", "1 There is no test `evn`."),
        ("{% extends 'leter.html' %}", "1 There is no template `leter.html`."),
        ("{% include 'none.html' %}", "1 There is no template `none.html`."),
        ("{% for %}", "1 "),
        ("{{ 5 5 }}", "1 "),
    ],
)
def test_mistakes_are_told_with_their_line(text: str, told: str) -> None:
    found = problems(text)
    assert len(found) == 1
    assert found[0].startswith(told)


def test_all_unknown_filters_are_told() -> None:
    assert problems("{{ a | bb }}\n{{ c | dd }}\n{% if x %}{{ e | ff }}{% endif %}") == [
        "1 There is no filter `bb`.",
        "2 There is no filter `dd`.",
        "3 There is no filter `ff`.",
    ]


def test_messages_know_the_record_before_and_no_paper() -> None:
    assert {"record", "old", "user", "today"} <= TEMPLATES.known("message")
    assert "paper" not in TEMPLATES.known("message")
    assert "old" not in TEMPLATES.known("print")
