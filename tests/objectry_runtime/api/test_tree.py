"""Trees: records below each other, asked for with all below, never in a circle."""

import anyio
import httpx
import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.identity.engine import ENGINE
from objectry_runtime.publishing import apply, ensure_first_release, make_plan
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database

from .conftest import DESK, Desk, faults, problem

pytestmark = pytest.mark.anyio

FLAT = """\
---
object: category
service: desk
plural: categories
title: name
fields:
  name: {type: text, required: true}
  secret: {type: boolean}
  full_name: {type: text, formula: "coalesce(parent.name + ' / ', '') + name"}
permissions:
  agent: {read: secret is None, create: true, update: true, delete: true}
---
object: product
service: desk
plural: products
fields:
  name: {type: text}
  category: {type: link, to: category}
permissions:
  agent: {read: true, create: true, update: true}
"""
TREE = FLAT.replace("plural: categories", "plural: categories\ntree: true")


@pytest.fixture
def published(database: Database, settings: Settings) -> Database:
    loaded = load_documents({"desk.yaml": DESK + TREE})
    assert [] == [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


async def category(client: httpx.AsyncClient, name: str, parent: str | None = None) -> str:
    made = await client.post("/api/v1/categories", json={"name": name, "parent": parent})
    assert 201 == made.status_code, made.text
    id: str = made.json()["id"]
    return id


async def names(client: httpx.AsyncClient, query: str) -> list[str]:
    page = await client.get(f"/api/v1/{query}&sort=name")
    assert 200 == page.status_code, page.text
    return [one["name"] for one in page.json()["data"]]


async def move(client: httpx.AsyncClient, record: str, parent: str, found: list[int]) -> None:
    answer = await client.patch(f"/api/v1/categories/{record}", json={"parent": parent})
    found.append(answer.status_code)


async def test_what_lies_below_is_found_with_the_record_itself(desk: Desk) -> None:
    agent = desk.agent
    tools = await category(agent, "tools")
    saws = await category(agent, "saws", tools)
    chain = await category(agent, "chain saws", saws)
    await category(agent, "food")
    for name, at in (("hammer", tools), ("stihl", chain), ("loose", None)):
        await agent.post("/api/v1/products", json={"name": name, "category": at})
    assert ["chain saws", "saws", "tools"] == await names(agent, f"categories?id__under={tools}")
    assert ["chain saws"] == await names(agent, f"categories?parent__under={saws}")
    assert ["food"] == await names(agent, f"categories?id__not_under={tools}")
    assert ["stihl"] == await names(agent, f"products?category__under={saws}")
    assert ["hammer", "loose"] == await names(agent, f"products?category__not_under={saws}")
    assert ["hammer", "stihl"] == await names(agent, f"products?category.id__under={tools}")
    record = (await agent.get(f"/api/v1/categories/{saws}?expand=parent")).json()
    assert ("tools / saws", "tools") == (record["full_name"], record["parent"]["name"])


async def test_nothing_is_found_below_what_is_hidden(desk: Desk) -> None:
    top = await category(desk.agent, "top")
    hidden = await category(desk.admin, "hidden", top)
    low = await category(desk.admin, "low", hidden)
    await desk.agent.post("/api/v1/products", json={"name": "deep", "category": low})
    await desk.admin.patch(f"/api/v1/categories/{hidden}", json={"secret": True})
    assert ["deep"] == await names(desk.admin, f"products?category__under={top}")
    assert [] == await names(desk.agent, f"products?category__under={top}")
    assert [] == await names(desk.agent, f"products?category__under={hidden}")


async def test_a_record_never_comes_to_lie_below_itself(desk: Desk) -> None:
    a = await category(desk.agent, "a")
    b = await category(desk.agent, "b", a)
    c = await category(desk.agent, "c", b)
    for record, parent in ((a, a), (a, b), (a, c), (b, c)):
        refused = await desk.agent.patch(f"/api/v1/categories/{record}", json={"parent": parent})
        assert 422 == refused.status_code
        error = faults(refused)[0]
        assert ("/parent", "cycle") == (error.pointer, error.code)
    moved = await desk.agent.patch(f"/api/v1/categories/{c}", json={"parent": a})
    assert 200 == moved.status_code


async def test_of_two_moves_that_make_a_circle_together_one_is_refused(desk: Desk) -> None:
    for round in range(8):
        a, b = await category(desk.agent, f"a{round}"), await category(desk.agent, f"b{round}")
        found: list[int] = []
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(move, desk.agent, a, b, found)
            tasks.start_soon(move, desk.agent, b, a, found)
        assert [200, 422] == sorted(found)


async def test_a_tree_has_fifty_levels(desk: Desk) -> None:
    last = await category(desk.agent, "1")
    other = await category(desk.agent, "x")
    await category(desk.agent, "y", other)
    for level in range(2, 51):
        last = await category(desk.agent, str(level), last)
    refused = await desk.agent.post("/api/v1/categories", json={"name": "51", "parent": last})
    error = faults(refused)[0]
    assert ("/parent", "depth") == (error.pointer, error.code)
    moved = await desk.agent.patch(f"/api/v1/categories/{other}", json={"parent": last})
    assert 422 == moved.status_code


async def test_the_operators_are_those_of_trees(desk: Desk) -> None:
    for query in (
        f"tickets?customer__under={ENGINE}",
        "categories?name__under=x",
    ):
        assert "bad_query" == problem(await desk.admin.get(f"/api/v1/{query}"))["code"]
    wrong = await desk.admin.get("/api/v1/categories?id__under=x")
    assert "bad_query" == problem(wrong)["code"]


def test_an_object_with_rows_becomes_a_tree(database: Database) -> None:
    flat = "".join(line for line in FLAT.splitlines(True) if "full_name" not in line)
    before, after = (
        make_release(load_documents({"desk.yaml": DESK + text}).definitions)
        for text in (flat, TREE)
    )
    ensure_first_release(database, before, "tests")
    plan = make_plan(database, after)
    assert {"safe"} == {step.kind for step in plan.steps}
    assert apply(database, after, plan, author="me", message="tree")


def test_an_own_field_parent_is_told() -> None:
    text = TREE.replace("  secret:", "  parent: {type: text}\n  secret:")
    loaded = load_documents({"desk.yaml": DESK + text})
    found = check(loaded.definitions, loaded.sources)
    assert "OBJ0302" in {one.code for one in found}
