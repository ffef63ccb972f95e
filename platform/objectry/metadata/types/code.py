"""Texts that are codes: options, and what standards list."""

from abc import ABC, abstractmethod
from typing import ClassVar

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType, Reader, parsed
from objectry.metadata.types.refusal import Refused, named
from objectry.metadata.types.storage import TEXTUAL, StorageClass
from objectry.metadata.types.use import Options, Reference, Schema, Use
from objectry.values.countries import is_country
from objectry.values.currencies import is_currency
from objectry.values.languages import parse_language
from objectry.values.patterns import COUNTRY, CURRENCY, LANGUAGE


class Coded(FieldType, ABC):
    """A text written in one way: what `parse` gives is stored."""

    storage = StorageClass.TEXT
    kind = Kind.TEXT
    operators: ClassVar[tuple[str, ...]] = TEXTUAL

    noun: ClassVar[str]  # "country of ISO 3166-1"
    says: ClassVar[str]  # the sentence a caller reads who wrote it otherwise
    pattern: ClassVar[str]  # what a body may hold, as far as a pattern can say it

    @abstractmethod
    def parse(self, text: str) -> str | None:
        """The text as it is stored, None where it is no value."""

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """Any text: what was stored under other rules is shown all the same."""
        del use, reference
        return {"type": "string"}

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """A text of the pattern."""
        del use, required
        return {"type": "string", "pattern": self.pattern}

    def reader(self, use: Use) -> Reader:
        """Reads the text as it is stored."""
        del use
        return parsed(self.name, self.says, self.parse)

    def asked(self, text: str) -> str | None:
        """The text as it is stored."""
        return self.parse(text)

    @property
    def wanted(self) -> str:
        """What would be right."""
        return f"{self.article} {self.noun}, such as {self.example}"

    def constant_problem(self, options: Options, value: str) -> str:
        """A constant is written as it is stored."""
        del options
        if self.parse(value) == value:
            return ""
        return f"'{value}' is no {self.noun}, as '{self.example}'"

    @property
    def article(self) -> str:
        """Before the noun."""
        return "an" if self.noun[0] in "AEIOaeio" else "a"

    @property
    def example(self) -> str:
        """One that is right."""
        return str(self.examples[0])


class Country(Coded):
    """A country by its code."""

    name = "country"
    summary = "An ISO 3166-1 alpha-2 country."
    widget = "country"
    noun = "country of ISO 3166-1"
    says = "A country is its ISO 3166-1 code of two capitals, as DE."
    pattern = COUNTRY
    examples = ("DE",)
    mistakes = ("de", "DEU", "XX", 49)

    def parse(self, text: str) -> str | None:
        """One of the list."""
        return text if is_country(text) else None

    def closed(self, options: Options) -> bool:
        """Few are in use."""
        del options
        return True


class Currency(Coded):
    """A currency by its code."""

    name = "currency"
    summary = "An ISO 4217 currency."
    widget = "currency"
    noun = "currency of ISO 4217"
    says = "A currency is its ISO 4217 code of three capitals, as EUR."
    pattern = CURRENCY
    examples = ("EUR",)
    mistakes = ("eur", "EURO", "€")

    def parse(self, text: str) -> str | None:
        """One of the list."""
        return text if is_currency(text) else None

    def closed(self, options: Options) -> bool:
        """Few are in use."""
        del options
        return True


class Language(Coded):
    """A language by its tag."""

    name = "language"
    summary = "A language by its BCP 47 tag: language, script, region."
    widget = "language"
    noun = "language of BCP 47"
    says = "A language is its BCP 47 tag, as de or pt-BR."
    pattern = LANGUAGE
    examples = ("de", "pt-BR", "zh-Hant-TW")
    mistakes = ("German", "xx", "de-XX", "de_DE", 5)

    def parse(self, text: str) -> str | None:
        """The tag in its usual capitals."""
        return parse_language(text)

    def closed(self, options: Options) -> bool:
        """Few are in use."""
        del options
        return True


class Select(FieldType):
    """One of the options that the definition lists."""

    name = "select"
    summary = "One of the declared options."
    storage = StorageClass.TEXT
    kind = Kind.TEXT
    operators = TEXTUAL
    widget = "select"
    keys = frozenset({"options", "units"})
    needs = "options"
    mistakes = ("anything", 1)

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """One of the options."""
        del required
        return {"type": "string", "enum": [option.value for option in use.options.options]}

    def reader(self, use: Use) -> Reader:
        """Reads one of the options."""
        names = [option.value for option in use.options.options]
        options = frozenset(names)
        listed = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")

        def read(value: object) -> str:
            if not isinstance(value, str):
                raise Refused("type", f"Expected text, got {named(value)}.")
            if value not in options:
                raise Refused("option", f"Must be one of: {listed}.")
            return value

        return read

    def closed(self, options: Options) -> bool:
        """The options are all there are."""
        return bool(options.options)

    def listed(self, options: Options) -> tuple[str, ...]:
        """The options."""
        return tuple(option.value for option in options.options)
