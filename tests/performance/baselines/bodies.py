"""What comes in and what goes out, as msgspec structs: validation by hand is declared here."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

Text20 = Annotated[str, Meta(max_length=20)]
Text100 = Annotated[str, Meta(max_length=100)]
Text200 = Annotated[str, Meta(max_length=200)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Days = Annotated[int, Meta(ge=0, le=365)]


class CustomerIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of a new customer."""

    name: Text200
    customer_type: Annotated[str, Meta(pattern="^(company|person)$")] = "company"
    vat_id: Annotated[str, Meta(max_length=20, pattern="^[A-Z]{2}[0-9A-Z]{2,18}$")] | None = None
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    phone: Annotated[str, Meta(max_length=40, pattern="^[+0-9][0-9 ()/-]*$")] | None = None
    birth_date: date | None = None
    street: Text200 | None = None
    postal_code: Text20 | None = None
    city: Text100 | None = None
    country: Country | None = None
    currency: Currency = "EUR"
    payment_days: Days = 30
    credit_limit: Decimal | None = None
    notes: str | None = None


class LineIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A line of a new order."""

    product: UUID
    description: Annotated[str, Meta(max_length=500)] | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    discount: Decimal = Decimal(0)
    tax_rate: Decimal | None = None


class OrderIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of a new order."""

    customer: UUID
    reference: Text100 | None = None
    order_date: date | None = None
    delivery_date: date | None = None
    currency: Currency | None = None
    payment_days: Days | None = None
    invoicing: Annotated[str, Meta(pattern="^(order|delivery|either)$")] = "either"
    lines: list[LineIn] = []
    notes: str | None = None


class OrderPatch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A merge patch of an order's own fields."""

    reference: Text100 | UnsetType | None = UNSET
    delivery_date: date | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET
    payment_days: Days | UnsetType | None = UNSET
    invoicing: Annotated[str, Meta(pattern="^(order|delivery|either)$")] | UnsetType = UNSET


class Stamped(msgspec.Struct):
    """What every record has."""

    id: UUID
    owner: UUID
    created_at: datetime
    created_by: UUID
    updated_at: datetime
    updated_by: UUID


class Product(Stamped):
    """A product."""

    sku: str
    name: str
    description: str | None
    category: str
    unit: str
    currency: str
    price: Decimal
    cost: Decimal | None
    tax_rate: Decimal
    weight: Decimal | None
    active: bool


class Customer(Stamped):
    """A customer without tables, as another record shows it."""

    number: str | None
    status: str
    name: str
    customer_type: str
    vat_id: str | None
    email: str | None
    phone: str | None
    birth_date: date | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    currency: str
    payment_days: int
    credit_limit: Decimal | None
    notes: str | None


class NewCustomer(Customer):
    """A customer who was just made; nothing is in the tables yet."""

    contacts: list[str] = []
    addresses: list[str] = []


class Line(msgspec.Struct):
    """A line of an order."""

    id: UUID
    product: UUID
    description: str | None
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    tax_rate: Decimal
    net_amount: Decimal | None


class Order(Stamped):
    """An order as lists show it."""

    number: str | None
    status: str
    customer: UUID | Customer
    offer: UUID | None
    reference: str | None
    order_date: date
    delivery_date: date | None
    currency: str
    payment_days: int | None
    invoicing: str
    ship_to: str | None
    ship_street: str | None
    ship_postal_code: str | None
    ship_city: str | None
    ship_country: str | None
    net_total: Decimal | None
    tax_total: Decimal | None
    gross_total: Decimal | None
    notes: str | None


class WholeOrder(Order):
    """An order with its lines."""

    lines: list[Line] = []


class Page(msgspec.Struct):
    """A page of a list."""

    data: list[Order]
    next: str | None
