"""The platform's tables as SQLAlchemy knows them: what both hand-written servers work on."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

TENANT = 1
metadata = MetaData()


def _keys() -> list[Column[object]]:
    return [
        Column("tenant_id", Integer, primary_key=True, default=TENANT),
        Column("id", Uuid, primary_key=True),
    ]


def _stamps() -> list[Column[object]]:
    return [
        Column("version", Integer, nullable=False),
        Column("owner", Uuid, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("created_by", Uuid, nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("updated_by", Uuid, nullable=False),
    ]


def _texts(*names: str) -> list[Column[str | None]]:
    return [Column(name, Text) for name in names]


customer = Table(
    "customer",
    metadata,
    *_keys(),
    *_stamps(),
    *_texts("number", "status", "name", "customer_type", "vat_id", "email", "phone"),
    Column("birth_date", Date),
    *_texts("street", "postal_code", "city", "country", "currency"),
    Column("payment_days", BigInteger),
    Column("credit_limit", Numeric),
    *_texts("notes"),
    schema="customers",
)
product = Table(
    "product",
    metadata,
    *_keys(),
    *_stamps(),
    *_texts("sku", "name", "description", "category", "unit", "currency"),
    Column("price", Numeric),
    Column("cost", Numeric),
    Column("tax_rate", Numeric),
    Column("weight", Numeric),
    Column("active", Boolean),
    schema="offers",
)
order = Table(
    "order",
    metadata,
    *_keys(),
    *_stamps(),
    *_texts("number", "status"),
    Column("customer", Uuid, nullable=False),
    Column("offer", Uuid),
    *_texts("reference"),
    Column("order_date", Date, nullable=False),
    Column("delivery_date", Date),
    *_texts("currency"),
    Column("payment_days", BigInteger),
    *_texts("invoicing", "ship_to", "ship_street", "ship_postal_code", "ship_city", "ship_country"),
    Column("net_total", Numeric),
    Column("tax_total", Numeric),
    Column("gross_total", Numeric),
    *_texts("notes"),
    ForeignKeyConstraint(
        ["tenant_id", "customer"], ["customers.customer.tenant_id", "customers.customer.id"]
    ),
    schema="orders",
)
order_line = Table(
    "order_line",
    metadata,
    *_keys(),
    Column("parent_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Column("product", Uuid, nullable=False),
    Column("description", Text),
    Column("quantity", Numeric),
    Column("unit_price", Numeric),
    Column("discount", Numeric),
    Column("tax_rate", Numeric),
    Column("net_amount", Numeric),
    ForeignKeyConstraint(["tenant_id", "parent_id"], ["orders.order.tenant_id", "orders.order.id"]),
    schema="orders",
)
history = Table(
    "history",
    metadata,
    Column("tenant_id", Integer, primary_key=True, default=TENANT),
    Column("object", Text, primary_key=True),
    Column("record_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    *_texts("op", "action"),
    Column("at", DateTime(timezone=True)),
    Column("actor", Uuid),
    *_texts("release", "correlation"),
    Column("record", JSONB),
    Column("changes", JSONB),
    schema="objectry",
)
event = Table(
    "event",
    metadata,
    Column("tenant_id", Integer, default=TENANT),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("uid", Uuid),
    *_texts("type", "service", "object"),
    Column("record_id", Uuid),
    Column("version", Integer),
    schema="objectry",
)
series = Table(
    "series",
    metadata,
    Column("tenant_id", Integer, primary_key=True),
    Column("series", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", BigInteger),
    schema="objectry",
)
api_key = Table(
    "api_key",
    metadata,
    Column("tenant_id", Integer, primary_key=True),
    Column("prefix", Text, primary_key=True),
    Column("hash", LargeBinary),
    Column("principal", Uuid),
    Column("roles", ARRAY(Text)),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    schema="objectry",
)
