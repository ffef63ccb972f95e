"""From source text to Python's syntax tree, within bounds.

Before Python's parser sees a source, every token of it is known to be harmless: so there are no
surprises of encoding, of Unicode identifiers, of prefixes, of huge numbers, or of warnings.
"""

import ast
import re
from decimal import Decimal

from objectry.expressions.codes import LIMIT, LITERAL, SYNTAX
from objectry.expressions.expression import Problem
from objectry.values.numbers import DIGITS_MAX, parse_decimal
from objectry.values.text import TextProblem, clean

SOURCE_MAX = 2_000
NESTING_MAX = 50
DEPTH_MAX = 150  # with chains of left-associative operators, which do not count as nesting
PARTS_MAX = 1_000

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<triple>'{3}|"{3})
      | (?P<text>'(?:[^'\\\n\r]|\\.)*'|"(?:[^"\\\n\r]|\\.)*")
      | (?P<operator>\*\*|//|==|!=|<=|>=|[-+*/%<>()\[\],.])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"""\\(?![\\'"nt]|u[0-9a-fA-F]{4})""")


class Source:
    """A source text that was read: its syntax tree, and what the tree lost."""

    def __init__(self, line: str, leading: int, body: ast.expr) -> None:
        """`line` is what was parsed; `leading` how many characters of the source lie before it."""
        self.body = body
        self._line = line
        self._bytes = b"" if line.isascii() else line.encode()
        self._leading = leading

    def offset(self, node: ast.expr) -> int:
        """Where a part begins in the source, in characters."""
        return self._leading + self._characters(node.col_offset)

    def number(self, node: ast.Constant) -> Decimal:
        """The exact value of a number literal, read from the text and not from Python's float."""
        assert node.end_col_offset is not None, "ast.parse sets the ends"
        start, end = self._characters(node.col_offset), self._characters(node.end_col_offset)
        value = parse_decimal(self._line[start:end])
        assert value is not None, "the scan refused all others"
        return value

    def _characters(self, column: int) -> int:
        # ast counts columns in UTF-8 bytes.
        return len(self._bytes[:column].decode()) if self._bytes else column


def read(text: str) -> Source | tuple[Problem, ...]:
    """Read a source text, or say everything that is wrong with its form."""
    if len(text) > SOURCE_MAX:
        message = f"The expression has {len(text):,} characters; {SOURCE_MAX:,} are possible."
        return (Problem(code=LIMIT, message=message),)
    if not text.strip():
        return (Problem(code=SYNTAX, message="The expression is empty."),)
    problems = _scan(text)
    if problems:
        return tuple(problems)
    # Outside texts a line end means no more than a space; the length stays, so offsets do.
    line = re.sub(r"[\t\r\n]", " ", text)
    leading = len(line) - len(line.lstrip(" "))
    line = line.lstrip(" ")
    try:
        body = ast.parse(line, mode="eval").body
    except SyntaxError as error:
        return (_syntax_problem(error, leading, len(text)),)
    except (MemoryError, RecursionError, ValueError):
        return (_too_deep(0),)
    problem = _measure(body)
    return (problem,) if problem else Source(line, leading, body)


def _scan(text: str) -> list[Problem]:
    """Look at every token: each is known and harmless, or a problem."""
    problems: list[Problem] = []
    at, before = 0, ""
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            problems.append(_unknown_character(text, at))
            if text[at] in "'\"":
                break  # what follows an open text can't be told apart from it
            at += 1
            continue
        kind, value = token.lastgroup, token.group()
        if kind == "triple":
            message = "A text is written in simple quotes, on one line."
            problems.append(Problem(code=LITERAL, message=message, offset=at))
            break
        if kind == "number":
            problems.extend(_number_problem(text, at, token.end()))
        elif kind == "text" and before == "text":
            message = "Two texts stand side by side: a comma or `+` is missing between them."
            problems.append(Problem(code=LITERAL, message=message, offset=at))
        elif kind == "text":
            problems.extend(_text_problem(value, at))
        elif kind == "word" and text[token.end() : token.end() + 1] in ("'", '"'):
            message = f"A text has no prefix: leave `{value}` out, or put an operator between."
            problems.append(Problem(code=LITERAL, message=message, offset=at))
        at = token.end()
        before = before if kind == "space" else kind or ""
    return problems


_MEANT = {
    "=": "`==` compares",
    "&": "the operator is `and`",
    "|": "the operator is `or`",
    "!": "the operators are `not` and `!=`",
    "~": "the operator is `not`",
    "^": "the power operator is `**`",
}


def _unknown_character(text: str, at: int) -> Problem:
    character = text[at]
    if character in "'\"":
        return Problem(code=SYNTAX, message="This text has no closing quote.", offset=at)
    shown = f"`{character}`" if character.isprintable() else f"U+{ord(character):04X}"
    hint = _MEANT.get(character, "")
    if character == "#":
        hint = "comments belong beside the expression, in the YAML"
    return Problem(
        code=SYNTAX, message=f"{shown} has no meaning in an expression.", hint=hint, offset=at
    )


def _number_problem(text: str, at: int, end: int) -> list[Problem]:
    if text[end : end + 1].isalnum() or text[end : end + 1] == "_":
        message = "A number is written with digits and one point only: 1000000.50."
    elif parse_decimal(text[at:end]) is None:
        message = f"A number has at most {DIGITS_MAX} digits."
    else:
        return []
    return [Problem(code=LITERAL, message=message, offset=at)]


def _text_problem(quoted: str, at: int) -> list[Problem]:
    escape = _ESCAPE.search(re.sub(r"\\\\", "..", quoted))
    if escape:
        message = r"In a text a backslash stands only before \\ ' \" n t or uXXXX."
        return [Problem(code=LITERAL, message=message, offset=at + escape.start())]
    try:
        clean(text_value(quoted), multiline=True)
    except TextProblem as problem:
        return [Problem(code=LITERAL, message=problem.message, offset=at)]
    return []


_ESCAPES = {"n": "\n", "t": "\t"}


def text_value(quoted: str) -> str:
    """The text that a quoted literal stands for."""
    return re.sub(
        r"\\(u[0-9a-fA-F]{4}|.)",
        lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 5 else _ESCAPES.get(m[1], m[1]),
        quoted[1:-1],
    )


def _syntax_problem(error: SyntaxError, leading: int, length: int) -> Problem:
    message = error.msg
    if "too many nested" in message or "recursion" in message:
        return _too_deep(0)
    if message.startswith("invalid syntax"):
        message = "this can't be read as an expression"
    hint = ""
    if message.startswith("leading zeros"):  # Python goes on about octal numbers
        message, hint = "a number has no leading zeros", "a date is written date(2026, 3, 31)"
    offset = min(leading + max(0, (error.offset or 1) - 1), length)
    message = f"Not an expression: {message} (at {offset + 1})."
    return Problem(code=SYNTAX, message=message, hint=hint, offset=offset)


def _too_deep(offset: int) -> Problem:
    message = f"The expression is nested more than {NESTING_MAX} levels deep."
    return Problem(code=LIMIT, message=message, offset=offset)


def _measure(body: ast.expr) -> Problem | None:
    """Refuse trees that are too deep or have too many parts. A loop: recursion is the danger."""
    parts = 0
    open_nodes: list[tuple[ast.AST, int, int]] = [(body, 0, 0)]
    while open_nodes:
        node, nesting, depth = open_nodes.pop()
        if isinstance(node, ast.expr):
            parts += 1
        if nesting > NESTING_MAX or depth > DEPTH_MAX:
            return _too_deep(getattr(node, "col_offset", 0))
        if parts > PARTS_MAX:
            return Problem(code=LIMIT, message=f"More than {PARTS_MAX:,} parts.")
        for child in ast.iter_child_nodes(node):
            # a + b + c + d leans to the left: that is a chain to its reader, not nesting.
            chained = isinstance(node, ast.BinOp) and child is node.left
            if isinstance(child, ast.expr):
                open_nodes.append((child, nesting + (not chained), depth + 1))
    return None
