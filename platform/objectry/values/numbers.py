"""Exact decimal arithmetic. No float ever enters here, and nothing is rounded unless asked."""

from decimal import (
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
)

DIGITS_MAX = 38
"""How many digits a value may have before, and how many after the decimal point; together too."""

DIVISION_PLACES = 12
"""How many decimal places `/` keeps."""

_TRAPS = [InvalidOperation, DivisionByZero, Overflow, FloatOperation]
# Wider than the widest intermediate result that the expression checker lets through.
_PRECISION = 4200

EXACT = Context(prec=_PRECISION, rounding=ROUND_HALF_EVEN, traps=[*_TRAPS, Inexact])
"""For + - *: an inexact result would be a bug and raises."""

ROUNDING = Context(prec=_PRECISION, rounding=ROUND_HALF_UP, traps=_TRAPS)
"""Where rounding to a number of places is the purpose."""

ZERO = Decimal(0)
_UNITS = tuple(Decimal(1).scaleb(-places) for places in range(DIGITS_MAX + 1))
_DIVISION_UNIT = Decimal(1).scaleb(-DIVISION_PLACES)


def parse_decimal(value: str | int | Decimal) -> Decimal | None:
    """The exact finite number, or None when it is none or has more than 38 digits.

    Texts are plain ASCII numbers, with an exponent or without (`-1.50`, `1e3`), nothing around.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        # Decimal() would also take spaces, underscores, "nan" and digits of other scripts.
        if not value or len(value) > 100 or not set(value) <= set("0123456789+-.eE"):
            return None
        try:
            value = Decimal(value)
        except InvalidOperation:
            return None
    elif isinstance(value, int):
        if abs(value) >= 10**DIGITS_MAX:
            return None
        value = Decimal(value)
    if not value.is_finite():
        return None
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if not value:
        return value.copy_abs() if 0 <= -exponent <= DIGITS_MAX else ZERO
    if len(digits) > DIGITS_MAX or -exponent > DIGITS_MAX or len(digits) + exponent > DIGITS_MAX:
        return None
    return value if exponent <= 0 else EXACT.quantize(value, Decimal(1))


def plain(value: Decimal) -> str:
    """Plain notation without trailing zeros, exponent or negative zero: `1000`, `-0.5`, `0`."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def divide(a: Decimal, b: Decimal) -> Decimal | None:
    """a / b rounded half away from zero to 12 places; None when b is 0."""
    if not b:
        return None
    # On whole numbers, so that there is one rounding, not two.
    top, bottom = _whole_ratio(a, b)
    doubled = 2 * abs(top) * 10**DIVISION_PLACES + abs(bottom)
    magnitude = doubled // (2 * abs(bottom))
    signed = magnitude if (top < 0) == (bottom < 0) else -magnitude
    return EXACT.multiply(Decimal(signed), _DIVISION_UNIT) if signed else ZERO


def truncate_divide(a: Decimal, b: Decimal) -> Decimal | None:
    """a // b truncated toward zero; None when b is 0."""
    if not b:
        return None
    return EXACT.divide_int(a, b) or ZERO  # no negative zero


def remainder(a: Decimal, b: Decimal) -> Decimal | None:
    """a % b with the sign of a (what `//` leaves over); None when b is 0."""
    if not b:
        return None
    return EXACT.remainder(a, b) or ZERO


def round_half_away(x: Decimal, places: int) -> Decimal:
    """Round half away from zero; negative places round before the point (-2: to hundreds)."""
    return _quantised(x, places, ROUND_HALF_UP)


def quantise(x: Decimal, places: int, half_even: bool = False) -> Decimal:
    """Exactly `places` decimal places, trailing zeros included, as a field stores it.

    Half away from zero unless the company's mode is half-even.
    """
    return _quantised(x, places, ROUND_HALF_EVEN if half_even else ROUND_HALF_UP)


def has_places(x: Decimal, places: int) -> bool:
    """Whether a finite number is written with exactly so many decimal places."""
    return x.same_quantum(_unit(places))


def _unit(places: int) -> Decimal:
    return _UNITS[places] if 0 <= places < len(_UNITS) else Decimal(1).scaleb(-places)


def _quantised(x: Decimal, places: int, rounding: str) -> Decimal:
    unit = _unit(places)
    if x and places >= 0 and x.same_quantum(unit):  # the usual number: rounded before
        return x
    result = x.quantize(unit, rounding=rounding, context=ROUNDING)
    if places < 0:
        result = result.quantize(Decimal(1), context=ROUNDING)
    return result if result else result.copy_abs()  # no negative zero


def _whole_ratio(a: Decimal, b: Decimal) -> tuple[int, int]:
    """a / b as a ratio of whole numbers, not reduced."""
    places = max(_places(a), _places(b))
    shift = Decimal(1).scaleb(places)
    return int(EXACT.multiply(a, shift)), int(EXACT.multiply(b, shift))


def _places(x: Decimal) -> int:
    exponent = x.as_tuple().exponent
    assert isinstance(exponent, int), "numbers here are finite"
    return max(0, -exponent)
