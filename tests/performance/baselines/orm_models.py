"""The ORM's classes over the tables, with the relationships that answers show."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, relationship, remote

from tests.performance.baselines import tables


class Base(DeclarativeBase):
    """Declarative base."""

    metadata = tables.metadata


class Customer(Base):
    """customers.customer."""

    __table__ = tables.customer
    tenant_id: Mapped[int]
    id: Mapped[UUID]
    status: Mapped[str]
    name: Mapped[str]
    street: Mapped[str | None]
    postal_code: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None]
    currency: Mapped[str]
    payment_days: Mapped[int]
    credit_limit: Mapped[Decimal | None]


class Product(Base):
    """offers.product."""

    __table__ = tables.product
    tenant_id: Mapped[int]
    id: Mapped[UUID]
    name: Mapped[str]
    currency: Mapped[str]
    price: Mapped[Decimal]
    tax_rate: Mapped[Decimal]


class Line(Base):
    """orders.order_line."""

    __table__ = tables.order_line
    tenant_id: Mapped[int]
    id: Mapped[UUID]


class Order(Base):
    """orders.order, with its customer and its lines."""

    __table__ = tables.order
    __mapper_args__ = {"version_id_col": tables.order.c.version}
    tenant_id: Mapped[int]
    id: Mapped[UUID]
    version: Mapped[int]
    status: Mapped[str]
    order_date: Mapped[date]
    delivery_date: Mapped[date | None]
    gross_total: Mapped[Decimal | None]
    updated_at: Mapped[datetime]
    updated_by: Mapped[UUID]
    customer_record: Mapped[Customer] = relationship(
        primaryjoin=lambda: and_(
            foreign(tables.order.c.customer) == remote(tables.customer.c.id),
            tables.order.c.tenant_id == remote(tables.customer.c.tenant_id),
        ),
        viewonly=True,
    )
    lines: Mapped[list[Line]] = relationship(
        primaryjoin=lambda: and_(
            tables.order.c.id == remote(foreign(tables.order_line.c.parent_id)),
            tables.order.c.tenant_id == remote(foreign(tables.order_line.c.tenant_id)),
        ),
        order_by=lambda: tables.order_line.c.position,
        viewonly=True,
    )


class History(Base):
    """objectry.history: one row per version of a record."""

    __table__ = tables.history


class Event(Base):
    """objectry.event: the outbox."""

    __table__ = tables.event
