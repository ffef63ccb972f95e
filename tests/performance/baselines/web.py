"""The HTTP side of both hand-written servers: Litestar, handlers, who is asking."""

import base64
import os
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Protocol
from uuid import UUID

import msgspec
import psycopg
from litestar import Litestar, Request, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import ValidationException
from litestar.params import Parameter
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tests.performance.baselines.bodies import (
    CustomerIn,
    NewCustomer,
    Order,
    OrderIn,
    OrderPatch,
    Page,
    Product,
    WholeOrder,
)
from tests.performance.baselines.keys import Keys

SORTS = frozenset({"number", "order_date", "delivery_date", "gross_total"})


class Filter(msgspec.Struct, kw_only=True):
    """What a list was asked for."""

    status: str | None
    delivery_from: date | None
    sort: str
    limit: int


class Store(Protocol):
    """What the two servers do differently."""

    async def product(self, id: UUID) -> Product:
        """One product; NotFoundException."""
        ...

    async def orders(self, wanted: Filter) -> list[Order]:
        """One order more than the limit, if there are as many."""
        ...

    async def order(self, id: UUID, *, customer: bool) -> WholeOrder:
        """One order with its lines, on demand with its customer; NotFoundException."""
        ...

    async def create_customer(self, data: CustomerIn, user: UUID) -> NewCustomer:
        """A new customer with number, history and event."""
        ...

    async def create_order(self, data: OrderIn, user: UUID) -> WholeOrder:
        """A new order with number, lines, totals, history and event."""
        ...

    async def patch_order(self, id: UUID, data: OrderPatch, user: UUID) -> WholeOrder:
        """The order with a new version, its history and event."""
        ...

    async def confirm_order(self, id: UUID, user: UUID) -> WholeOrder:
        """The order in its new state, with history and event."""
        ...


def make_engine() -> AsyncEngine:
    """The engine of a server: `DSN` and `CONNECTIONS` come from the environment."""

    async def connect() -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(os.environ["DSN"])

    return create_async_engine(
        "postgresql+psycopg://",
        async_creator=connect,
        pool_size=int(os.environ["CONNECTIONS"]),
        max_overflow=0,
        json_serializer=_dumps,
        json_deserializer=msgspec.json.decode,
    )


def make_app(make_store: Callable[[AsyncEngine], Store]) -> Litestar:
    """The application over a store."""
    engine = make_engine()
    store, keys = make_store(engine), Keys(engine)
    user = NamedDependency[UUID]

    async def find_user(request: Request[Any, Any, Any]) -> UUID:
        return await keys.user(request.headers.get("authorization", ""))

    @get("/products/{id:uuid}")
    async def get_product(id: UUID, user: user) -> Product:
        return await store.product(id)

    @get("/orders")
    async def list_orders(
        user: user,
        status: str | None = None,
        delivery_date__gte: date | None = None,
        sort: str = "number",
        limit: Annotated[int, Parameter(ge=1, le=500)] = 50,
    ) -> Page:
        if sort not in SORTS:
            raise ValidationException("Not to be sorted by.")
        wanted = Filter(status=status, delivery_from=delivery_date__gte, sort=sort, limit=limit)
        found = await store.orders(wanted)
        cursor: str | None = None
        if len(found) > limit:
            found.pop()
            last = [getattr(found[-1], sort), found[-1].id]
            cursor = base64.urlsafe_b64encode(msgspec.json.encode(last)).decode()
        return Page(data=found, next=cursor)

    @get("/orders/{id:uuid}")
    async def get_order(id: UUID, user: user, expand: str = "") -> WholeOrder:
        expands = set(expand.split(",")) if expand else set[str]()
        if not expands <= {"customer", "lines"}:
            raise ValidationException("Not to be expanded.")
        return await store.order(id, customer="customer" in expands)

    @post("/customers")
    async def create_customer(data: CustomerIn, user: user) -> NewCustomer:
        return await store.create_customer(data, user)

    @post("/orders")
    async def create_order(data: OrderIn, user: user) -> WholeOrder:
        return await store.create_order(data, user)

    @patch("/orders/{id:uuid}")
    async def patch_order(id: UUID, data: OrderPatch, user: user) -> WholeOrder:
        return await store.patch_order(id, data, user)

    @post("/orders/{id:uuid}/actions/confirm", status_code=200)
    async def confirm_order(id: UUID, user: user) -> WholeOrder:
        return await store.confirm_order(id, user)

    return Litestar(
        [
            *(get_product, list_orders, get_order),
            *(create_customer, create_order, patch_order, confirm_order),
        ],
        path="/api/v1",
        dependencies={"user": Provide(find_user)},
        openapi_config=None,
        logging_config=None,
        on_shutdown=[engine.dispose],
    )


def _dumps(value: object) -> str:
    return msgspec.json.encode(value).decode()
