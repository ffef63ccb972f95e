"""Where definitions stand in their files, and which parts of them could not be understood."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import yaml

from objectry.findings import Position
from objectry.metadata.loader.reading import Document
from objectry.metadata.loader.scalars import offset_in_file

Path = tuple[str | int, ...]
Place = tuple[str, str, Path]  # kind, name, path inside the definition


class Graft(msgspec.Struct, frozen=True):
    """A part of a definition that another document declares: the path here, the place there."""

    path: Path
    place: Place


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One definition's document; `broken` are the paths whose shape was wrong and left out.

    `package` is where it comes from, empty for the project's own.
    """

    document: Document
    broken: frozenset[Path] = frozenset()
    package: str = ""

    def position(self, path: Path, *, key: bool = False, offset: int | None = None) -> Position:
        """Where the value at a path stands; what is missing is placed at the nearest key above.

        `key` asks for the key instead of the value, `offset` for a character of a scalar's value.
        """
        node: yaml.Node = self.document.root
        above: yaml.Node = self._first_key()
        for part in path:
            if isinstance(node, yaml.ScalarNode):
                break  # a short form: the text stands for the whole mapping or list
            found = _child(node, part)
            if found is None:
                return self._at(above)
            above, node = found
        if key:
            return self._at(above)
        if offset is not None and isinstance(node, yaml.ScalarNode):
            return self._inside(node, offset)
        return self._at(node if path else above)

    def is_broken(self, path: Path) -> bool:
        """Whether the path lies in something that has been reported as misshapen."""
        return any(path[: len(broken)] == broken for broken in self.broken)

    def _first_key(self) -> yaml.Node:
        root = self.document.root
        if isinstance(root, yaml.MappingNode) and root.value:
            first: yaml.Node = root.value[0][0]
            return first
        return root

    def _at(self, node: yaml.Node) -> Position:
        mark = node.start_mark
        return Position(self.document.file, mark.line + 1, mark.column + 1)

    def _inside(self, node: yaml.ScalarNode, offset: int) -> Position:
        start, end = node.start_mark, node.end_mark
        text = self.document.text
        ahead = offset_in_file(text[start.index : end.index], node.style, node.value, offset)
        crossed = text[start.index : start.index + ahead]
        lines = crossed.count("\n")
        column = len(crossed) - crossed.rfind("\n") if lines else start.column + ahead + 1
        return Position(self.document.file, start.line + lines + 1, column)


class Sources:
    """The documents of all definitions, by kind and name."""

    def __init__(
        self,
        sources: Mapping[tuple[str, str], Source],
        lost: Iterable[tuple[str, str]] = (),
        grafts: Mapping[tuple[str, str], Sequence[Graft]] | None = None,
    ) -> None:
        """`lost` are definitions that stand in a file which could not be read to its end,
        `grafts` the parts of a definition that others declare."""
        self._sources = dict(sources)
        self._lost = frozenset(lost)
        self._grafts = grafts or {}

    def origin(self, kind: str, name: str, path: Path = ()) -> Place:
        """The place where something of a definition is declared: there, or where it comes from."""
        for graft in self._grafts.get((kind, name), ()):
            if path[: len(graft.path)] == graft.path:
                found, other, above = graft.place
                return found, other, (*above, *path[len(graft.path) :])
        return kind, name, path

    def position(
        self, kind: str, name: str, path: Path = (), *, key: bool = False, offset: int | None = None
    ) -> Position | None:
        """Where something of a definition stands, None for a definition without a file."""
        kind, name, path = self.origin(kind, name, path)
        source = self._sources.get((kind, name))
        return source.position(path, key=key, offset=offset) if source else None

    def is_broken(self, kind: str, name: str, path: Path = ()) -> bool:
        """Whether this has been reported as misshapen, so that what follows from it is silent."""
        kind, name, path = self.origin(kind, name, path)
        source = self._sources.get((kind, name))
        return source is not None and bool(source.broken) and source.is_broken(path)

    def package(self, kind: str, name: str) -> str:
        """The package that a definition comes from; empty for the project's own."""
        source = self._sources.get((kind, name))
        return source.package if source is not None else ""

    def is_lost(self, kind: str, name: str) -> bool:
        """Whether a definition of this name stands in a file that could not be read."""
        return (kind, name) in self._lost


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The key node and the value node of a part of a mapping or list."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == part:
                return key, value
    elif isinstance(part, int):
        if part < len(node.value):
            return node.value[part], node.value[part]
    else:  # a list of names in place of a mapping
        for item in node.value:
            if isinstance(item, yaml.ScalarNode) and item.value == part:
                return item, item
    return None
