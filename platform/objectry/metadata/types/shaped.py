"""Texts of a form: e-mail addresses, addresses of the web."""

from abc import ABC
from typing import ClassVar

from objectry.metadata.types.field_type import Reader
from objectry.metadata.types.limits import EMAIL_MAX, INDEXED_TEXT_MAX, URL_MAX
from objectry.metadata.types.refusal import Refused
from objectry.metadata.types.text import Text, as_text, matcher
from objectry.metadata.types.use import Options, Schema, Use
from objectry.values.patterns import EMAIL, URL


class Shaped(Text, ABC):
    """A text of one pattern; it is kept as it was written."""

    keys = frozenset({"max_length"})
    titled = False

    form: ClassVar[str]
    format: ClassVar[str] = ""  # what JSON Schema calls it, where that says the same
    says: ClassVar[str]
    noun: ClassVar[str]

    def longest(self, use: Use) -> int:
        """Never more than the type takes, whatever the definition says."""
        usual = min(self.usual_length, INDEXED_TEXT_MAX) if use.indexed else self.usual_length
        return min(use.options.max_length or usual, usual)

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """A text of the pattern."""
        del required
        named = {"format": self.format} if self.format else {}
        return {"type": "string", **named, "pattern": self.form, "maxLength": self.longest(use)}

    def reader(self, use: Use) -> Reader:
        """Reads clean text of the form."""
        longest = self.longest(use)
        matches = matcher(self.form)

        def read(value: object) -> str:
            text = as_text(value)
            if len(text) > longest:
                raise Refused("max_length", f"At most {longest} characters, got {len(text)}.")
            if not matches(text):
                raise Refused(self.name, self.says)
            return text

        return read

    def constant_problem(self, options: Options, value: str) -> str:
        """A constant has the form."""
        del options
        if matcher(self.form)(value):
            return ""
        return f"'{value}' is no {self.noun}, as '{self.examples[0]}'"


class Email(Shaped):
    """An e-mail address."""

    name = "email"
    summary = "An e-mail address."
    widget = "email"
    form = EMAIL
    format = "email"
    usual_length = EMAIL_MAX
    says = "An e-mail address looks like name@example.com."
    noun = "e-mail address"
    examples = ("ada@example.com",)
    mistakes = ("ada", "ada@localhost", "a b@example.com")


class Url(Shaped):
    """An address of the web, or one to write to."""

    name = "url"
    summary = "A web address (`http`, `https`) or a `mailto:` one; nothing a browser would run."
    widget = "url"
    form = URL
    usual_length = URL_MAX
    words = False
    says = "An address looks like https://example.com/page or mailto:name@example.com."
    noun = "web address"
    examples = ("https://example.com/a?b=c#d", "mailto:ada@example.com")
    mistakes = ("javascript:alert(1)", "example.com", "https://a b", "https://u:p@example.com", 5)
