"""YAML nodes → builtins by the YAML 1.2 core rules, with findings about what is not allowed.

Only `true` and `false` are booleans; dates stay text; numbers are exact (int or Decimal).
"""

import re
from decimal import Decimal

import yaml

from objectry.findings import Finding, Position
from objectry.metadata.loader import codes
from objectry.metadata.loader.reading import Document, aliases
from objectry.values.text import TextProblem, clean

Plain = None | bool | int | Decimal | str | list["Plain"] | dict[str, "Plain"]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,37})\Z")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,37})?\.[0-9]{1,38}\Z")
_WORDS: dict[str, bool | None] = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "null": None,
    "Null": None,
    "NULL": None,
    "~": None,
    "": None,
}
_NUMERIC = frozenset("0123456789+-.")
_MARKS = ("&", "!")  # what an anchor and a tag begin with


def to_plain(document: Document, findings: list[Finding]) -> Plain:
    """The document as builtins. What is not allowed is reported and left out."""
    return _Builder(document, findings).build(document.root)


def scalar(text: str) -> Plain:
    """What an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMERIC:
        if _INTEGER.match(text):
            return int(text)
        if _DECIMAL.match(text):
            return Decimal(text)
    return text


class _Builder:
    """Walks the nodes of one document once."""

    def __init__(self, document: Document, findings: list[Finding]) -> None:
        self._document = document
        self._text = document.text
        self._findings = findings
        self._marked: set[int] = set()

    def build(self, node: yaml.Node) -> Plain:
        """The node as builtins."""
        index = node.start_mark.index
        if self._text[index : index + 1] in _MARKS and self._is_repeated(node):
            return _stand_in(node)
        if isinstance(node, yaml.ScalarNode):
            text: str = node.value
            if not (text.isascii() and text.isprintable()):
                text = self._clean(node)
            return text if node.style else scalar(text)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item) for item in node.value]
        assert isinstance(node, yaml.MappingNode)
        return self._mapping(node)

    def _clean(self, node: yaml.ScalarNode) -> str:
        """The text in NFC, as texts of records are; reports a character that none may hold."""
        try:
            return clean(node.value, multiline=True)
        except TextProblem as problem:
            self._find(codes.CHARACTER, node.start_mark, problem.message, "remove it")
            text: str = node.value
            return text

    def _is_repeated(self, node: yaml.Node) -> bool:
        """Report the anchor or tag of a node; True where an alias leads to it once more."""
        if id(node) in self._marked:
            return True
        self._marked.add(id(node))
        mark = node.start_mark
        if self._text[mark.index] == "!":
            self._find(codes.TAG, mark, "Tags are not allowed here.", "quote a text that begins so")
        else:
            self._find(
                codes.ANCHOR,
                mark,
                "Anchors are not allowed here.",
                "write the text out where it is needed; quote a text that begins so",
            )
        return False

    def _mapping(self, node: yaml.MappingNode) -> Plain:
        result: dict[str, Plain] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            value = self.build(value_node)
            mark = key_node.start_mark
            if not isinstance(key_node, yaml.ScalarNode):
                self._find(
                    codes.KEY_NOT_TEXT,
                    mark,
                    "A list or mapping can't be a key.",
                    "quote the key if it is meant as a text",
                )
                continue
            self.build(key_node)
            key: str = key_node.value
            if not key:
                self._find(codes.KEY_NOT_TEXT, mark, "A key is empty.", "write what it names")
                continue
            if key in result:
                self._find(
                    codes.DUPLICATE_KEY,
                    mark,
                    f"The key `{key}` stands here twice.",
                    f"the first is on line {lines[key]}; remove or rename one",
                )
                continue
            lines[key] = mark.line + 1
            result[key] = value
        return result

    def _find(self, code: str, mark: yaml.Mark, message: str, hint: str) -> None:
        position = Position(self._document.file, mark.line + 1, mark.column + 1)
        self._findings.append(Finding(code=code, message=message, hint=hint, position=position))


def _stand_in(node: yaml.Node) -> Plain:
    """A small value of the kind an alias stands for: following it could take for ever."""
    if isinstance(node, yaml.ScalarNode):
        text: str = node.value
        return text if node.style else scalar(text)
    return [] if isinstance(node, yaml.SequenceNode) else {}


def alias_findings(file: str, text: str) -> list[Finding]:
    """One finding for each `*name` of a file in which anchors were found."""
    return [
        Finding(
            code=codes.ANCHOR,
            message=f"The alias `*{name}` is not allowed here.",
            hint="write the text out; quote a text that begins so",
            position=Position(file, line, column),
        )
        for line, column, name in aliases(text)
    ]
