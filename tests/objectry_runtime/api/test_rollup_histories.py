"""Random histories of writes: a live rollup, the stored one and a recomputation in Python agree."""

import random
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import anyio
import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.store.database import Database

from .conftest import Desk, get, make
from .test_rollups import PAIRS, SHOP

pytestmark = pytest.mark.anyio

CUSTOMERS, STEPS, AT_ONCE = 4, 12, 3
Record = Mapping[str, Any]


@pytest.fixture
def published(database: Database) -> Database:
    loaded = load_documents({"shop.yaml": SHOP})
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


class History:
    """Writes drawn by chance, several of them at a time."""

    def __init__(self, desk: Desk, seed: int, customers: Sequence[str]) -> None:
        self.desk = desk
        self.chance = random.Random(seed)
        self.customers = customers
        self.orders: list[str] = []

    async def step(self) -> None:
        """One write; what others were faster with is refused, and that is fine."""
        write = self.chance.choice([self.add, self.add, self.change, self.cancel, self.remove])
        await write()

    def anybody(self) -> str | None:
        return self.chance.choice([*self.customers, None])

    def lines(self) -> list[dict[str, object]]:
        return [
            {
                "payer": self.anybody(),
                "quantity": self.chance.choice([None, f"{self.chance.randint(-500, 999)}e-2"]),
                "price": f"{self.chance.randint(0, 9999)}e-2",
            }
            for _ in range(self.chance.randint(0, 4))
        ]

    async def add(self) -> None:
        bodies = [
            {"customer": self.anybody(), "day": self.day(), "lines": plain(self.lines())}
            for _ in range(self.chance.choice([1, 1, 3]))
        ]
        answer = await self.desk.admin.post("/api/v1/orders", json=bodies)
        assert answer.status_code == 201, answer.text
        self.orders += [order["id"] for order in answer.json()["data"]]

    async def change(self) -> None:
        if not self.orders:
            return
        changes = {"customer": self.anybody(), "day": self.day(), "lines": plain(self.lines())}
        names = self.chance.sample(sorted(changes), k=self.chance.randint(1, 3))
        path = f"/api/v1/orders/{self.chance.choice(self.orders)}"
        answer = await self.desk.admin.patch(path, json={name: changes[name] for name in names})
        assert answer.status_code in (200, 404), answer.text

    async def cancel(self) -> None:
        if self.orders:
            path = f"/api/v1/orders/{self.chance.choice(self.orders)}/actions/cancel"
            assert (await self.desk.admin.post(path)).status_code in (200, 404, 409, 422)

    async def remove(self) -> None:
        if self.orders:
            id = self.chance.choice(self.orders)
            answer = await self.desk.admin.delete(f"/api/v1/orders/{id}")
            assert answer.status_code in (204, 404), answer.text

    def day(self) -> str | None:
        return self.chance.choice([None, f"2026-{self.chance.randint(1, 12):02}-01"])


def plain(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    """Numbers as bodies write them."""
    return [
        {
            name: format(Decimal(value), "f") if isinstance(value, str) and "e" in value else value
            for name, value in line.items()
            if name != "payer"
        }
        | {"payer": line["payer"]}
        for line in lines
    ]


def recomputed(customer: str, orders: Sequence[Record]) -> dict[str, object]:
    """What the rollups of a customer must be."""
    own = [order for order in orders if order["customer"] == customer]
    lines = [
        (order, Decimal(line["quantity"]))
        for order in orders
        for line in order["lines"]
        if line["payer"] == customer and line["quantity"] is not None
    ]
    live = [Decimal(order["total"]) for order in own if order["status"] != "cancelled"]
    pieces = [quantity for order, quantity in lines if order["status"] != "cancelled"]
    cent = Decimal("0.01")
    average = sum((quantity for _, quantity in lines), Decimal(0)) / len(lines) if lines else None
    return {
        "turnover": str(sum(live, Decimal(0)).quantize(cent)),
        "orders": len(own),
        "pieces": str(sum(pieces, Decimal(0)).quantize(cent)),
        "latest": max((order["day"] for order in own if order["day"]), default=None),
        "average": None if average is None else str(average.quantize(cent, ROUND_HALF_UP)),
    }


@pytest.mark.parametrize("seed", range(4))
async def test_rollups_are_what_the_history_gives(desk: Desk, seed: int) -> None:
    customers = [
        (await make(desk.admin, "customers", name=f"C{n}", city="Ulm"))["id"]
        for n in range(CUSTOMERS)
    ]
    history = History(desk, seed, customers)
    for _ in range(STEPS):
        async with anyio.create_task_group() as together:
            for _ in range(AT_ONCE):
                together.start_soon(history.step)
    listed = await get(desk.admin, "orders", expand="lines", limit="500")
    assert listed["next"] is None
    assert listed["data"]
    for id in customers:
        record = await get(desk.admin, f"customers/{id}")
        wanted = recomputed(id, listed["data"])
        assert {name: record[name] for name in PAIRS} == wanted
        assert {name: record[f"{name}_kept"] for name in PAIRS} == wanted
