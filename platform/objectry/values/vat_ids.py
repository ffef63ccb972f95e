"""VAT ids of the European Union, Great Britain, Switzerland and Norway."""

import re
from collections.abc import Callable

WRITTEN_MAX = 30  # with spaces, dots and dashes

# What follows the country's two letters.
_FORMS = {
    country: re.compile(form)
    for country, form in {
        "AT": r"U[0-9]{8}",
        "BE": r"[01][0-9]{9}",
        "BG": r"[0-9]{9,10}",
        "CH": r"E[0-9]{9}(MWST|TVA|IVA)?",
        "CY": r"[0-9]{8}[A-Z]",
        "CZ": r"[0-9]{8,10}",
        "DE": r"[1-9][0-9]{8}",
        "DK": r"[0-9]{8}",
        "EE": r"[0-9]{9}",
        "EL": r"[0-9]{9}",
        "ES": r"[A-Z0-9][0-9]{7}[A-Z0-9]",
        "FI": r"[0-9]{8}",
        "FR": r"[A-HJ-NP-Z0-9]{2}[0-9]{9}",
        "GB": r"[0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3}",
        "HR": r"[0-9]{11}",
        "HU": r"[0-9]{8}",
        "IE": r"[0-9]{7}[A-W][A-I]?|[0-9][A-Z][0-9]{5}[A-W]",
        "IT": r"[0-9]{11}",
        "LT": r"[0-9]{9}|[0-9]{12}",
        "LU": r"[0-9]{8}",
        "LV": r"[0-9]{11}",
        "MT": r"[0-9]{8}",
        "NL": r"[0-9]{9}B[0-9]{2}",
        "NO": r"[0-9]{9}(MVA)?",
        "PL": r"[0-9]{10}",
        "PT": r"[0-9]{9}",
        "RO": r"[0-9]{2,10}",
        "SE": r"[0-9]{12}",
        "SI": r"[0-9]{8}",
        "SK": r"[0-9]{10}",
        "XI": r"[0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3}",
    }.items()
}


def parse_vat_id(text: str) -> str | None:
    """The id in capitals, nothing between; None where its form or its check digit is wrong.

    Check digits are looked at where the country's rule is simple and public. Whether the id was
    ever given to anybody, only the tax office knows.
    """
    if len(text) > WRITTEN_MAX or not text.isascii():
        return None
    found = text.replace(" ", "").replace(".", "").replace("-", "").upper()
    country, rest = found[:2], found[2:]
    form = _FORMS.get(country)
    if form is None or form.fullmatch(rest) is None:
        return None
    check = _CHECKS.get(country)
    return found if check is None or check(rest) else None


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))


def _luhn(digits: str) -> int:
    """The sum of digits, every second from the right but one doubled."""
    doubled = (sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2])
    return sum(doubled) + sum(int(digit) for digit in digits[::-2])


def _austria(rest: str) -> bool:
    return (_luhn(rest[1:8]) + 4 + int(rest[8])) % 10 == 0


def _germany(rest: str) -> bool:
    """ISO 7064, MOD 11,10."""
    product = 10
    for digit in rest[:8]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(rest[8])


def _france(rest: str) -> bool:
    """Keys with letters follow rules of their own; they are taken as they are."""
    return not rest[:2].isdigit() or int(rest[2:] + "12") % 97 == int(rest[:2])


def _portugal(rest: str) -> bool:
    return (11 - _weighted(rest[:8], (9, 8, 7, 6, 5, 4, 3, 2)) % 11) % 11 % 10 == int(rest[8])


_CHECKS: dict[str, Callable[[str], bool]] = {
    "AT": _austria,
    "BE": lambda rest: 97 - int(rest[:8]) % 97 == int(rest[8:]),
    "DE": _germany,
    "DK": lambda rest: _weighted(rest, (2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0,
    "FI": lambda rest: _weighted(rest, (7, 9, 10, 5, 8, 4, 2, 1)) % 11 == 0,
    "FR": _france,
    "IT": lambda rest: _luhn(rest) % 10 == 0,
    "LU": lambda rest: int(rest[:6]) % 89 == int(rest[6:]),
    "PL": lambda rest: _weighted(rest[:9], (6, 5, 7, 2, 3, 4, 5, 6, 7)) % 11 == int(rest[9]),
    "PT": _portugal,
    "SE": lambda rest: _luhn(rest[:10]) % 10 == 0,
}
