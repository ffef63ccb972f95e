"""What a publication changes is told in the feed, to those who may know of every definition."""

from typing import Any

import msgspec
import pytest

from objectry_runtime.publishing import apply, ensure_first_release, make_plan
from objectry_runtime.query.feed import feed
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.objectry_runtime.publishing.shop import release
from tests.suite.world import caller, publish

pytestmark = pytest.mark.anyio

SHOP = """
service: shop
---
role: clerk
---
object: customer
service: shop
fields: {name: {type: text}}
permissions: {clerk: {read: true}}
---
layout: customer.list
object: customer
kind: list
columns: [name]
"""
WITH_CITY = SHOP.replace("{name: {type: text}}", "{name: {type: text}, city: {type: text}}")
WITH_OFFER = (
    WITH_CITY.replace("columns: [name]", "columns: [name, city]")
    + """
---
object: offer
service: shop
fields: {subject: {type: text}}
"""
)


async def events(database: Database, executor: Executor, role: str) -> list[dict[str, Any]]:
    live = publish(database, release(WITH_OFFER), plugins=[])
    answer = await feed(caller(live, executor, role)(), ())
    found: list[dict[str, Any]] = msgspec.json.decode(answer.body)["data"]
    return found


async def test_publications_are_events_in_the_order_of_each_definition(
    database: Database, executor: Executor
) -> None:
    """New objects, new fields, new pages; each definition counts its own versions."""
    ensure_first_release(database, release(SHOP), "ada")
    for text in (WITH_CITY, WITH_OFFER):
        wanted = release(text)
        assert apply(database, wanted, make_plan(database, wanted), author="ada")
    told = await events(database, executor, "admin")
    assert [(one["type"], one["data"]["record"]["name"], one["sequence"]) for one in told] == [
        ("FieldAdded", "customer", "1"),
        ("SchemaChanged", "customer", "1"),
        ("ObjectCreated", "offer", "1"),
        ("SchemaChanged", "offer", "1"),
        ("LayoutUpdated", "customer.list", "1"),
    ]
    added = told[0]
    assert added["source"] == "/services/platform"
    assert added["subject"].startswith("definition/")
    assert added["data"]["record"] == {"kind": "object", "name": "customer", "author": "ada"}
    (path,) = added["data"]["changes"]
    assert path == "fields.city"
    assert added["data"]["changes"][path]["from"] is None
    assert added["data"]["changes"][path]["to"]["type"] == "text"


async def test_definitions_are_not_for_everybody(database: Database, executor: Executor) -> None:
    """Their names alone would tell what somebody may not know of."""
    ensure_first_release(database, release(SHOP), "ada")
    wanted = release(WITH_CITY)
    apply(database, wanted, make_plan(database, wanted), author="ada")
    assert await events(database, executor, "clerk") == []


async def test_a_first_release_and_the_same_again_tell_nothing(
    database: Database, executor: Executor
) -> None:
    """Nobody was there to be told, and nothing changed."""
    ensure_first_release(database, release(WITH_OFFER), "ada")
    wanted = release(WITH_OFFER)
    assert not apply(database, wanted, make_plan(database, wanted), author="ada")
    assert await events(database, executor, "admin") == []
