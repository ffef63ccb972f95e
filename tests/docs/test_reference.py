"""The generated parts of the reference are what the code says.

`OBJECTRY_UPDATE_DOCS=1 pytest tests/docs/test_reference.py` writes them anew.
"""

import os
import re
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import objectry
import objectry_runtime
from objectry.findings.page import findings_page
from objectry.metadata.loader.reference import generated_parts

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
PART = re.compile(r"<!-- begin (.+?) -->\n.*?<!-- end \1 -->", re.DOTALL)


def import_everything() -> None:
    """Codes are registered when the modules that raise them are imported."""
    for package in (objectry, objectry_runtime):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)


def keep_in_step(page: Path, wanted: str) -> None:
    if os.environ.get("OBJECTRY_UPDATE_DOCS") == "1":
        page.write_text(wanted)
    assert wanted == page.read_text()


def test_the_page_of_findings_is_that_of_the_registry() -> None:
    import_everything()
    keep_in_step(REFERENCE / "findings.md", findings_page())


def test_the_generated_parts_of_the_definitions_page_are_current() -> None:
    page = REFERENCE / "definitions.md"
    parts = generated_parts()

    def current(found: re.Match[str]) -> str:
        name = found[1]
        return f"<!-- begin {name} -->\n{parts[name]}<!-- end {name} -->"

    keep_in_step(page, PART.sub(current, page.read_text()))


def test_every_generated_part_is_on_the_page() -> None:
    shown = [found[1] for found in PART.finditer((REFERENCE / "definitions.md").read_text())]
    assert sorted(generated_parts()) == sorted(shown)


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs/decisions"
    listed = set(re.findall(r"\]\((\d{4}-[^)]+)\)", (folder / "index.md").read_text()))
    assert {path.name for path in folder.glob("0*.md")} == listed


def test_every_page_is_in_the_navigation_or_listed_there() -> None:
    navigation = (ROOT / "zensical.toml").read_text()
    pages = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert {one for one in pages if one not in navigation and "decisions/0" not in one} == set()
