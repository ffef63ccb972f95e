"""Readers of numbers: exact, within their bounds, never rounded."""

from collections.abc import Callable
from decimal import Decimal

from objectry.metadata.types.limits import INTEGER_MAX, INTEGER_MIN, entered_digits, places
from objectry.metadata.types.refusal import Refused, named
from objectry.metadata.types.use import Use
from objectry.values.numbers import DIGITS_MAX, ROUNDING, parse_decimal


def compile_number(use: Use) -> Callable[[object], Decimal]:
    """The reader of a decimal, money or percent field: text or JSON number, quantised."""
    least, most = use.options.min, use.options.max
    behind, before = places(use), entered_digits(use)
    unit = Decimal(1).scaleb(-behind)
    beyond = Decimal(10) ** before
    fixed = use.scale is not None

    def read(value: object) -> Decimal:
        number = _exact(value)
        exponent = number.as_tuple().exponent
        assert isinstance(exponent, int), "NaN and Infinity don't come this far"
        if -exponent > behind:
            number = _shortened(number, unit, behind)
        if abs(number) >= beyond:
            raise Refused("precision", f"At most {before} digits before the point.")
        _check_range(number, least, most)
        if fixed and -exponent < behind:
            number = number.quantize(unit, context=ROUNDING)
        return number or abs(number)  # PostgreSQL knows no negative zero

    return read


def compile_integer(use: Use) -> Callable[[object], Decimal]:
    """The reader of an integer field: a whole JSON number (`5` or `5.0`)."""
    least, most = use.options.min, use.options.max

    def read(value: object) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise Refused("type", f"Expected a whole number as 12, got {named(value)}.")
        whole = int(value)
        if whole != value:
            raise Refused("scale", "A whole number has no decimal places.")
        if not INTEGER_MIN <= whole <= INTEGER_MAX:
            raise Refused("precision", f"Between {INTEGER_MIN} and {INTEGER_MAX}.")
        number = Decimal(whole)
        _check_range(number, least, most)
        return number

    return read


def _check_range(number: Decimal, least: Decimal | None, most: Decimal | None) -> None:
    if least is not None and number < least:
        raise Refused("min", f"Must be at least {least}.")
    if most is not None and number > most:
        raise Refused("max", f"Must be at most {most}.")


def _exact(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Refused("type", f'Expected a number as "119.00" or 119.00, got {named(value)}.')
    if isinstance(value, str) and not _is_plain(value):
        raise Refused("type", 'Expected a number as "119.00", got another text.')
    # Plain digits are a number as they stand; only the rarer ways to write one are looked at again.
    short = isinstance(value, str) and len(value) <= DIGITS_MAX
    number = Decimal(value) if short else parse_decimal(value)
    if number is None:
        raise Refused("precision", f"A number has at most {DIGITS_MAX} digits.")
    return number


def _is_plain(text: str) -> bool:
    """Digits, with a minus before and a point within at most: no exponent, no space, no plus."""
    whole, point, fraction = text.removeprefix("-").partition(".")
    plain = whole.isdigit() and (fraction.isdigit() if point else True)
    return plain and text.isascii()


def _shortened(number: Decimal, unit: Decimal, behind: int) -> Decimal:
    """The number without zeros at its end; they carry no value, anything else does."""
    shorter = number.quantize(unit, context=ROUNDING)
    if shorter != number:
        allowed = "no decimal places" if behind == 0 else f"at most {behind} decimal places"
        raise Refused("scale", f"This number may have {allowed}; it is not rounded for you.")
    return shorter
