"""What is documented is true: every page runs as written."""

import os
import sys
from pathlib import Path

import pytest

from tests.docs.pages import Reader, blocks, follow

ROOT = Path(__file__).parents[2]
RUNS = ("console", "python")
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if any(block.language in RUNS or "title=" in block.info for block in blocks(page.read_text()))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_prints_what_it_shows(page: Path, tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OBJECTRY_")
    } | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }
    folder = tmp_path / "page"
    folder.mkdir()
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    reader = Reader(folder, environment)
    try:
        wrong = follow(page, reader)
    finally:
        reader.close()
    assert not wrong, "\n\n".join(wrong)
