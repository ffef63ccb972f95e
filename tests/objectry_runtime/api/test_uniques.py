"""Uniques over several fields, links among them: refused as a single unique is."""

from typing import Any

import pytest

from objectry_runtime.store.database import Database

from .conftest import Desk, make, problem, publish

pytestmark = pytest.mark.anyio

SHOP = """\
service: shop
label: Shop
---
role: agent
label: Agent
---
object: customer
service: shop
plural: customers
fields:
  name: {type: text}
permissions: {}
---
object: order
service: shop
plural: orders
uniques: [[customer, reference], [day, amount]]
fields:
  customer: {type: link, to: customer}
  reference: {type: text}
  day: {type: date}
  amount: {type: decimal, scale: 2}
permissions:
  agent: {read: true, create: true, update: true}
"""


@pytest.fixture
def published(database: Database) -> Database:
    return publish(database, SHOP)


def errors(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    found: Any = problem(answer)["errors"]
    return [(one["pointer"], one["code"]) for one in found]


async def test_no_two_records_have_the_same_of_all_fields(desk: Desk) -> None:
    """One field may be the same; what is empty is like nothing; capitals count."""
    one, two = [(await make(desk.admin, "customers", name=name))["id"] for name in ("One", "Two")]
    first = await make(desk.admin, "orders", customer=one, reference="A-1")
    await make(desk.admin, "orders", customer=two, reference="A-1")
    await make(desk.admin, "orders", customer=one, reference="a-1")
    for _ in range(2):
        await make(desk.admin, "orders", customer=one)
        await make(desk.admin, "orders", reference="A-1")
    taken = await desk.admin.post("/api/v1/orders", json={"customer": one, "reference": "A-1"})
    assert errors(taken) == [("/customer", "unique"), ("/reference", "unique")]
    same = await desk.admin.patch(f"/api/v1/orders/{first['id']}", json={"reference": "A-1"})
    assert same.status_code == 200
    moved = await make(desk.admin, "orders", customer=two, reference="A-2")
    changed = await desk.admin.patch(f"/api/v1/orders/{moved['id']}", json={"reference": "A-1"})
    assert errors(changed) == [("/customer", "unique"), ("/reference", "unique")]


async def test_every_row_of_a_bulk_is_told(desk: Desk) -> None:
    """Against what is there, and among each other; numbers are compared as numbers."""
    await make(desk.admin, "orders", day="2026-01-01", amount="5")
    bodies = [
        {"day": "2026-01-01", "amount": "5.00"},
        {"day": "2026-01-02", "amount": "5.0"},
        {"day": "2026-01-02", "amount": 5},
    ]
    refused = await desk.admin.post("/api/v1/orders", json=bodies)
    found = errors(refused)
    assert {pointer for pointer, _ in found} >= {"/0/day", "/0/amount"}
    assert {code for _, code in found} == {"unique"}
    listed = await desk.admin.get("/api/v1/orders", params={"count": "exact"})
    assert listed.json()["count"] == 1
