"""Editors complete and check definitions by the published schemas, as yaml-language-server does."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from objectry.metadata.loader import KINDS, kind_example, kind_schema
from objectry.metadata.types import TYPES

from .server import Editor

HERE = Path(__file__).parent
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="yaml-language-server needs Node: none here")


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """A language server as the lock file pins it, that knows the schema of every kind."""
    folder = tmp_path_factory.mktemp("editor")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    install = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    schemas: dict[str, Path] = {}
    for kind in KINDS:
        schemas[kind] = folder / f"{kind}.schema.json"
        schemas[kind].write_bytes(msgspec.json.encode(kind_schema(kind)))
    program = folder / "node_modules/yaml-language-server/bin/yaml-language-server"
    editor = Editor([str(NODE), str(program), "--stdio"], schemas)
    yield editor
    editor.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_a_kind_has_nothing_underlined(editor: Editor, kind: str) -> None:
    """What we accept, the editor does too."""
    assert editor.mistakes(kind, kind_example(kind)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_key_is_underlined(editor: Editor, kind: str) -> None:
    """Before anybody runs `objectry validate`."""
    found = editor.mistakes(kind, f"{kind_example(kind)}lable: Thing\n")
    assert [one for one in found if "lable" in one] == found != []


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_kind_is_offered_with_its_explanation(editor: Editor, kind: str) -> None:
    """The words of the reference stand beside each key."""
    offered = editor.complete(kind, f"{kind}: thing\n|")
    wanted = {
        key: value["description"]
        for key, value in kind_schema(kind)["properties"].items()
        if key != kind
    }
    assert {key: text for key, text in offered.items() if key in wanted} == wanted


def test_the_types_of_fields_are_offered(editor: Editor) -> None:
    """All there are, and nothing that is refused."""
    text = "object: offer\nservice: offers\nfields:\n  subject:\n    type: |"
    assert set(editor.complete("object", text)) == set(TYPES)


@pytest.mark.parametrize(
    ("kind", "text", "offered"),
    [
        (
            "layout",
            "layout: a.b\nobject: a\nkind: |",
            {"list", "form", "kanban", "calendar", "print", "public_form"},
        ),
        ("layout", "layout: a.b\nobject: a\nkind: print\npaper: |", {"A4", "letter"}),
        (
            "notification",
            "notification: a\nobject: b\nchannel: |",
            {"email", "sms", "webhook", "in_app"},
        ),
        ("notification", "notification: a\nobject: b\non:\n  |", {"event", "changed"}),
        ("automation", "automation: a\nobject: b\non:\n  |", {"event", "changed", "schedule"}),
        (
            "automation",
            "automation: a\nobject: b\non: B\ndo:\n  - |",
            {"set", "transition", "create", "notify"},
        ),
        (
            "scenario",
            "scenario: a\nwhen:\n  - |",
            {"create", "update", "delete", "do", "travel", "rejects", "expect", "events"},
        ),
        (
            "scenario",
            "scenario: a\nwhen:\n  - rejects:\n      |",
            {"create", "update", "delete", "do", "on", "values", "with", "by"},
        ),
        ("report", "report: a\nobject: b\nchart:\n  kind: |", {"bar", "line", "area", "pie"}),
        (
            "report",
            "report: a\nobject: b\ntotals:\n  price: |",
            {"sum", "avg", "min", "max", "count"},
        ),
        ("object", "object: a\nfields:\n  b:\n    type: text\n    uni|", {"unique"}),
    ],
)
def test_words_are_offered_where_they_stand(
    editor: Editor, kind: str, text: str, offered: set[str]
) -> None:
    """Also deep within a definition."""
    assert offered <= set(editor.complete(kind, text))


def test_a_file_may_name_its_schema_itself(editor: Editor, tmp_path: Path) -> None:
    """By a path relative to itself, in its first line, as the reference says."""
    schema = tmp_path / "layout.schema.json"
    schema.write_bytes(msgspec.json.encode(kind_schema("layout")))
    first = f"# yaml-language-server: $schema=..{schema}\n"
    assert editor.mistakes("elsewhere", first + kind_example("layout")) == []
    (found,) = editor.mistakes("elsewhere", f"{first}{kind_example('layout')}lable: Thing\n")
    assert "lable" in found
