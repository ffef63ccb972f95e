"""Bounds of values that tables, schemas and codecs must agree on."""

from objectry.metadata.types.use import Use
from objectry.values.numbers import DIGITS_MAX

MONEY_SCALE_MAX = 4  # no ISO 4217 currency has more decimal places
MONEY_SCALE_USUAL = 2  # what `precision` leaves behind the point where the currency decides
# Before the point of an entered number, unless `precision` says otherwise: the product of two,
# summed over all rows of a table, still fits. Else whether a write overflows would tell of a
# hidden factor: by halving, a cost is found in fifty tries.
ENTERED_DIGITS_MAX = 15
INTEGER_MAX = 2**63 - 1
INTEGER_MIN = -(2**63)
TEXT_MAX = 10_000
LONG_TEXT_MAX = 1_000_000
INDEXED_TEXT_MAX = 500  # four bytes each still fit one index entry of PostgreSQL (2,704 bytes)
EMAIL_MAX = 254  # RFC 5321
TAG_MAX = 100
LINKS_MAX = 1_000  # records in one list of links
TAGS_MAX = 100
DOCUMENT_MAX = 1_000_000  # characters of JSON
SECRET_MAX = 10_000
URL_MAX = 2_000  # what every browser takes
ROWS_MAX = 10_000  # of one table field


def places(use: Use) -> int:
    """How many decimal places a value may have at most (money by currency: the most of any)."""
    return MONEY_SCALE_MAX if use.scale is None else use.scale


def integer_digits(use: Use) -> int:
    """How many digits a value may have before the point."""
    precision = use.options.precision
    if precision is None:
        return DIGITS_MAX - places(use)
    behind = MONEY_SCALE_USUAL if use.scale is None else use.scale
    return max(precision - behind, 0)


def entered_digits(use: Use) -> int:
    """How many digits a value that somebody enters may have before the point."""
    digits = integer_digits(use)
    return digits if use.options.precision else min(digits, ENTERED_DIGITS_MAX)
