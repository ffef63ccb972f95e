"""What a competent engineer writes by hand: Litestar and the SQLAlchemy ORM on the same tables."""

from datetime import UTC, datetime
from operator import attrgetter
from uuid import UUID

import msgspec
from litestar.exceptions import ClientException, NotFoundException, ValidationException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.exc import StaleDataError
from uuid_utils.compat import uuid7

from tests.performance.baselines import bodies
from tests.performance.baselines import orm_models as models
from tests.performance.baselines.images import Change, event_row, history_row
from tests.performance.baselines.numbers import DRAW
from tests.performance.baselines.rules import (
    ProductFacts,
    check_confirm,
    check_dates,
    money,
    patched,
    price_lines,
    totals,
)
from tests.performance.baselines.tables import TENANT
from tests.performance.baselines.web import Filter, make_app

_product = attrgetter(*bodies.Product.__struct_fields__)
_customer = attrgetter(*bodies.Customer.__struct_fields__)
_line = attrgetter(*bodies.Line.__struct_fields__)
_order = attrgetter(*bodies.Order.__struct_fields__)


class OrmStore:
    """A session and a transaction for each request."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def product(self, id: UUID) -> bodies.Product:
        """One product."""
        async with self._sessions() as session:
            row = await session.get(models.Product, (TENANT, id))
            if row is None:
                raise NotFoundException
            return bodies.Product(*_product(row))

    async def orders(self, wanted: Filter) -> list[bodies.Order]:
        """A page of orders."""
        key = getattr(models.Order, wanted.sort)
        query = select(models.Order).where(models.Order.tenant_id == TENANT)
        if wanted.status is not None:
            query = query.where(models.Order.status == wanted.status)
        if wanted.delivery_from is not None:
            query = query.where(models.Order.delivery_date >= wanted.delivery_from)
        query = query.order_by(key, models.Order.id).limit(wanted.limit + 1)
        async with self._sessions() as session:
            return [bodies.Order(*_order(row)) for row in await session.scalars(query)]

    async def order(self, id: UUID, *, customer: bool) -> bodies.WholeOrder:
        """One order with its lines."""
        loads = [selectinload(models.Order.lines)]
        if customer:
            loads.append(joinedload(models.Order.customer_record))
        async with self._sessions() as session:
            row = await session.get(models.Order, (TENANT, id), options=loads)
            if row is None:
                raise NotFoundException
            whole = _whole(row)
            if customer:
                whole.customer = bodies.Customer(*_customer(row.customer_record))
            return whole

    async def create_customer(self, data: bodies.CustomerIn, user: UUID) -> bodies.NewCustomer:
        """A new customer."""
        now = datetime.now(UTC)
        values = msgspec.structs.asdict(data)
        if data.credit_limit is not None:
            values["credit_limit"] = money(data.credit_limit, "credit_limit")
        async with self._sessions.begin() as session:
            number = await session.scalar(DRAW, {"of": "baseline customer", "year": ""})
            row = models.Customer(
                **values, **_stamps(now, user), number=f"BC-{number:05}", status="active"
            )
            session.add(row)
            record = bodies.NewCustomer(*_customer(row))
            _note(
                session,
                Change(
                    object="customer",
                    service="customers",
                    version=1,
                    op="create",
                    user=user,
                    at=now,
                    event="CustomerCreated",
                    record=record,
                ),
            )
        return record

    async def create_order(self, data: bodies.OrderIn, user: UUID) -> bodies.WholeOrder:
        """A new order."""
        now = datetime.now(UTC)
        order_date = data.order_date or now.date()
        check_dates(order_date, data.delivery_date)
        async with self._sessions.begin() as session:
            customer = await session.get(models.Customer, (TENANT, data.customer))
            if customer is None:
                raise ValidationException("There is no such customer.")
            currency = data.currency or customer.currency
            ids = {line.product for line in data.lines}
            query = select(models.Product).where(
                models.Product.tenant_id == TENANT, models.Product.id.in_(ids)
            )
            products = {
                one.id: ProductFacts(one.id, one.name, one.currency, one.price, one.tax_rate)
                for one in await session.scalars(query)
            }
            priced = price_lines(data.lines, products, currency)
            net, tax, gross = totals(priced)
            year = order_date.year
            number = await session.scalar(DRAW, {"of": "baseline order", "year": str(year)})
            row = models.Order(
                **_stamps(now, user),
                number=f"BO-{year}-{number:05}",
                status="draft",
                customer=customer.id,
                reference=data.reference,
                order_date=order_date,
                delivery_date=data.delivery_date,
                currency=currency,
                payment_days=customer.payment_days
                if data.payment_days is None
                else data.payment_days,
                invoicing=data.invoicing,
                ship_to=customer.name,
                ship_street=customer.street,
                ship_postal_code=customer.postal_code,
                ship_city=customer.city,
                ship_country=customer.country,
                net_total=net,
                tax_total=tax,
                gross_total=gross,
                notes=data.notes,
            )
            session.add(row)
            lines = [
                models.Line(
                    tenant_id=TENANT,
                    id=uuid7(),
                    parent_id=row.id,
                    position=position,
                    **msgspec.structs.asdict(line),
                )
                for position, line in enumerate(priced, 1)
            ]
            await session.flush()
            session.add_all(lines)
            record = bodies.WholeOrder(
                *_order(row), lines=[bodies.Line(*_line(line)) for line in lines]
            )
            _note(
                session,
                Change(
                    object="order",
                    service="orders",
                    version=1,
                    op="create",
                    user=user,
                    at=now,
                    event="OrderCreated",
                    record=record,
                ),
            )
        return record

    async def patch_order(self, id: UUID, data: bodies.OrderPatch, user: UUID) -> bodies.WholeOrder:
        """A changed order."""
        return await self._change(id, user, data)

    async def confirm_order(self, id: UUID, user: UUID) -> bodies.WholeOrder:
        """A confirmed order."""
        return await self._change(id, user, None)

    async def _change(
        self, id: UUID, user: UUID, patch: bodies.OrderPatch | None
    ) -> bodies.WholeOrder:
        """A new version of an order: patched, or without a patch confirmed."""
        loads = [selectinload(models.Order.lines)]
        if patch is None:
            loads.append(joinedload(models.Order.customer_record))
        now = datetime.now(UTC)
        try:
            async with self._sessions.begin() as session:
                row = await session.get(models.Order, (TENANT, id), options=loads)
                if row is None:
                    raise NotFoundException
                before = msgspec.to_builtins(_whole(row))
                if patch is None:
                    customer = row.customer_record
                    check_confirm(
                        row.status,
                        len(row.lines),
                        customer.status,
                        customer.credit_limit,
                        row.gross_total,
                    )
                    row.status = "confirmed"
                else:
                    for name, value in patched(patch, row.status).items():
                        setattr(row, name, value)
                    check_dates(row.order_date, row.delivery_date)
                row.updated_at, row.updated_by = now, user
                record = _whole(row)
                _note(
                    session,
                    Change(
                        object="order",
                        service="orders",
                        version=row.version + 1,
                        op="update",
                        user=user,
                        at=now,
                        event="OrderUpdated" if patch else "OrderConfirmed",
                        record=record,
                        before=before,
                        action=None if patch else "confirm",
                    ),
                )
        except StaleDataError as error:
            raise ClientException("Somebody was faster.", status_code=409) from error
        return record


def _whole(row: models.Order) -> bodies.WholeOrder:
    return bodies.WholeOrder(*_order(row), lines=[bodies.Line(*_line(line)) for line in row.lines])


def _stamps(now: datetime, user: UUID) -> dict[str, object]:
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


def _note(session: AsyncSession, change: Change) -> None:
    session.add(models.History(**history_row(change)))
    session.add(models.Event(**event_row(change)))


app = make_app(OrmStore)
