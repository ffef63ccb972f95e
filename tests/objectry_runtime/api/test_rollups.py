"""Lookups and rollups over HTTP: shown, asked for, kept right by every kind of write."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from objectry_runtime.services.runtime import require_live
from objectry_runtime.services.settings import Settings
from objectry_runtime.services.verification import Trouble, verify
from objectry_runtime.store.database import Database

from .conftest import Desk, get, make, problem, publish

pytestmark = pytest.mark.anyio

SHOP = """\
service: shop
label: Shop
---
role: agent
label: Agent
---
object: region
service: shop
plural: regions
fields:
  name: {type: text}
permissions: {agent: {read: true, create: true}}
---
object: customer
service: shop
plural: customers
title: name
fields:
  name: {type: text, required: true}
  city: {type: text}
  currency: {type: currency, default: "'EUR'"}
  region: {type: link, to: region}
  region_name: {lookup: region.name}
  turnover:
    rollup: {op: sum, of: order, via: customer, field: total, where: "status != 'cancelled'"}
  turnover_kept:
    rollup: {op: sum, of: order, via: customer, field: total, where: "status != 'cancelled'"}
    stored: true
  orders: {rollup: {op: count, of: order, via: customer}}
  orders_kept: {rollup: {op: count, of: order, via: customer}, stored: true}
  pieces:
    rollup: {op: sum, of: order_line, via: payer, field: quantity,
             where: "parent.status != 'cancelled'"}
  pieces_kept:
    rollup: {op: sum, of: order_line, via: payer, field: quantity,
             where: "parent.status != 'cancelled'"}
    stored: true
  latest: {rollup: {op: max, of: order, via: customer, field: day}}
  latest_kept: {rollup: {op: max, of: order, via: customer, field: day}, stored: true}
  average: {rollup: {op: avg, of: order_line, via: payer, field: quantity}}
  average_kept: {rollup: {op: avg, of: order_line, via: payer, field: quantity}, stored: true}
  own_places: {rollup: {op: sum, of: order, via: customer, field: total}, currency: currency,
               stored: true}
  visits: {rollup: {op: count, of: visit, via: customer}}
  visits_kept: {rollup: {op: count, of: visit, via: customer}, stored: true}
  stops: {rollup: {op: count, of: visit_stop, via: customer}}
  stops_kept: {rollup: {op: count, of: visit_stop, via: customer}, stored: true}
  busy: {type: boolean, formula: orders_kept >= 2}
  spending: {type: money, formula: turnover * 2, currency: EUR}
checks:
  - {rule: "orders < 3 or city is not None", message: "Who orders much has a city.", field: city}
permissions:
  agent: {read: true, create: true, update: true, delete: true, fields: {pieces: none}}
---
object: order
service: shop
plural: orders
title: day
fields:
  customer: {type: link, to: customer}
  city: {lookup: customer.city}
  was_city: {lookup: customer.city, snapshot: true}
  region: {lookup: customer.region.name}
  theirs: {lookup: customer.turnover}
  day: {type: date}
  lines: {type: table, of: order_line}
  total: {type: money, currency: EUR, formula: sum(lines.amount)}
workflow:
  initial: open
  states: {open: {}, cancelled: {final: true}}
  transitions: {cancel: {from: open, to: cancelled}}
conversions:
  again:
    to: order
    map: {customer: customer}
    lines: {from: lines, to: lines, map: {payer: payer, quantity: quantity, price: price}}
permissions:
  agent: {read: "day is None or day < date(2030, 1, 1)", create: true, update: true, delete: true,
          transitions: "*", conversions: "*"}
---
object: visit
service: shop
plural: visits
soft_delete: true
fields:
  customer: {type: link, to: customer}
  stops: {type: table, of: visit_stop}
permissions: {}
---
object: visit_stop
service: shop
plural: visit_stops
fields:
  customer: {type: link, to: customer}
---
object: order_line
service: shop
plural: order_lines
fields:
  payer: {type: link, to: customer}
  quantity: {type: decimal, scale: 2}
  price: {type: money, currency: EUR}
  amount: {type: money, currency: EUR, formula: quantity * price}
"""
PAIRS = ("turnover", "orders", "pieces", "latest", "average")
SOFT = ("visits", "stops")


@pytest.fixture
def published(database: Database) -> Database:
    return publish(database, SHOP)


async def ordered(desk: Desk, customer: str, *quantities: str, **more: object) -> Any:
    lines = [{"payer": customer, "quantity": one, "price": "10.00"} for one in quantities]
    return await make(desk.admin, "orders", customer=customer, lines=lines, **more)


async def settled(desk: Desk, customer: str) -> Any:
    """The customer, whose stored rollups are what the live ones say."""
    record = await get(desk.admin, f"customers/{customer}")
    assert {one: record[f"{one}_kept"] for one in PAIRS} == {one: record[one] for one in PAIRS}
    return record


async def test_rollups_follow_every_kind_of_write(
    desk: Desk, published: Database, settings: Settings
) -> None:
    """Create, update, lines, re-link, transition, conversion, delete; nobody's version rises."""
    one = await make(desk.admin, "customers", name="One", city="Bonn")
    assert [one[name] for name in ("turnover", "orders", "pieces", "latest", "average")] == [
        "0.00", 0, "0.00", None, None,
    ]  # fmt: skip
    assert one["turnover_kept"] == "0.00"
    assert one["own_places"] == "0.00"
    two = await make(desk.admin, "customers", name="Two", city="Ulm")
    first = await ordered(desk, one["id"], "2", "3.5", day="2026-01-02")
    second = await ordered(desk, one["id"], "1", day="2026-03-01")
    assert second["theirs"] == "65.00"
    record = await settled(desk, one["id"])
    assert [record[name] for name in ("turnover", "orders", "pieces", "latest", "average")] == [
        "65.00", 2, "6.50", "2026-03-01", "2.17",
    ]  # fmt: skip
    assert record["busy"] is True
    assert record["spending"] == "130.00"
    path = f"/api/v1/orders/{first['id']}"
    lines = [{**first["lines"][0], "quantity": "4"}, {"payer": two["id"], "quantity": "7"}]
    lines[0].pop("amount")
    assert (await desk.admin.patch(path, json={"lines": lines})).status_code == 200
    assert (await settled(desk, one["id"]))["pieces"] == "5.00"
    assert (await settled(desk, two["id"]))["pieces"] == "7.00"
    assert (await desk.admin.patch(path, json={"customer": two["id"]})).status_code == 200
    assert (await settled(desk, one["id"]))["turnover"] == "10.00"
    assert (await settled(desk, two["id"]))["turnover"] == "40.00"
    assert (await desk.admin.post(f"{path}/actions/cancel")).status_code == 200
    assert (await settled(desk, two["id"]))["turnover"] == "0.00"
    assert (await settled(desk, two["id"]))["pieces"] == "0.00"
    assert (await settled(desk, two["id"]))["orders"] == 1
    again = await desk.admin.post(f"/api/v1/orders/{second['id']}/actions/again")
    assert again.status_code == 201, again.text
    assert (await settled(desk, one["id"]))["turnover"] == "20.00"
    many = [{"customer": two["id"], "day": f"2026-05-0{day}"} for day in range(1, 6)]
    assert (await desk.admin.post("/api/v1/orders", json=many)).status_code == 201
    assert (await settled(desk, two["id"]))["orders"] == 6
    assert (await desk.admin.delete(path)).status_code == 204
    assert (await settled(desk, two["id"]))["orders"] == 5
    # The parent's own writes leave alone what others maintain; If-Match is about those writes.
    tag = (await desk.admin.get(f"/api/v1/customers/{one['id']}")).headers["etag"]
    await ordered(desk, one["id"], "1")
    changed = await desk.admin.patch(
        f"/api/v1/customers/{one['id']}", json={"name": "Uno"}, headers={"If-Match": tag}
    )
    assert changed.status_code == 200, changed.text
    assert changed.json()["orders_kept"] == 3
    path = f"/api/v1/customers/{one['id']}"
    read = await desk.admin.get(path, headers={"If-None-Match": tag})
    assert read.status_code == 200
    history = (await get(desk.admin, f"customers/{one['id']}/history"))["data"]
    told = [set(entry["changes"]) for entry in history]
    assert told == [{"name"}, {"name", "city", "currency", "owner"}]
    # The places of the record's currency.
    yen = await desk.admin.patch(f"/api/v1/customers/{one['id']}", json={"currency": "JPY"})
    assert yen.json()["own_places"] == "30"
    assert troubles(published, settings) == []


async def test_a_rule_of_the_record_reads_its_rollups(desk: Desk) -> None:
    """Judged by what is there when the record is written."""
    one = await make(desk.admin, "customers", name="One")
    for _ in range(3):
        await ordered(desk, one["id"], "1")
    path = f"/api/v1/customers/{one['id']}"
    refused = await desk.admin.patch(path, json={"name": "Uno"})
    assert problem(refused)["errors"] == [
        {"pointer": "/city", "code": "check", "message": "Who orders much has a city."}
    ]
    kept = await desk.admin.patch(path, json={"name": "Uno", "city": "Ulm"})
    assert kept.status_code == 200


async def test_derived_fields_are_asked_for(desk: Desk) -> None:
    """Filters, sort, paths, expressions, groups, expanded records."""
    north = await make(desk.admin, "regions", name="North")
    one = await make(desk.admin, "customers", name="One", city="Ulm", region=north["id"])
    two = await make(desk.admin, "customers", name="Two")
    first = await ordered(desk, one["id"], "1", day="2026-01-02")
    await ordered(desk, one["id"], "1")
    await ordered(desk, two["id"], "5")

    async def names(**params: str) -> list[str]:
        return [one["name"] for one in (await get(desk.agent, "customers", **params))["data"]]

    assert await names(orders="2") == ["One"]
    assert await names(turnover__gt="30") == ["Two"]
    assert await names(sort="-turnover") == ["Two", "One"]
    assert await names(sort="-orders_kept") == ["One", "Two"]
    assert await names(where="orders == 1 and turnover > 49.99") == ["Two"]
    assert await names(region_name="North") == ["One"]
    assert await names(busy="true") == ["One"]
    found = await get(desk.agent, "orders", city="Ulm", region="North")
    assert len(found["data"]) == 2
    found = await get(desk.agent, "orders", **{"customer.orders": "2", "expand": "customer"})
    assert {order["customer"]["turnover"] for order in found["data"]} == {"20.00"}
    groups = await desk.agent.get("/api/v1/orders", params={"theirs__gte": "50"})
    assert len(groups.json()["data"]) == 1
    # A snapshot keeps what it was.
    await desk.admin.patch(f"/api/v1/customers/{one['id']}", json={"city": "Bonn"})
    order = await get(desk.admin, f"orders/{first['id']}")
    assert (order["city"], order["was_city"]) == ("Bonn", "Ulm")
    for body in ({"city": "x"}, {"theirs": "1"}):
        assert (
            await desk.admin.patch(f"/api/v1/orders/{first['id']}", json=body)
        ).status_code == 422
    written = await desk.admin.patch(f"/api/v1/customers/{one['id']}", json={"orders_kept": 9})
    assert written.status_code == 422


async def test_a_rollup_has_a_right_of_its_own(desk: Desk) -> None:
    """It counts what the reader may not read, and is hidden as any field."""
    one = await make(desk.admin, "customers", name="One")
    await ordered(desk, one["id"], "1", day="2031-01-01")
    assert (await get(desk.agent, "orders"))["data"] == []
    seen = await get(desk.agent, f"customers/{one['id']}")
    assert seen["orders"] == 1
    assert "pieces" not in seen
    for params in ({"pieces": "1"}, {"sort": "pieces"}, {"where": "pieces > 0"}):
        assert (await desk.agent.get("/api/v1/customers", params=params)).status_code == 400


async def test_what_is_deleted_and_kept_does_not_count(
    desk: Desk, published: Database, settings: Settings
) -> None:
    """Nor do its rows; restored it counts again."""
    one = await make(desk.admin, "customers", name="One")
    stops = [{"customer": one["id"]}, {"customer": one["id"]}]
    visit = await make(desk.admin, "visits", customer=one["id"], stops=stops)
    path = f"/api/v1/visits/{visit['id']}"

    async def counted() -> list[int]:
        record = await get(desk.admin, f"customers/{one['id']}")
        return [record[name] for two in SOFT for name in (two, f"{two}_kept")]

    assert await counted() == [1, 1, 2, 2]
    assert (await desk.admin.delete(path)).status_code == 204
    assert await counted() == [0, 0, 0, 0]
    assert troubles(published, settings) == []
    assert (await desk.admin.post(f"{path}/actions/restore")).status_code == 200
    assert await counted() == [1, 1, 2, 2]


async def test_many_writers_lose_nothing(
    desk: Desk, published: Database, settings: Settings
) -> None:
    """Orders made, moved and cancelled side by side: columns are what a recomputation gives."""
    customers = [(await make(desk.admin, "customers", name=f"C{n}"))["id"] for n in range(3)]

    async def work(seed: int) -> None:
        own = customers[seed % 3]
        order = await ordered(desk, own, "1", str(seed))
        path = f"/api/v1/orders/{order['id']}"
        other = customers[(seed + 1) % 3]
        moved = await desk.admin.patch(path, json={"customer": other})
        assert moved.status_code == 200, moved.text
        if seed % 4 == 0:
            assert (await desk.admin.post(f"{path}/actions/cancel")).status_code == 200
        if seed % 5 == 0:
            assert (await desk.admin.delete(path)).status_code == 204

    await asyncio.gather(*(work(seed) for seed in range(24)))
    records = [await settled(desk, one) for one in customers]
    assert sum(record["orders"] for record in records) == 24 - 5
    kept = [seed for seed in range(24) if seed % 4 and seed % 5]
    assert sum(Decimal(record["turnover_kept"]) for record in records) == sum(
        (1 + seed) * 10 for seed in kept
    )
    assert troubles(published, settings) == []


def troubles(database: Database, settings: Settings) -> list[Trouble]:
    """What `verify` finds."""
    found: list[Trouble] = []
    list(verify(database, require_live(database, settings), found.append))
    return found
