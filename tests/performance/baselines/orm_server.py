"""What a competent engineer writes by hand: Litestar and the SQLAlchemy ORM on the same tables.

It does the same work as we do for a customer: authentication, validation, one history row and one
event row beside the record, in one transaction. `DSN` and `KEY_HASH` come from the environment.
"""

import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import psycopg
from litestar import Litestar, Request, get, post
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.handlers import BaseRouteHandler
from sqlalchemy import ForeignKeyConstraint, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

KEY_HASH = bytes.fromhex(os.environ.get("KEY_HASH", ""))
ACTOR = uuid.UUID(int=1)
TENANT = 1


class Base(DeclarativeBase):
    """Declarative base."""

    type_annotation_map = {dict[str, Any]: JSONB}


class Customer(Base):
    """customers.customer, as the platform made it."""

    __tablename__ = "customer"
    __table_args__ = {"schema": "customers"}

    tenant_id: Mapped[int] = mapped_column(primary_key=True, default=TENANT)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    owner: Mapped[uuid.UUID]
    created_at: Mapped[datetime]
    created_by: Mapped[uuid.UUID]
    updated_at: Mapped[datetime]
    updated_by: Mapped[uuid.UUID]
    number: Mapped[str | None]
    status: Mapped[str]
    name: Mapped[str]
    customer_type: Mapped[str]
    vat_id: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    birth_date: Mapped[date | None]
    street: Mapped[str | None]
    postal_code: Mapped[str | None]
    city: Mapped[str | None]
    country: Mapped[str | None]
    currency: Mapped[str]
    payment_days: Mapped[int]
    credit_limit: Mapped[Decimal | None]
    notes: Mapped[str | None]


class Series(Base):
    """The counters of document numbers."""

    __tablename__ = "series"
    __table_args__ = {"schema": "objectry"}

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    series: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class History(Base):
    """One row per version of a record."""

    __tablename__ = "history"
    __table_args__ = {"schema": "objectry"}

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    object: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    op: Mapped[str]
    at: Mapped[datetime]
    actor: Mapped[uuid.UUID]
    release: Mapped[str]
    correlation: Mapped[str]
    record: Mapped[dict[str, Any]]
    changes: Mapped[dict[str, Any]]


class Event(Base):
    """The outbox."""

    __tablename__ = "event"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "object", "record_id", "version"],
            [
                "objectry.history.tenant_id",
                "objectry.history.object",
                "objectry.history.record_id",
                "objectry.history.version",
            ],
        ),
        {"schema": "objectry"},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int]
    uid: Mapped[uuid.UUID]
    type: Mapped[str]
    service: Mapped[str]
    object: Mapped[str]
    record_id: Mapped[uuid.UUID]
    version: Mapped[int]


Text = Annotated[str, msgspec.Meta(max_length=200)]


class CustomerIn(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of a create."""

    name: Text
    customer_type: Annotated[str, msgspec.Meta(pattern="^(company|person)$")] = "company"
    vat_id: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    birth_date: date | None = None
    street: Text | None = None
    postal_code: Text | None = None
    city: Text | None = None
    country: Text | None = None
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] = "EUR"
    payment_days: Annotated[int, msgspec.Meta(ge=0, le=365)] = 30
    credit_limit: Decimal | None = None
    notes: str | None = None


class CustomerOut(CustomerIn, kw_only=True):
    """The body of an answer."""

    id: uuid.UUID
    owner: uuid.UUID
    created_at: datetime
    created_by: uuid.UUID
    updated_at: datetime
    updated_by: uuid.UUID
    number: str | None
    status: str


def out(row: Customer) -> CustomerOut:
    """The record as the API shows it."""
    return CustomerOut(**{name: getattr(row, name) for name in CustomerOut.__struct_fields__})


async def connect() -> psycopg.AsyncConnection[Any]:
    """A connection to the database that the benchmark names."""
    return await psycopg.AsyncConnection.connect(os.environ["DSN"])


engine = create_async_engine("postgresql+psycopg://", async_creator=connect, pool_size=16)
sessions = async_sessionmaker(engine, expire_on_commit=False)


async def session() -> AsyncIterator[AsyncSession]:
    """One transaction per request."""
    async with sessions() as current, current.begin():
        yield current


def guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """The API key."""
    key = connection.headers.get("authorization", "").removeprefix("Bearer ")
    if hashlib.sha256(key.encode()).digest() != KEY_HASH:
        raise NotAuthorizedException


@get("/customers/{id:uuid}")
async def get_customer(id: uuid.UUID, db: AsyncSession) -> CustomerOut:
    """One customer."""
    row = await db.get(Customer, (TENANT, id))
    if row is None:
        raise NotFoundException
    return out(row)


@get("/customers")
async def list_customers(
    request: Request[Any, Any, Any], db: AsyncSession
) -> dict[str, list[CustomerOut]]:
    """Fifty customers of a country, newest first."""
    rows = await db.scalars(
        select(Customer)
        .where(Customer.tenant_id == TENANT, Customer.country == request.query_params["country"])
        .order_by(Customer.created_at.desc(), Customer.id.desc())
        .limit(50)
    )
    return {"data": [out(row) for row in rows]}


@post("/customers")
async def create_customer(data: CustomerIn, db: AsyncSession) -> CustomerOut:
    """A new customer with its number, history and event."""
    now = datetime.now(UTC)
    series = await db.get(Series, (TENANT, "baseline", ""), with_for_update=True)
    if series is None:
        series = Series(tenant_id=TENANT, series="baseline", key="", value=0)
        db.add(series)
    series.value += 1
    row = Customer(
        **msgspec.structs.asdict(data),
        id=uuid7(),
        version=1,
        owner=ACTOR,
        created_at=now,
        created_by=ACTOR,
        updated_at=now,
        updated_by=ACTOR,
        number=f"BL-{series.value:05}",
        status="active",
    )
    db.add(row)
    answer = out(row)
    db.add(
        History(
            tenant_id=TENANT,
            object="customer",
            record_id=row.id,
            version=1,
            op="create",
            at=now,
            actor=ACTOR,
            release="baseline",
            correlation=str(uuid.uuid4()),
            record=msgspec.to_builtins(answer),
            changes={},
        )
    )
    await db.flush()
    db.add(
        Event(
            tenant_id=TENANT,
            uid=uuid7(),
            type="CustomerCreated",
            service="customers",
            object="customer",
            record_id=row.id,
            version=1,
        )
    )
    return answer


async def make_series() -> None:
    """The counter that creates draw from."""
    async with sessions() as db, db.begin():
        await db.merge(Series(tenant_id=TENANT, series="baseline", key="", value=0))


app = Litestar(
    [get_customer, list_customers, create_customer],
    guards=[guard],
    dependencies={"db": Provide(session)},
    openapi_config=None,
    on_startup=[make_series],
    logging_config=None,
)
