"""The arithmetic of tax, pure: net amounts and rates in, tax out. Exact until the one rounding."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from objectry.sdk import EXACT

Rounding = Literal["document", "line"]
Base = tuple[Decimal, Decimal]
"""A net amount and the percentage that is due on it."""

_HUNDREDTH = Decimal("0.01")


class TaxGroup(msgspec.Struct, frozen=True, kw_only=True):
    """All of a document that is taxed at one rate."""

    rate: Decimal
    base: Decimal
    tax: Decimal


def tax_of(
    bases: Iterable[Base], *, rounding: Rounding, round_amount: Callable[[Decimal], Decimal]
) -> Decimal:
    """The tax of a document.

    `document`: per rate, the sum of bases × rate, rounded once (EN 16931 BR-CO-17). `line`: each
    line's tax rounded, then added. `round_amount` rounds to the currency.
    """
    if rounding == "line":
        return _sum(round_amount(_exact_tax(base, rate)) for base, rate in bases)
    return _sum(group.tax for group in tax_groups(bases, round_amount=round_amount))


def tax_groups(
    bases: Iterable[Base], *, round_amount: Callable[[Decimal], Decimal]
) -> tuple[TaxGroup, ...]:
    """A document's bases by rate, in the order the rates appear, each group's tax rounded once."""
    sums: dict[Decimal, Decimal] = {}
    for base, rate in bases:
        sums[rate] = EXACT.add(sums.get(rate, Decimal(0)), base)
    return tuple(
        TaxGroup(rate=rate, base=base, tax=round_amount(_exact_tax(base, rate)))
        for rate, base in sums.items()
    )


def line_amount(
    quantity: Decimal | None, unit_price: Decimal | None, discount: Decimal | None
) -> Decimal | None:
    """What a line comes to, exactly: quantity × unit price less the discount in per cent."""
    if quantity is None or unit_price is None or discount is None:
        return None
    return less_discount(EXACT.multiply(quantity, unit_price), discount)


def less_discount(amount: Decimal | None, discount: Decimal | None) -> Decimal | None:
    """An amount less a discount in per cent, exactly; no discount leaves it as it is."""
    if amount is None or discount is None:
        return amount
    share = EXACT.multiply(EXACT.subtract(Decimal(100), discount), _HUNDREDTH)
    return EXACT.multiply(amount, share)


def _exact_tax(base: Decimal, rate: Decimal) -> Decimal:
    return EXACT.multiply(EXACT.multiply(base, rate), _HUNDREDTH)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
