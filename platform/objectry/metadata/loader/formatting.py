"""`objectry fmt`: one way to lay out definitions, with comments, order and meaning kept."""

import re
from io import StringIO
from itertools import groupby
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from objectry.findings import Finding
from objectry.metadata.loader.plain import to_plain
from objectry.metadata.loader.reading import read_documents

_UNFOLDED = 1_000_000  # lines are never broken: where to break is the writer's business
_ENTRY = re.compile(r"(?P<indent> *)(?P<key>[^\s#'\"{}\[\],:][^\s'\"{}\[\],:]*:) (?P<value>\{.*)")


def format_text(text: str) -> str:
    """The text laid out canonically.

    Two spaces a level, lists indented, one blank line at most, no blanks at line ends, one line for
    each `{…}`, and the `{…}` of neighbouring lines aligned. Formatting twice changes nothing more.
    A text that can't be read, or that laid out so would mean something else or lose a comment, is
    given back as it is.
    """
    meaning = _meaning(text)
    if meaning is None:
        return text
    result = _lay_out(text)
    if result is None or result.count("#") != text.count("#") or _meaning(result) != meaning:
        return text
    return result if _lay_out(result) == result else text


# A comment behind braces; ruamel keeps its column, which moves with the braces.
_TRAILING = re.compile(r"\} {2,}(#[^}\"']*)$")


def _lay_out(text: str) -> str | None:
    # Round trip: keeps comments, quotes and the style of collections. Untyped in parts.
    parser: Any = YAML()
    parser.preserve_quotes = True
    parser.width = _UNFOLDED
    parser.indent(mapping=2, sequence=4, offset=2)
    output = StringIO()
    try:
        parser.dump_all(list(parser.load_all(text)), output)
    except (YAMLError, ValueError, AttributeError, AssertionError, TypeError):
        return None  # ruamel stumbles over rare layouts in many ways; the text stays as it is
    lines = [_TRAILING.sub(r"} \1", line.rstrip()) for line in output.getvalue().split("\n")]
    aligned = "\n".join(_align(lines))
    spaced = re.sub(r"\n{3,}", "\n\n", aligned).strip("\n")
    return f"{spaced}\n" if spaced else ""


def _align(lines: list[str]) -> list[str]:
    """Neighbouring `key: {…}` lines of one level get their braces in one column."""
    result: list[str] = []
    for indent, group in groupby(lines, key=_indent):
        entries = list(group)
        matches = [match for line in entries if (match := _ENTRY.fullmatch(line))]
        if indent is None or len(matches) < len(entries):
            result.extend(entries)
            continue
        width = max(len(match["key"]) for match in matches)
        result.extend(
            f"{match['indent']}{match['key'].ljust(width)} {match['value']}" for match in matches
        )
    return result


def _indent(line: str) -> int | None:
    match = _ENTRY.fullmatch(line)
    return len(match["indent"]) if match else None


def _meaning(text: str) -> str | None:
    """What the text says, None where it can't be read. Compared as text: 1.0 is not 1.00."""
    documents, wrong = read_documents("", text)
    findings: list[Finding] = list(wrong)
    plain = [to_plain(document, findings) for document in documents]
    return None if findings else repr(plain)
