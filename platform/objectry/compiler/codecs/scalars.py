"""Readers of single values: a JSON value → the typed value, or Refused."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

import jsonschema_rs

from objectry.compiler.codecs.issue import Refused, named
from objectry.compiler.codecs.numbers import compile_integer, compile_number
from objectry.compiler.limits import text_length_max
from objectry.metadata.model import FieldModel, ObjectModel
from objectry.values.countries import is_country
from objectry.values.currencies import is_currency
from objectry.values.dates import parse_date, parse_datetime
from objectry.values.ids import parse_id
from objectry.values.patterns import EMAIL
from objectry.values.text import TextProblem, clean

Scalar = Decimal | str | bool | date | datetime
Reader = Callable[[object], Scalar]
Parsed = TypeVar("Parsed", bound=Scalar)

DATE = "A date is written 2026-03-31."
DATETIME = "A moment is written 2026-03-31T14:30:00Z, with its zone."
COUNTRY = "A country is its ISO 3166-1 code of two capitals, as DE."
CURRENCY = "A currency is its ISO 4217 code of three capitals, as EUR."
LINK = "A link is the id (a UUID) of the linked record."


def compile_reader(owner: ObjectModel, field: FieldModel) -> Reader:
    """The reader of a field's type, with the field's own bounds bound in."""
    match field.type.name:
        case "text" | "long_text":
            return _text(owner, field)
        case "email":
            return _email(owner, field)
        case "integer":
            return compile_integer(field)
        case "decimal" | "money" | "percent":
            return compile_number(field)
        case "boolean":
            return _boolean
        case "date":
            return _parsed("date", DATE, parse_date)
        case "datetime":
            return _parsed("datetime", DATETIME, parse_datetime)
        case "select":
            return _select(field)
        case "country":
            return _parsed("country", COUNTRY, lambda code: code if is_country(code) else None)
        case "currency":
            return _parsed("currency", CURRENCY, lambda code: code if is_currency(code) else None)
        case "link":
            return _parsed("link", LINK, parse_id)
        case other:
            raise AssertionError(f"no codec reads the type {other}")


def _as_text(value: object, *, multiline: bool = False) -> str:
    if not isinstance(value, str):
        raise Refused("type", f"Expected text, got {named(value)}.")
    try:
        return clean(value, multiline=multiline)
    except TextProblem as problem:
        raise Refused("text", problem.message) from None


@lru_cache(maxsize=1_000)  # an engine takes a millisecond to build
def _matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text matches, in time linear in its length whatever the pattern.

    A field's pattern is the user's own: it never reaches Python's `re`.
    """
    validator = jsonschema_rs.Draft202012Validator(
        {"type": "string", "pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()
    )
    return validator.is_valid


def _text(owner: ObjectModel, field: FieldModel) -> Reader:
    definition = field.definition
    multiline = field.type.name == "long_text"
    longest = text_length_max(owner, field)
    shortest = definition.min_length or 0
    matches = _matcher(definition.pattern) if definition.pattern else None
    pattern, required = definition.pattern, definition.required

    def read(value: object) -> str:
        text = _as_text(value, multiline=multiline)
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


def _email(owner: ObjectModel, field: FieldModel) -> Reader:
    longest = text_length_max(owner, field)
    matches = _matcher(EMAIL)

    def read(value: object) -> str:
        text = _as_text(value)
        if len(text) > longest:
            raise Refused("max_length", f"At most {longest} characters, got {len(text)}.")
        if not matches(text):
            raise Refused("email", "An e-mail address looks like name@example.com.")
        return text

    return read


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise Refused("type", f"Expected true or false, got {named(value)}.")


def _select(field: FieldModel) -> Reader:
    options = frozenset(option.value for option in field.definition.options)
    names = [option.value for option in field.definition.options]
    listed = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise Refused("type", f"Expected text, got {named(value)}.")
        if value not in options:
            raise Refused("option", f"Must be one of: {listed}.")
        return value

    return read


def _parsed(code: str, message: str, parse: Callable[[str], Parsed | None]) -> Reader:
    def read(value: object) -> Parsed:
        if not isinstance(value, str):
            raise Refused("type", f"{message} Got {named(value)}.")
        found = parse(value)
        if found is None:
            raise Refused(code, message)
        return found

    return read
