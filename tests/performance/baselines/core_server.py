"""The same by hand without the ORM: Litestar and SQLAlchemy Core, statements built once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar.exceptions import ClientException, NotFoundException, ValidationException
from sqlalchemy import ColumnElement, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tests.performance.baselines import bodies, tables
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

_order, _line, _customer, _product = (
    tables.order.c,
    tables.order_line.c,
    tables.customer.c,
    tables.product.c,
)
_orders = [_order[name] for name in bodies.Order.__struct_fields__]
_customers = [_customer[name] for name in bodies.Customer.__struct_fields__]
_PRODUCT = select(*(_product[name] for name in bodies.Product.__struct_fields__)).where(
    _product.tenant_id == TENANT, _product.id == bindparam("id")
)
_FACTS = select(*(_product[name] for name in ProductFacts.__struct_fields__)).where(
    _product.tenant_id == TENANT, _product.id.in_(bindparam("ids", expanding=True))
)
_CUSTOMER = select(*_customers).where(
    _customer.tenant_id == TENANT, _customer.id == bindparam("id")
)
_ORDER = select(*_orders, _order.version).where(
    _order.tenant_id == TENANT, _order.id == bindparam("id")
)
_ORDER_CUSTOMER = (
    select(*_orders, _order.version, *_customers)
    .join_from(tables.order, tables.customer)
    .where(_order.tenant_id == TENANT, _order.id == bindparam("id"))
)
_LINES = (
    select(*(_line[name] for name in bodies.Line.__struct_fields__))
    .where(_line.tenant_id == TENANT, _line.parent_id == bindparam("id"))
    .order_by(_line.position)
)
_INSERT_CUSTOMER, _INSERT_ORDER = insert(tables.customer), insert(tables.order)
_INSERT_LINE = insert(tables.order_line)
_INSERT_HISTORY, _INSERT_EVENT = insert(tables.history), insert(tables.event).inline()
_UPDATE = update(tables.order).where(
    _order.tenant_id == TENANT,
    _order.id == bindparam("key"),
    _order.version == bindparam("was"),
)
Found = Sequence[Any]  # a row: each value is of whatever type its column has
_AT = len(_orders) + 1  # where the customer's columns begin


class CoreStore:
    """A connection and a transaction for each request."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def product(self, id: UUID) -> bodies.Product:
        """One product."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_PRODUCT, {"id": id})).one_or_none()
        if row is None:
            raise NotFoundException
        return bodies.Product(*row)

    async def orders(self, wanted: Filter) -> list[bodies.Order]:
        """A page of orders."""
        conditions: list[ColumnElement[bool]] = [_order.tenant_id == TENANT]
        if wanted.status is not None:
            conditions.append(_order.status == wanted.status)
        if wanted.delivery_from is not None:
            conditions.append(_order.delivery_date >= wanted.delivery_from)
        query = select(*_orders).where(*conditions).order_by(_order[wanted.sort], _order.id)
        async with self._engine.connect() as connection:
            rows = await connection.execute(query.limit(wanted.limit + 1))
            return [bodies.Order(*row) for row in rows]

    async def order(self, id: UUID, *, customer: bool) -> bodies.WholeOrder:
        """One order with its lines."""
        async with self._engine.connect() as connection:
            row, lines = await _load(connection, id, customer=customer)
        whole = _whole(row, lines)
        if customer:
            whole.customer = bodies.Customer(*row[_AT:])
        return whole

    async def create_customer(self, data: bodies.CustomerIn, user: UUID) -> bodies.NewCustomer:
        """A new customer."""
        now = datetime.now(UTC)
        async with self._engine.begin() as connection:
            number = await _draw(connection, "baseline customer", "")
            values = new_customer(data, now, user, number)
            await connection.execute(_INSERT_CUSTOMER, values)
            record = bodies.NewCustomer(
                *(values[name] for name in bodies.Customer.__struct_fields__)
            )
            await _note(connection, customer_created(record, user, now))
        return record

    async def create_order(self, data: bodies.OrderIn, user: UUID) -> bodies.WholeOrder:
        """A new order."""
        now = datetime.now(UTC)
        day = data.order_date or now.date()
        check_dates(day, data.delivery_date)
        async with self._engine.begin() as connection:
            found = (await connection.execute(_CUSTOMER, {"id": data.customer})).one_or_none()
            if found is None:
                raise ValidationException("There is no such customer.")
            customer = bodies.Customer(*found)
            currency = data.currency or customer.currency
            ids = list({line.product for line in data.lines})
            facts = [ProductFacts(*row) for row in await connection.execute(_FACTS, {"ids": ids})]
            lines = price_lines(data.lines, {one.id: one for one in facts}, currency)
            values = new_order(
                data,
                customer,
                lines,
                day=day,
                currency=currency,
                now=now,
                user=user,
                number=await _draw(connection, "baseline order", str(day.year)),
            )
            await connection.execute(_INSERT_ORDER, values)
            rows = new_lines(values["id"], lines)
            if rows:
                await connection.execute(_INSERT_LINE, rows)
            record = _whole(
                [values[name] for name in bodies.Order.__struct_fields__],
                [[row[name] for name in bodies.Line.__struct_fields__] for row in rows],
            )
            await _note(connection, order_created(record, user, now))
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
        now, confirmed = datetime.now(UTC), patch is None
        async with self._engine.begin() as connection:
            row, lines = await _load(connection, id, customer=confirmed)
            record = _whole(row, lines)
            before = image(record)
            if patch is None:
                buyer = bodies.Customer(*row[_AT:])
                limit, gross = buyer.credit_limit, record.gross_total
                check_confirm(record.status, len(lines), buyer.status, limit, gross)
                values: dict[str, Any] = {"status": "confirmed"}
            else:
                values = patched(patch, record.status)
            values |= {"updated_at": now, "updated_by": user}
            for name, value in values.items():
                setattr(record, name, value)
            check_dates(record.order_date, record.delivery_date)
            was: int = row[_AT - 1]
            changed = await connection.execute(
                _UPDATE, values | {"version": was + 1, "key": id, "was": was}
            )
            if changed.rowcount != 1:
                raise ClientException("Somebody was faster.", status_code=409)
            await _note(
                connection, order_changed(record, before, was + 1, user, now, confirmed=confirmed)
            )
        return record


async def _load(
    connection: AsyncConnection, id: UUID, *, customer: bool
) -> tuple[Found, Sequence[Found]]:
    query = _ORDER_CUSTOMER if customer else _ORDER
    row = (await connection.execute(query, {"id": id})).one_or_none()
    if row is None:
        raise NotFoundException
    return row, (await connection.execute(_LINES, {"id": id})).all()


def _whole(row: Found, lines: Sequence[Found]) -> bodies.WholeOrder:
    whole = bodies.WholeOrder(*row[: _AT - 1])
    whole.lines = [bodies.Line(*line) for line in lines]
    return whole


async def _draw(connection: AsyncConnection, name: str, year: str) -> int:
    number: int = (await connection.execute(DRAW, {"of": name, "year": year})).scalar_one()
    return number


async def _note(connection: AsyncConnection, change: Change) -> None:
    await connection.execute(_INSERT_HISTORY, history_row(change))
    await connection.execute(_INSERT_EVENT, event_row(change))


app = make_app(CoreStore)
