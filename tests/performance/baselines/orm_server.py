"""What a competent engineer writes by hand: Litestar and the SQLAlchemy ORM on the same tables."""

from datetime import UTC, datetime
from operator import attrgetter
from uuid import UUID

from litestar.exceptions import ClientException, NotFoundException, ValidationException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.exc import StaleDataError

from tests.performance.baselines import bodies
from tests.performance.baselines import orm_models as models
from tests.performance.baselines.images import (
    Change,
    customer_created,
    event_row,
    history_row,
    image,
    order_changed,
    order_created,
)
from tests.performance.baselines.numbers import DRAW
from tests.performance.baselines.records import new_customer, new_lines, new_order
from tests.performance.baselines.rules import (
    ProductFacts,
    check_confirm,
    check_dates,
    patched,
    price_lines,
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
        query = select(models.Order).where(models.Order.tenant_id == TENANT)
        if wanted.status is not None:
            query = query.where(models.Order.status == wanted.status)
        if wanted.delivery_from is not None:
            query = query.where(models.Order.delivery_date >= wanted.delivery_from)
        key = getattr(models.Order, wanted.sort)
        query = query.order_by(key, models.Order.id).limit(wanted.limit + 1)
        async with self._sessions() as session:
            return [bodies.Order(*_order(row)) for row in await session.scalars(query)]

    async def order(self, id: UUID, *, customer: bool) -> bodies.WholeOrder:
        """One order with its lines."""
        async with self._sessions() as session:
            row = await _load(session, id, customer=customer)
            whole = _whole(row, row.lines)
            if customer:
                whole.customer = bodies.Customer(*_customer(row.customer_record))
            return whole

    async def create_customer(self, data: bodies.CustomerIn, user: UUID) -> bodies.NewCustomer:
        """A new customer."""
        now = datetime.now(UTC)
        async with self._sessions.begin() as session:
            number = await session.scalar(DRAW, {"of": "baseline customer", "year": ""})
            assert number is not None
            row = models.Customer(**new_customer(data, now, user, number))
            session.add(row)
            record = bodies.NewCustomer(*_customer(row))
            _note(session, customer_created(record, user, now))
        return record

    async def create_order(self, data: bodies.OrderIn, user: UUID) -> bodies.WholeOrder:
        """A new order."""
        now = datetime.now(UTC)
        day = data.order_date or now.date()
        check_dates(day, data.delivery_date)
        async with self._sessions.begin() as session:
            customer = await session.get(models.Customer, (TENANT, data.customer))
            if customer is None:
                raise ValidationException("There is no such customer.")
            currency = data.currency or customer.currency
            lines = price_lines(data.lines, await _products(session, data), currency)
            number = await session.scalar(DRAW, {"of": "baseline order", "year": str(day.year)})
            assert number is not None
            row = models.Order(
                **new_order(
                    data,
                    customer,
                    lines,
                    day=day,
                    currency=currency,
                    now=now,
                    user=user,
                    number=number,
                )
            )
            rows = [models.Line(**values) for values in new_lines(row.id, lines)]
            session.add(row)
            await session.flush()  # lines refer to it, and no relationship says so
            session.add_all(rows)
            record = _whole(row, rows)
            _note(session, order_created(record, user, now))
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
        now = datetime.now(UTC)
        try:
            async with self._sessions.begin() as session:
                row = await _load(session, id, customer=patch is None)
                before = image(_whole(row, row.lines))
                if patch is None:
                    buyer, gross = row.customer_record, row.gross_total
                    check_confirm(
                        row.status, len(row.lines), buyer.status, buyer.credit_limit, gross
                    )
                    row.status = "confirmed"
                else:
                    for name, value in patched(patch, row.status).items():
                        setattr(row, name, value)
                    check_dates(row.order_date, row.delivery_date)
                row.updated_at, row.updated_by = now, user
                record, version = _whole(row, row.lines), row.version + 1
                confirmed = patch is None
                _note(
                    session, order_changed(record, before, version, user, now, confirmed=confirmed)
                )
        except StaleDataError as error:
            raise ClientException("Somebody was faster.", status_code=409) from error
        return record


async def _load(session: AsyncSession, id: UUID, *, customer: bool) -> models.Order:
    loads = [selectinload(models.Order.lines)]
    if customer:
        loads.append(joinedload(models.Order.customer_record))
    row = await session.get(models.Order, (TENANT, id), options=loads)
    if row is None:
        raise NotFoundException
    return row


async def _products(session: AsyncSession, data: bodies.OrderIn) -> dict[UUID, ProductFacts]:
    query = select(models.Product).where(
        models.Product.tenant_id == TENANT,
        models.Product.id.in_({line.product for line in data.lines}),
    )
    return {
        one.id: ProductFacts(one.id, one.name, one.currency, one.price, one.tax_rate)
        for one in await session.scalars(query)
    }


def _whole(row: models.Order, lines: list[models.Line]) -> bodies.WholeOrder:
    whole = bodies.WholeOrder(*_order(row))
    whole.lines = [bodies.Line(*_line(line)) for line in lines]
    return whole


def _note(session: AsyncSession, change: Change) -> None:
    session.add(models.History(**history_row(change)))
    session.add(models.Event(**event_row(change)))


app = make_app(OrmStore)
