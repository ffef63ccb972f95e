"""New records as plain values, for both hand-written servers."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid7

from tests.performance.baselines.bodies import CustomerIn, OrderIn
from tests.performance.baselines.rules import PricedLine, money, totals
from tests.performance.baselines.tables import TENANT

# What is inserted: a column's value is of whatever type the column has.
Values = dict[str, Any]


def new_customer(data: CustomerIn, now: datetime, user: UUID, number: int) -> Values:
    """The row of a new customer."""
    values: Values = msgspec.structs.asdict(data)
    if isinstance(data.credit_limit, Decimal):
        values["credit_limit"] = money(data.credit_limit, "credit_limit")
    return values | _stamps(now, user) | {"number": f"BC-{number:05}", "status": "active"}


def new_order(
    data: OrderIn,
    customer: Any,
    lines: list[PricedLine],
    *,
    day: date,
    currency: str,
    now: datetime,
    user: UUID,
    number: int,
) -> Values:
    """The row of a new order; `customer` is a row of either server."""
    net, tax, gross = totals(lines)
    days = customer.payment_days if data.payment_days is None else data.payment_days
    return _stamps(now, user) | {
        "number": f"BO-{day.year}-{number:05}",
        "status": "draft",
        "customer": customer.id,
        "offer": None,
        "reference": data.reference,
        "order_date": day,
        "delivery_date": data.delivery_date,
        "currency": currency,
        "payment_days": days,
        "invoicing": data.invoicing,
        "ship_to": customer.name,
        "ship_street": customer.street,
        "ship_postal_code": customer.postal_code,
        "ship_city": customer.city,
        "ship_country": customer.country,
        "net_total": net,
        "tax_total": tax,
        "gross_total": gross,
        "notes": data.notes,
    }


def new_lines(order: UUID, lines: Iterable[PricedLine]) -> list[Values]:
    """The rows of an order's lines."""
    return [
        {
            "tenant_id": TENANT,
            "id": uuid7(),
            "parent_id": order,
            "position": position,
            "product": line.product,
            "description": line.description,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "discount": line.discount,
            "tax_rate": line.tax_rate,
            "net_amount": line.net_amount,
        }
        for position, line in enumerate(lines, 1)
    ]


def _stamps(now: datetime, user: UUID) -> Values:
    return {
        "tenant_id": TENANT,
        "id": uuid7(),
        "version": 1,
        "owner": user,
        "created_at": now,
        "created_by": user,
        "updated_at": now,
        "updated_by": user,
    }
