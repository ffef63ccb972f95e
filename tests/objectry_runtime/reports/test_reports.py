"""Reports against a recomputation in Python over the same random records, with rights."""

import csv
import io
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import jsonschema_rs
import msgspec
import psycopg
import pytest
from openapi_spec_validator import validate as validate_openapi

from objectry_runtime.identity import create_key
from objectry_runtime.problems import Problem
from objectry_runtime.reports import dashboards
from objectry_runtime.reports.running import results
from objectry_runtime.services.app import create_app
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import Settings, read_settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.world import ANN, SHOP, Store, publish

pytestmark = pytest.mark.anyio

Json = Any  # what a response holds
ZONE = ZoneInfo("Europe/Berlin")

REPORTS = """
---
report: sales
object: order
label: Sales
parameters:
  since: {type: date}
  state: {type: select, options: [draft, sent, done]}
  top: {type: integer, default: 1000}
where: >-
  (since is None or order_date >= since) and (state is None or status == state)
  and (priority is None or priority <= top)
columns: [number, customer.name, order_date, margin, discount, urgent]
groups: [status, {field: order_date, by: month}]
totals: {margin: sum, discount: avg, id: count, priority: max, remark: min}
sort: [-order_date]
chart: {kind: bar, group: order_date, total: margin}
---
report: shipped
object: order
groups: [{field: shipped_at, by: day}]
totals: {id: count}
---
report: lines
object: order_line
columns: [article, quantity]
totals: {unit_price: sum, quantity: sum}
---
report: secret
object: order
groups: [margin]
totals: {id: count}
---
report: mine
object: order
parameters: {who: {type: text, default: user.name}}
where: remark == who
columns: [number, remark]
roles: [manager]
---
dashboard: desk
label: Desk
tiles:
  - {kind: number, report: sales, total: id, parameters: {state: "'sent'"}}
  - {kind: chart, report: sales}
  - {kind: list, report: sales, label: Newest}
  - {kind: number, report: mine_total}
---
report: mine_total
object: order
totals: {margin: sum}
where: days_between(order_date, order_date + days(priority)) > 0
"""


class World:
    """The served shop with random orders, and clients by role."""

    def __init__(self, orders: list[dict[str, Any]], clients: dict[str, httpx.AsyncClient]) -> None:
        self.orders = orders
        self.clients = clients

    async def get(self, path: str, role: str = "manager", status: int = 200) -> Json:
        response = await self.clients[role].get(f"/api/v1/{path}")
        assert response.status_code == status, response.text
        if response.headers["content-type"].startswith("text/csv"):
            return response.text
        return msgspec.json.decode(response.content)


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return read_settings(tmp_path, environment={}, overrides={"tenant.time_zone": "Europe/Berlin"})


@pytest.fixture
async def world(
    database: Database, settings: Settings, owner: psycopg.Connection, owner_executor: Executor
) -> AsyncIterator[World]:
    live = publish(database, SHOP + REPORTS)
    keys = {role: await create_key(owner_executor, role, [role]) for role in ROLES}
    people: dict[str, str] = dict(
        owner.execute("select name, id::text from objectry.principal").fetchall()
    )
    orders = _orders(Store(owner, live), people["clerk"])
    runtime = Runtime(settings, database, require_live(database, settings))
    async with runtime.running():
        app = httpx.ASGITransport(create_app(runtime))
        clients = {
            role: httpx.AsyncClient(
                transport=app, base_url="http://shop", headers={"Authorization": f"Bearer {key}"}
            )
            for role, key in keys.items()
        }
        yield World(orders, clients)


ROLES = ("admin", "manager", "clerk", "cashier")


def _orders(store: Store, clerk: str) -> list[dict[str, Any]]:
    chance = random.Random(20261122)
    customers: dict[str | None, str] = {
        store.insert("customer", name=name, vip=vip): name
        for name, vip in (("=cmd()", True), ("Acme", False), ("Bolt, Inc", None))
    }
    orders: list[dict[str, Any]] = []
    for index in range(120):
        customer = chance.choice([*customers, None])
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(24 * 90))
        values: dict[str, Any] = {
            "number": f"OR-{index:04}",
            "customer": customer,
            "order_date": chance.choice([None, date(2026, 1, 1) + timedelta(chance.randrange(90))]),
            "shipped_at": chance.choice([None, moment]),
            "currency": chance.choice(["EUR", "USD", None]),
            "margin": chance.choice([None, Decimal(chance.randrange(-99999, 99999)).scaleb(-2)]),
            "discount": chance.choice([None, Decimal(chance.randrange(1000000)).scaleb(-4)]),
            "priority": chance.choice([None, chance.randrange(5)]),
            "urgent": chance.choice([None, True, False]),
            "remark": chance.choice([None, "clerk", "Ä", "a", "B"]),
            "status": chance.choice(["draft", "sent", "done"]),
        }
        by_clerk = index % 3 == 0
        id = store.insert("order", values, owner=clerk if by_clerk else ANN)
        lines = [
            {
                "article": "x",
                "quantity": Decimal(n + 1).quantize(Decimal("0.01")),
                "unit_price": Decimal("2.50"),
            }
            for n in range(index % 3)
        ]
        for place, line in enumerate(lines, 1):
            store.insert("order_line", line, parent=id, position=place)
        orders.append(
            values | {"id": id, "clerk": by_clerk, "name": customers.get(customer), "lines": lines}
        )
    return orders


def readable(world: World, role: str) -> list[dict[str, Any]]:
    """The orders that a role may read, with None for what it may not."""
    match role:
        case "clerk":
            return [{**one, "margin": None} for one in world.orders if one["clerk"]]
        case "cashier":
            sent = [one for one in world.orders if one["status"] == "sent"]
            return [{**one, "remark": None, "discount": None} for one in sent]
        case _:
            return world.orders


def totals_of(orders: list[dict[str, Any]], role: str) -> Json:
    """What `sales` totals, recomputed."""
    margins: dict[str, Decimal] = defaultdict(Decimal)
    for one in orders:
        if one["margin"] is not None:
            margins[one["currency"] or ""] += one["margin"]
    discounts = [one["discount"] for one in orders if one["discount"] is not None]
    priorities = [one["priority"] for one in orders if one["priority"] is not None]
    remarks = [one["remark"] for one in orders if one["remark"] is not None]
    found = {
        "margin": {currency: str(value) for currency, value in margins.items()},
        "discount": Decimal(sum(discounts)) / len(discounts) if discounts else None,
        "id": len(orders),
        "priority": max(priorities, default=None),
        "remark": min(remarks, default=None),
    }
    hidden = {"clerk": ["margin"], "cashier": ["remark", "discount"]}.get(role, [])
    return {name: value for name, value in found.items() if name not in hidden}


def month(one: dict[str, Any]) -> str | None:
    day: date | None = one["order_date"]
    return None if day is None else day.strftime("%Y-%m")


def same(found: Json, wanted: Json) -> None:
    """The totals are the recomputed ones; averages to 12 places."""
    found, wanted = dict(found), dict(wanted)
    average, exact = found.pop("discount", None), wanted.pop("discount", None)
    assert found == wanted
    assert (average is None) == (exact is None)
    if exact is not None:
        assert abs(Decimal(average) - exact) < Decimal("1e-11")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("query", ["", "since=2026-02-01", "state=sent&top=2"])
async def test_totals_are_those_of_what_the_reader_may_read(
    world: World, role: str, query: str
) -> None:
    """Groups, their subtotals and the grand totals, each over readable values alone."""
    document = await world.get(f"reports/sales?{query}", role)
    orders = [
        one
        for one in readable(world, role)
        if ("since" not in query or (one["order_date"] and one["order_date"] >= date(2026, 2, 1)))
        and ("state" not in query or one["status"] == "sent")
        and ("top" not in query or one["priority"] is None or one["priority"] <= 2)
    ]
    same(document["totals"], totals_of(orders, role))
    expected: dict[tuple[object, ...], list[dict[str, Any]]] = defaultdict(list)
    for one in orders:
        expected[(one["status"],)].append(one)
        expected[(one["status"], month(one))].append(one)
    groups = {tuple(one["keys"].values()): one["totals"] for one in document["groups"]}
    assert set(groups) == set(expected)
    for keys, members in expected.items():
        same(groups[keys], totals_of(members, role))
    if role == "clerk":
        assert document["chart"] is None
        return
    points = {one["group"]: one["value"] for one in document["chart"]["points"]}
    by_month: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for one in orders:
        by_month[month(one)].append(one)
    assert points == {key: totals_of(members, role)["margin"] for key, members in by_month.items()}


@pytest.mark.parametrize("role", ROLES)
async def test_rows_come_in_pages_and_order(world: World, role: str) -> None:
    """All rows once, newest first, with exact decimals and without what is hidden."""
    rows: list[Json] = []
    path = "reports/sales?limit=7"
    while True:
        page = await world.get(path, role)
        rows += page["data"]
        if page["next"] is None:
            break
        path = f"reports/sales?limit=7&cursor={page['next']}"
    orders = {one["number"]: one for one in readable(world, role)}
    assert len(rows) == len(orders)
    assert [one["number"] for one in rows] != sorted(one["number"] for one in rows)
    hidden = {"clerk": {"margin"}, "cashier": {"discount"}}.get(role, set())
    for row in rows:
        order = orders[row["number"]]
        wanted = {
            "number": order["number"],
            "customer.name": order["name"]
            if role != "cashier" or order["name"] == "=cmd()"
            else None,
            "order_date": order["order_date"] and order["order_date"].isoformat(),
            "margin": None if order["margin"] is None else str(order["margin"]),
            "discount": None if order["discount"] is None else str(order["discount"]),
            "urgent": order["urgent"],
        }
        assert row == {name: value for name, value in wanted.items() if name not in hidden}
    days = [one["order_date"] for one in rows]
    known = [one for one in days if one is not None]
    assert known == sorted(known, reverse=True)
    assert days[: len(days) - len(known)] == [None] * (len(days) - len(known))


async def test_days_of_moments_are_those_of_the_time_zone(world: World) -> None:
    """Half past eleven at night UTC is the next day in Berlin."""
    document = await world.get("reports/shipped")
    expected: dict[str | None, int] = defaultdict(int)
    for one in world.orders:
        at = one["shipped_at"]
        expected[at and at.astimezone(ZONE).date().isoformat()] += 1
    found = {one["keys"]["shipped_at_day"]: one["totals"]["id"] for one in document["groups"]}
    assert found == expected


@pytest.mark.parametrize("role", ["manager", "clerk"])
async def test_lines_are_in_their_records_currency(world: World, role: str) -> None:
    """Amounts of lines are split by the currency of the record that owns them."""
    document = await world.get("reports/lines?limit=500", role)
    lines = [(one, line) for one in readable(world, role) for line in one["lines"]]
    assert len(document["data"]) == len(lines)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for order, line in lines:
        sums[order["currency"] or ""] += line["unit_price"]
    assert document["totals"]["unit_price"] == {key: str(one) for key, one in sums.items()}
    assert Decimal(document["totals"]["quantity"]) == sum(line["quantity"] for _, line in lines)


async def test_what_a_report_is_built_on_must_be_there_for_its_reader(world: World) -> None:
    """Grouped by what is hidden it is unknown, as one that is for other roles."""
    for name, role in (("secret", "clerk"), ("mine", "clerk"), ("nothing", "manager")):
        problem = await world.get(f"reports/{name}", role, 404)
        assert problem["detail"].startswith(f'No report is called "{name}".')


async def test_a_default_may_ask_who_reads(world: World) -> None:
    document = await world.get("reports/mine")
    assert document["data"] == []
    document = await world.get("reports/mine?who=clerk&limit=500")
    assert len(document["data"]) == sum(one["remark"] == "clerk" for one in world.orders)


async def test_csv_is_safe_for_spreadsheets(world: World) -> None:
    """A text that would be computed gets an apostrophe; numbers stay numbers."""
    rows = list(csv.DictReader(io.StringIO(await world.get("reports/sales?format=csv"))))
    assert len(rows) == len(world.orders)
    by_number = {one["number"]: one for one in rows}
    for order in world.orders:
        row = by_number[order["number"]]
        name = order["name"] or ""
        assert row["customer.name"] == (f"'{name}" if name.startswith("=") else name)
        assert row["margin"] == ("" if order["margin"] is None else str(order["margin"]))
    groups = list(csv.reader(io.StringIO(await world.get("reports/shipped?format=csv"))))
    assert groups[0] == ["shipped_at_day", "id"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("stat=sent", 'no parameter "stat". Did you mean "state"?'),
        ("state=nowhere", "is no option"),
        ("since=soon", "a date, such as"),
        ("limit=0", "from 1 to 500"),
        ("limit=x", "from 1 to 500"),
        ("cursor=x", "cursor"),
        ("format=xml", "neither json nor csv"),
        ("state=sent&state=done", "state"),
    ],
)
async def test_wrong_questions_are_told(world: World, query: str, said: str) -> None:
    problem = await world.get(f"reports/sales?{query}", status=400)
    assert problem["code"] == "bad_query"
    assert said in problem["detail"]


async def test_a_dashboard_shows_its_tiles(world: World) -> None:
    """Each what its report shows; what is hidden from the reader is no tile."""
    document = await world.get("dashboards/desk")
    number, chart, newest, _ = document["tiles"]
    sent = [one for one in world.orders if one["status"] == "sent"]
    assert (number["total"], number["value"]) == ("id", len(sent))
    assert chart["chart"]["kind"] == "bar"
    assert (newest["label"], len(newest["data"])) == ("Newest", 10)
    clerk = await world.get("dashboards/desk", "clerk")
    assert [one["kind"] for one in clerk["tiles"]] == ["number", "list"]
    assert (await world.get("dashboards/none", status=404))["code"] == "not_found"
    assert (await world.get("dashboards/desk?x=1", status=400))["code"] == "bad_query"


async def test_columns_have_names_for_people(world: World) -> None:
    """Labels, and the title of what a link leads to is called as the link."""
    found = await world.get("reports/sales?limit=1")
    labels = {one["name"]: one["label"] for one in found["columns"]}
    assert ("Customer", "Order date") == (labels["customer.name"], labels["order_date"])


async def test_one_failing_tile_leaves_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its problem is told in its place."""

    async def fails_for_one(call: Json, plan: Json, asked: Json, zone: str, heading: Json) -> Json:
        if plan.report.name == "mine_total":
            raise Problem(503, "timeout", "The database took too long.")
        return await results(call, plan, asked, zone, heading)

    monkeypatch.setattr(dashboards, "results", fails_for_one)
    tiles = (await world.get("dashboards/desk"))["tiles"]
    assert [("problem" in one) for one in tiles] == [False, False, False, True]
    assert tiles[3]["problem"]["code"] == "timeout"


@pytest.mark.parametrize("role", ["manager", "clerk"])
async def test_openapi_describes_what_there_is_for_its_reader(world: World, role: str) -> None:
    """Answers follow it, and what is hidden from a reader isn't in it."""
    response = await world.clients[role].get("/openapi.json")
    document: Json = msgspec.json.decode(response.content)
    validate_openapi(document)
    paths = {path.removeprefix("/api/v1/") for path in document["paths"]}
    assert "reports/sales" in paths
    assert ("reports/secret" in paths) == (role == "manager")
    assert ("reports/mine" in paths) == (role == "manager")
    for path in ("reports/sales", "reports/shipped", "dashboards/desk"):
        answer = document["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]
        schema = answer["content"]["application/json"]["schema"]
        jsonschema_rs.validate(schema, await world.get(path, role))
