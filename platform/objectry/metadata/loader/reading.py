"""Text → YAML nodes with exact marks, safely: no tags, no aliases, bounded in size and depth."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import yaml

from objectry.findings import Finding, Position
from objectry.metadata.loader import codes

SIZE_MAX_BYTES = 1_000_000
DEPTH_MAX = 20

# The C parser reads a large tree about ten times faster; the pure one gives the same nodes.
if TYPE_CHECKING:
    _Base = yaml.BaseLoader
else:
    _Base = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_Base):
    """Composes nodes without guessing what a scalar means: that is `plain`'s to say."""

    def resolve(self, kind: type[yaml.Node], value: object, implicit: object) -> str:
        """The tag of an untagged node: by its kind alone (a quarter of the time is spent here)."""
        return kind.__name__

    def descend_resolver(self, current_node: object, current_index: object) -> None:
        """Nothing to keep: tags depend on no path."""

    def ascend_resolver(self) -> None:
        """Nothing to keep: tags depend on no path."""


_BRACKET = re.compile(r"[\[\]{}]")
# What YAML itself refuses to read.
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INDENTED = re.compile(r"^[ \-?:]{20}", re.MULTILINE)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One YAML document: the file it stands in, the file's text, and its root node."""

    file: str
    text: str
    root: yaml.Node


def read_documents(file: str, text: str) -> tuple[list[Document], list[Finding]]:
    """All documents of a file up to the first syntax error, and what is wrong with the file."""
    if len(text) > SIZE_MAX_BYTES:
        return [], [too_large(file)]
    text = text.removeprefix("\ufeff")
    try:
        deep = _too_deep(file, text)
        if deep:
            return [], [deep]
        documents = [Document(file=file, text=text, root=node) for node in _nodes(text)]
        return documents, []
    except _Stopped as stopped:
        documents = [Document(file=file, text=text, root=node) for node in stopped.nodes]
        return documents, [_syntax_error(file, stopped.error, text)]
    except yaml.YAMLError as error:
        return [], [_syntax_error(file, error, text)]
    except UnicodeEncodeError as error:
        return [], [unreadable(file, text[: error.start])]


def too_large(file: str) -> Finding:
    """The finding about a file of more than 1 MB."""
    return Finding(
        code=codes.TOO_LARGE,
        message="The file is larger than 1 MB.",
        hint="split it; one object per file reads best",
        position=Position(file, 1, 1),
    )


def not_opened(file: str, reason: str) -> Finding:
    """The finding about a file that the operating system does not give."""
    return Finding(
        code=codes.UNREADABLE,
        message=f"The file can't be opened: {reason}.",
        position=Position(file, 1, 1),
    )


def unreadable(file: str, before: str) -> Finding:
    """The finding about a file that is not UTF-8 text behind what could be read of it."""
    return Finding(
        code=codes.UNREADABLE,
        message="The file is not UTF-8 text.",
        hint="save it as UTF-8",
        position=_behind(file, before),
    )


def _behind(file: str, text: str) -> Position:
    """The place after a text that the file begins with."""
    return Position(file, text.count("\n") + 1, len(text) - text.rfind("\n"))


class _Stopped(Exception):
    """A syntax error after some whole documents."""

    def __init__(self, nodes: list[yaml.Node], error: yaml.YAMLError) -> None:
        self.nodes = nodes
        self.error = error


def _nodes(text: str) -> list[yaml.Node]:
    nodes: list[yaml.Node] = []
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                nodes.append(node)
    except yaml.YAMLError as error:
        raise _Stopped(nodes, error) from error
    finally:
        loader.dispose()
    return nodes


def _too_deep(file: str, text: str) -> Finding | None:
    """The place where nesting passes the limit; composing is recursive, so it is asked before.

    Only a text that looks deep (brackets, indentation) pays for a pass over its events.
    """
    depth = deepest = 0
    for bracket in _BRACKET.finditer(text):
        depth = depth + 1 if bracket.group() in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    if deepest < DEPTH_MAX // 2 and not _INDENTED.search(text):
        return None
    depth = 0
    for event in _events(text):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            return Finding(
                code=codes.TOO_DEEP,
                message=f"Nested deeper than {DEPTH_MAX} levels.",
                position=Position(file, *_place(event)),
            )
    return None


def aliases(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the aliases of a text stand: line, column (from 1) and name."""
    for event in _events(text):
        if isinstance(event, yaml.AliasEvent):
            yield *_place(event), str(event.anchor)


def _place(event: yaml.Event) -> tuple[int, int]:
    """Line and column of an event, from 1."""
    mark = event.start_mark
    assert mark is not None, "events of a text have marks"
    return mark.line + 1, mark.column + 1


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _Loader(text)
    try:
        while loader.check_event():
            event: yaml.Event = loader.get_event()  # type: ignore[no-untyped-call]  # stub
            yield event
    except yaml.YAMLError:
        return  # reported where the nodes are read
    finally:
        loader.dispose()


def _syntax_error(file: str, error: yaml.YAMLError, text: str) -> Finding:
    code, hint = codes.YAML_SYNTAX, "quote expressions that hold a comma, colon, bracket or brace"
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        parts = [part for part in (error.context, error.problem) if part]
        message = ", ".join(parts) or "The file is not valid YAML"
        position = Position(file, mark.line + 1, mark.column + 1) if mark else None
        if mark is not None and text[mark.index : mark.index + 1] == "\t":
            message, hint = "a tab can't indent", "indent with spaces"
    elif unprintable := _UNPRINTABLE.search(text):
        code, hint = codes.UNREADABLE, "remove it"
        message = f"a file can't hold the control character U+{ord(unprintable.group()):04X}"
        position = _behind(file, text[: unprintable.start()])
    else:
        message, position = str(error).splitlines()[0], None
    return Finding(
        code=code,
        message=f"{message[:1].upper()}{message[1:]}.",
        hint=hint,
        position=position or Position(file, 1, 1),
    )
