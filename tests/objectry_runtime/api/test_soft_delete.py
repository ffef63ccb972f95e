"""Records that are deleted and kept: unseen, unlinkable, restorable, their uniques free again."""

from collections.abc import Mapping

import httpx
import pytest

from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database

from .conftest import DESK, Desk, events, faults, problem, publish

pytestmark = pytest.mark.anyio

KEPT = """\
---
role: reader
label: Reader
---
object: product
service: desk
label: Product
plural: products
soft_delete: true
title: name
fields:
  code: {type: text, required: true, unique: true}
  name: {type: text}
  maker: {type: text}
uniques: [[name, maker]]
events: {created: ProductCreated, updated: ProductUpdated, deleted: ProductDeleted}
permissions:
  agent: {read: true, create: true, update: true, delete: true}
  reader: {read: true}
---
object: need
service: desk
label: Need
plural: needs
fields:
  product: {type: link, to: product}
  what: {type: text, formula: product.name}
conversions:
  supply: {to: supply, map: {need_name: what}}
permissions:
  agent: {read: true, create: true, update: true, delete: true, conversions: "*"}
---
object: supply
service: desk
plural: supplies
soft_delete: true
fields: {need_name: {type: text}}
permissions:
  agent: {read: true, create: true, update: true, delete: true}
"""


@pytest.fixture
def published(database: Database, settings: Settings) -> Database:
    return publish(database, DESK + KEPT)


async def make(
    client: httpx.AsyncClient, plural: str, values: Mapping[str, object]
) -> dict[str, str]:
    made = await client.post(f"/api/v1/{plural}", json=values)
    assert 201 == made.status_code, made.text
    record: dict[str, str] = made.json()
    return record


async def codes(client: httpx.AsyncClient, query: str = "") -> list[str]:
    page = await client.get(f"/api/v1/products?sort=code{query}")
    assert 200 == page.status_code, page.text
    return [one["code"] for one in page.json()["data"]]


async def test_a_deleted_record_is_gone_but_for_those_who_may_delete(desk: Desk) -> None:
    agent = desk.agent
    bolt = await make(agent, "products", {"code": "a", "name": "Bolt"})
    await make(agent, "products", {"code": "b", "name": "Nut"})
    path = f"/api/v1/products/{bolt['id']}"
    assert 204 == (await agent.delete(path)).status_code
    assert ["b"] == await codes(agent)
    assert ["a", "b"] == await codes(agent, "&deleted=include")
    assert ["a"] == await codes(agent, "&deleted=only")
    counted = await agent.get("/api/v1/products?count=exact")
    assert 1 == counted.json()["count"]
    for refused in (
        await agent.get(path),
        await agent.patch(path, json={"name": "x"}),
        await agent.delete(path),
    ):
        assert "not_found" == problem(refused)["code"]
    shown = await agent.get(f"{path}?deleted=include")
    assert shown.json()["deleted_at"] is not None
    assert "ProductDeleted" == (await events(desk.admin, 3))[-1]["type"]
    history = (await agent.get(f"{path}/history")).json()["data"]
    assert ["delete", None] == [one["action"] for one in history]


async def test_who_may_not_delete_can_not_ask_for_what_is_deleted(desk: Desk) -> None:
    reader = desk.client_of("reader")
    client = await reader
    refused = await client.get("/api/v1/products?deleted=include")
    assert (403, "forbidden") == (refused.status_code, problem(refused)["code"])
    wrong = await desk.agent.get("/api/v1/products?deleted=all")
    assert "bad_query" == problem(wrong)["code"]
    unknown = await desk.agent.get("/api/v1/customers?deleted=include")
    assert "bad_query" == problem(unknown)["code"]


async def test_restoring_brings_it_back_unless_its_unique_value_is_taken(desk: Desk) -> None:
    agent = desk.agent
    first = await make(agent, "products", {"code": "a", "name": "Bolt", "maker": "Acme"})
    path = f"/api/v1/products/{first['id']}"
    await agent.delete(path)
    second = await make(agent, "products", {"code": "a", "name": "Bolt", "maker": "Acme"})
    taken = await agent.post(f"{path}/actions/restore")
    assert (409, "unique_taken") == (taken.status_code, problem(taken)["code"])
    again = await agent.post("/api/v1/products", json={"code": "a"})
    assert ["/code"] == [one.pointer for one in faults(again)]
    await agent.delete(f"/api/v1/products/{second['id']}")
    restored = await agent.post(f"{path}/actions/restore", json={})
    assert (200, None) == (restored.status_code, restored.json()["deleted_at"])
    assert ["a"] == await codes(agent)
    assert 404 == (await agent.post(f"{path}/actions/restore")).status_code
    reader = await desk.client_of("reader")
    assert 404 == (await reader.post(f"{path}/actions/restore")).status_code


async def test_what_links_to_it_keeps_its_name_but_nothing_new_links_to_it(desk: Desk) -> None:
    agent = desk.agent
    product = await make(agent, "products", {"code": "a", "name": "Bolt"})
    need = await make(agent, "needs", {"product": product["id"]})
    await agent.delete(f"/api/v1/products/{product['id']}")
    shown = await agent.get(f"/api/v1/needs/{need['id']}?expand=product")
    assert "Bolt" == shown.json()["what"]
    assert "Bolt" == shown.json()["product"]["name"]
    kept = await agent.patch(f"/api/v1/needs/{need['id']}", json={"product": product["id"]})
    assert 200 == kept.status_code
    refused = await agent.post("/api/v1/needs", json={"product": product["id"]})
    assert [("/product", "link")] == [(one.pointer, one.code) for one in faults(refused)]


async def test_a_deleted_target_gives_back_what_it_was_made_from(desk: Desk) -> None:
    agent = desk.agent
    need = await make(agent, "needs", {})
    convert = f"/api/v1/needs/{need['id']}/actions/supply"
    first = (await agent.post(convert)).json()
    assert 201 != (await agent.post(convert)).status_code
    await agent.delete(f"/api/v1/supplies/{first['id']}")
    second = await agent.post(convert)
    assert 201 == second.status_code
    # Both can't have it: what was given back was taken again.
    refused = await agent.post(f"/api/v1/supplies/{first['id']}/actions/restore")
    assert 422 == refused.status_code
    await agent.delete(f"/api/v1/supplies/{second.json()['id']}")
    assert 200 == (await agent.post(f"/api/v1/supplies/{first['id']}/actions/restore")).status_code
