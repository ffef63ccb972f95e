"""A tree with more than two hundred different mistakes reports every one where it stands.

To the files of `test_all_mistakes` come those below `mistakes/`: what happens by itself, stories,
printed pages, public forms and expressions. They are marked in the same way.
"""

from collections import Counter
from pathlib import Path

from objectry.findings import Finding
from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry_runtime.reports.template_checker import JinjaTemplates

from .test_all_mistakes import FILES, marked

FOLDER = Path(__file__).parent / "mistakes"
MORE = {
    path.relative_to(FOLDER).as_posix(): path.read_text()
    for path in sorted(FOLDER.rglob("*"))
    if path.is_file()
}


def findings_of(files: dict[str, str]) -> list[Finding]:
    loaded = load_documents(files)
    found = check(loaded.definitions, loaded.sources, templates=JinjaTemplates())
    return [*loaded.findings, *found]


def test_every_mistake_is_found_where_it_stands_and_nothing_else() -> None:
    files, marks = marked(FILES | MORE)
    found = [f"{finding.position} {finding.code}" for finding in findings_of(files)]
    assert Counter(marks) == Counter(found)


def test_there_are_more_than_two_hundred_different_ones() -> None:
    """Different by their code or by what they say."""
    files, marks = marked(FILES | MORE)
    different = {(finding.code, finding.message) for finding in findings_of(files)}
    assert len(different) >= 260
    assert len({mark.split()[1] for mark in marks}) >= 100
