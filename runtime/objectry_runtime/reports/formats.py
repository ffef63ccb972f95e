"""Filters of print templates: amounts, numbers, days and addresses as readers write them.

Values come as the API writes them (decimals and dates as texts); nothing passes a float.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeGuard, cast  # a template hands over whatever it has

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision
from jinja2 import pass_context
from jinja2.runtime import Context, Undefined
from markupsafe import Markup, escape

FALLBACK = "en"
ADDRESS_LINES = ("street", "street2")
NAME_PARTS = ("title", "first", "middle", "last", "suffix")


def locale_of(lang: str) -> Locale:
    """The locale of a language tag; English where CLDR has none."""
    try:
        return Locale.parse(lang.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(FALLBACK)


@pass_context
def money(context: Context, value: Any, currency: str = "") -> str:
    """An amount with its currency: that of the value, else given, the record's, the company's."""
    if holds(value):
        value, currency = value.get("amount"), currency or str(value.get("currency") or "")
    number = _number(value)
    if number is None:
        return ""
    number = number.normalize()  # 54.200000 is a price of 54.20
    currency = currency or _currency(context)
    places = max(_places(number), get_currency_precision(currency) if currency else 2)
    locale = _locale(context)
    if not currency:
        return _written(number, places, locale)
    # The language's own pattern (where the sign stands, how digits are grouped), our places.
    pattern = str(locale.currency_formats["standard"].pattern).split(";")[0]
    return format_currency(
        number,
        currency,
        format=pattern.replace("0.00", _digits(places)),
        locale=locale,
        currency_digits=False,
        decimal_quantization=False,
    )


@pass_context
def number(context: Context, value: Any, places: int | None = None) -> str:
    """A number with the marks of the language; as many places as it has, or as said."""
    found = _number(value)
    if found is None:
        return ""
    if places is None:
        found = found.normalize()
        places = _places(found)
    return _written(found, places, _locale(context))


@pass_context
def percent(context: Context, value: Any) -> str:
    """A percentage as it is stored: 19 is 19 %."""
    shown = number(context, value)
    return f"{shown}\u00a0%" if shown else ""


@pass_context
def day(context: Context, value: Any, style: str = "medium") -> str:
    """A date, or the day of a moment, as the language writes it: `short`, `medium`, `long`."""
    found = _moment(value)
    return "" if found is None else format_date(found, format=style, locale=_locale(context))


@pass_context
def moment(context: Context, value: Any, style: str = "medium") -> str:
    """A moment (UTC) as the language writes it."""
    found = _moment(value)
    return "" if found is None else format_datetime(found, format=style, locale=_locale(context))


def person(value: Any) -> str:
    """A person's name in one line."""
    if not holds(value):
        return _text(value)
    return " ".join(_text(value.get(part)) for part in NAME_PARTS if value.get(part))


@pass_context
def address(context: Context, *parts: Any) -> Markup:
    """Lines of an address block: texts, and addresses or records that have an address's fields.

    The country is named, in capitals, where it is not the company's.
    """
    lines: list[str] = []
    for part in parts:
        if holds(part):
            lines += _address_lines(context, part)
        elif text := _text(part):
            lines.append(text)
    return Markup("<br>").join(escape(line) for line in lines)


@pass_context
def country(context: Context, code: Any) -> str:
    """The name of a country by its code."""
    text = _text(code)
    names = cast("Mapping[str, str]", _locale(context).territories)
    return names.get(text.upper(), text)


def iban(value: Any) -> str:
    """An account's number in groups of four, as it is read out; no line ends within."""
    text = "".join(_text(value).split())
    return "\u00a0".join(text[start : start + 4] for start in range(0, len(text), 4))


def multiline(value: Any) -> Markup:
    """A text with its line ends."""
    return Markup("<br>").join(escape(line) for line in _text(value).splitlines())


FILTERS: Mapping[str, Callable[..., Any]] = {
    "money": money,
    "number": number,
    "percent": percent,
    "date": day,
    "moment": moment,
    "person": person,
    "country": country,
    "iban": iban,
    "multiline": multiline,
}
GLOBALS: Mapping[str, Callable[..., Any]] = {"address": address}


def _address_lines(context: Context, part: Mapping[str, Any]) -> Iterable[str]:
    nested = part.get("address")
    if holds(nested):
        part = nested
    lines = [_text(part.get(name)) for name in ADDRESS_LINES]
    lines.append(f"{_text(part.get('postal_code'))} {_text(part.get('city'))}".strip())
    code = _text(part.get("country"))
    company = context.get("company")
    home = _text(company.get("country")) if holds(company) else ""
    if code and code != home:
        lines.append(country(context, code).upper())
    return [line for line in lines if line]


def _locale(context: Context) -> Locale:
    return locale_of(str(context.get("lang", FALLBACK)))


def _currency(context: Context) -> str:
    for name in ("record", "company"):
        holder = context.get(name)
        found = holder.get("currency") if holds(holder) else None
        if isinstance(found, str) and found:
            return found
    return ""


def _written(number: Decimal, places: int, locale: Locale) -> str:
    pattern = str(locale.decimal_formats[None].pattern).split(";")[0]
    return format_decimal(number, format=pattern.replace("0.###", _digits(places)), locale=locale)


def _digits(places: int) -> str:
    return f"0.{'0' * places}" if places else "0"


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _number(value: Any) -> Decimal | None:
    if _missing(value):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number") from None
    if not found.is_finite() or found.adjusted() > 60:
        raise ValueError(f"{value!r} is no number that can be printed")
    return found


def _moment(value: Any) -> date | None:
    if _missing(value):
        return None
    text = str(value)
    return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)


def holds(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is a record or a value of several parts."""
    return isinstance(value, Mapping)


def _text(value: Any) -> str:
    return "" if _missing(value) else str(value)


def _missing(value: Any) -> bool:
    return value is None or value == "" or isinstance(value, Undefined)
