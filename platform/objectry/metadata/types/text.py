"""Free texts: one line, several lines; and how every text is read."""

from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar

import jsonschema_rs

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType, Reader
from objectry.metadata.types.limits import INDEXED_TEXT_MAX, LONG_TEXT_MAX, TEXT_MAX
from objectry.metadata.types.refusal import Refused, named
from objectry.metadata.types.storage import TEXTUAL, StorageClass
from objectry.metadata.types.use import Reference, Schema, Use
from objectry.values.text import TextProblem, clean


def as_text(value: object, *, multiline: bool = False) -> str:
    """A JSON value as clean text; raises Refused."""
    if not isinstance(value, str):
        raise Refused("type", f"Expected text, got {named(value)}.")
    try:
        return clean(value, multiline=multiline)
    except TextProblem as problem:
        raise Refused("text", problem.message) from None


@lru_cache(maxsize=1_000)  # an engine takes a millisecond to build
def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches, in time linear in its length whatever the pattern.

    A field's pattern is the user's own: it never reaches Python's `re`.
    """
    validator = jsonschema_rs.Draft202012Validator(
        {"type": "string", "pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()
    )
    return validator.is_valid


class Text(FieldType):
    """One line of text."""

    name = "text"
    summary = "One line of text."
    storage = StorageClass.TEXT
    kind = Kind.TEXT
    operators = TEXTUAL
    widget = "input"
    keys: ClassVar[frozenset[str]] = frozenset({"min_length", "max_length", "pattern", "translate"})
    words = True
    maskable = True
    titled = True
    examples: ClassVar[tuple[object, ...]] = ("Bolt M8", "")
    mistakes: ClassVar[tuple[object, ...]] = (5, "two\nlines")

    multiline: ClassVar[bool] = False
    usual_length: ClassVar[int] = TEXT_MAX

    def longest(self, use: Use) -> int:
        """How many characters a text may have."""
        if use.options.max_length is not None:
            return use.options.max_length
        return INDEXED_TEXT_MAX if use.indexed and not self.multiline else self.usual_length

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """Any text: what was stored under other rules is shown all the same."""
        del use, reference
        return {"type": "string"}

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """A text within its bounds."""
        shortest = max(use.options.min_length or 0, 1 if required else 0)
        schema: Schema = {"type": "string", "maxLength": self.longest(use)}
        if shortest:
            schema["minLength"] = shortest
        if use.options.pattern:
            schema["pattern"] = use.options.pattern
        return schema

    def reader(self, use: Use) -> Reader:
        """Reads clean text within its bounds."""
        multiline, longest = self.multiline, self.longest(use)
        shortest = use.options.min_length or 0
        pattern, required = use.options.pattern, use.options.required
        matches = matcher(pattern) if pattern else None

        def read(value: object) -> str:
            text = as_text(value, multiline=multiline)
            if not text and required:
                raise Refused("required", "A value is needed here.")
            if len(text) > longest:
                raise Refused("max_length", f"At most {longest} characters, got {len(text)}.")
            if len(text) < shortest:
                raise Refused("min_length", f"At least {shortest} characters, got {len(text)}.")
            if matches is not None and not matches(text):
                raise Refused("pattern", f"Must match the pattern {pattern}.")
            return text

        return read


class LongText(Text):
    """Text of several lines."""

    name = "long_text"
    summary = "Text of several lines."
    widget = "textarea"
    keys = frozenset({"min_length", "max_length", "translate"})
    titled = False
    examples: ClassVar[tuple[object, ...]] = ("Dear all,\n\nthank you.",)
    mistakes = (5, "a\x00b")

    multiline = True
    usual_length = LONG_TEXT_MAX


class Markdown(LongText):
    """Text of several lines that is shown with its marks at work."""

    name = "markdown"
    summary = "Text of several lines in Markdown, kept as it is written."
    widget = "markdown"
    examples = ("# Terms\n\n- *net* 30 days",)
