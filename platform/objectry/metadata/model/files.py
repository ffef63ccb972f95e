"""Which files of a project hold definitions."""

from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("objects", "layouts")
SUFFIXES = frozenset({".yaml", ".yml"})


def definition_files(root: Path) -> Iterator[tuple[str, Path]]:
    """The files below a project folder, each with its name relative to it, in a fixed order."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                yield path.relative_to(root).as_posix(), path
