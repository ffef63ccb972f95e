"""Which files of a project hold definitions, and the templates that they name."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

FOLDERS = ("objects", "layouts")
SUFFIXES = frozenset({".yaml", ".yml"})
TEMPLATE_SUFFIXES = frozenset({".html", ".jinja", ".j2"})


def definition_files(root: Path) -> Iterator[tuple[str, Path]]:
    """The YAML files below a project folder, by names relative to it, in a fixed order."""
    for name, path in source_files(root):
        if not is_template(name):
            yield name, path


def source_files(root: Path) -> Iterator[tuple[str, Path]]:
    """All files that a release is made from: definitions and templates."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES | TEMPLATE_SUFFIXES and path.is_file():
                yield path.relative_to(root).as_posix(), path


def is_template(name: str) -> bool:
    """Whether a file of that name holds a template."""
    return PurePosixPath(name).suffix in TEMPLATE_SUFFIXES
