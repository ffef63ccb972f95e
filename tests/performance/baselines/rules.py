"""The business rules both hand-written servers keep: pure functions over numbers and bodies."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import msgspec
from litestar.exceptions import ClientException, ValidationException

from tests.performance.baselines.bodies import LineIn, OrderPatch

CENT = Decimal("0.01")
HUNDRED = Decimal(100)
ZERO = Decimal("0.00")
# What of an order may still be changed when it is no draft any more.
NEVER_LOCKED = frozenset({"reference", "delivery_date", "notes"})


class PricedLine(msgspec.Struct, kw_only=True):
    """A line with all that its product fills in."""

    product: UUID
    description: str | None
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    tax_rate: Decimal
    net_amount: Decimal


class ProductFacts(msgspec.Struct):
    """What a line takes from its product."""

    id: UUID
    name: str
    currency: str
    price: Decimal
    tax_rate: Decimal


def money(value: Decimal, name: str) -> Decimal:
    """An amount as it is stored; refused where it isn't finite, negative or finer than a cent."""
    return _exact(value, CENT, name)


def price_lines(
    lines: Iterable[LineIn], products: Mapping[UUID, ProductFacts], currency: str
) -> list[PricedLine]:
    """The lines with defaults from their products and their amounts."""
    return [_priced(line, products.get(line.product), currency) for line in lines]


def totals(lines: Iterable[PricedLine]) -> tuple[Decimal, Decimal, Decimal]:
    """Net, tax (by rate, from amounts that are not rounded yet) and gross."""
    net, bases = ZERO, dict[Decimal, Decimal]()
    for line in lines:
        net += line.net_amount
        base = line.quantity * line.unit_price * (1 - line.discount / HUNDRED)
        bases[line.tax_rate] = bases.get(line.tax_rate, Decimal(0)) + base
    tax = sum((_round(base * rate / HUNDRED) for rate, base in bases.items()), ZERO)
    return net, tax, net + tax


def check_dates(order_date: date, delivery_date: date | None) -> None:
    """The wanted delivery must not lie before the order date."""
    if delivery_date is not None and delivery_date < order_date:
        raise ValidationException("The wanted delivery must not lie before the order date.")


def patched(patch: OrderPatch, status: str) -> dict[str, Any]:
    """The fields a patch names; refused where the order's state locks one."""
    named = {
        name: value
        for name in OrderPatch.__struct_fields__
        if (value := getattr(patch, name)) is not msgspec.UNSET
    }
    if status != "draft" and not named.keys() <= NEVER_LOCKED:
        raise ValidationException("The order is locked.")
    return named


def check_confirm(
    status: str, lines: int, customer_status: str, limit: Decimal | None, gross: Decimal | None
) -> None:
    """Only a draft with lines, of an active customer and within the credit limit."""
    if status != "draft":
        raise ClientException("Not from this state.", status_code=409)
    within = limit is None or (gross is not None and gross <= limit)
    if not lines or customer_status != "active" or not within:
        raise ClientException("It can't be confirmed.", status_code=409)


def _priced(line: LineIn, product: ProductFacts | None, currency: str) -> PricedLine:
    if product is None:
        raise ValidationException("There is no such product.")
    price = line.unit_price
    if price is None:
        if product.currency != currency:
            raise ValidationException("A price is needed.")
        price = product.price
    quantity = _exact(line.quantity, Decimal("0.001"), "quantity")
    if not quantity:
        raise ValidationException("quantity: must be at least 0.001.")
    price = _exact(price, Decimal("0.000001"), "unit_price")
    discount = _percent(line.discount, "discount")
    rate = product.tax_rate if line.tax_rate is None else _percent(line.tax_rate, "tax_rate")
    return PricedLine(
        product=line.product,
        description=line.description or product.name,
        quantity=quantity,
        unit_price=price,
        discount=discount,
        tax_rate=rate,
        net_amount=_round(quantity * price * (1 - discount / HUNDRED)),
    )


def _percent(value: Decimal, name: str) -> Decimal:
    exact = _exact(value, CENT, name)
    if exact > HUNDRED:
        raise ValidationException(f"{name}: must be at most 100.")
    return exact


def _exact(value: Decimal, places: Decimal, name: str) -> Decimal:
    if not value.is_finite() or value < 0 or abs(value) >= 10**15:
        raise ValidationException(f"{name}: not in range.")
    exact = value.quantize(places)
    if exact != value:
        raise ValidationException(f"{name}: too many decimal places.")
    return exact


def _round(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)
