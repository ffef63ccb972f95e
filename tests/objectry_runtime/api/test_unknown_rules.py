"""Rules that can't be answered for a record, and values that are never shown, break nothing."""

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database

from .conftest import DESK, Desk, faults

pytestmark = pytest.mark.anyio

DEALS = """\
---
role: keeper
label: Keeper
---
role: watcher
label: Watcher
---
object: deal
service: desk
plural: deals
title: name
soft_delete: true
fields:
  name: {type: text, translate: true}
  late: {type: boolean, formula: "day < today() - days(3)"}
  day: {type: date}
  kind: {type: text}
  worth: {type: integer}
duplicates: {threshold: 10, match: [{field: kind, score: 20}]}
permissions:
  keeper: {read: true, update: worth > 5, delete: worth > 5}
  watcher: {read: worth > 5, fields: {name: mask, late: mask}}
---
object: bid
service: desk
plural: bids
fields:
  deal: {type: link, to: deal}
permissions:
  watcher: {read: true, create: true}
"""


@pytest.fixture
def published(database: Database, settings: Settings) -> Database:
    loaded = load_documents({"desk.yaml": DESK + DEALS})
    assert [] == [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


async def deal(desk: Desk, **values: object) -> str:
    made = await desk.admin.post("/api/v1/deals", json={"name": "Big one", "kind": "k", **values})
    assert 201 == made.status_code, made.text
    return str(made.json()["id"])


async def test_a_rule_over_an_empty_field_admits_no_write(desk: Desk) -> None:
    keeper, path = await desk.client_of("keeper"), f"/api/v1/deals/{await deal(desk)}"
    assert 403 == (await keeper.delete(path)).status_code
    assert 403 == (await keeper.patch(path, json={"worth": 9})).status_code


async def test_who_may_not_delete_a_record_is_not_told_that_it_was(desk: Desk) -> None:
    keeper, path = await desk.client_of("keeper"), f"/api/v1/deals/{await deal(desk)}"
    assert 204 == (await desk.admin.delete(path)).status_code
    assert 404 == (await keeper.get(f"{path}?deleted=include")).status_code
    assert 404 == (await keeper.post(f"{path}/actions/restore")).status_code


async def test_a_link_to_what_a_rule_says_nothing_of_is_as_one_to_nothing(desk: Desk) -> None:
    watcher = await desk.client_of("watcher")
    for id in (await deal(desk), "018f0000-0000-7000-8000-000000000000"):
        refused = await watcher.post("/api/v1/bids", json={"deal": id})
        assert ["/deal link"] == [f"{one.pointer} {one.code}" for one in faults(refused)]


async def test_a_masked_value_is_shown_as_such_whatever_it_is_made_of(desk: Desk) -> None:
    watcher, id = await desk.client_of("watcher"), await deal(desk, worth=9, day="2026-01-01")
    shown = await watcher.get(f"/api/v1/deals/{id}")
    assert (200, "•••") == (shown.status_code, shown.json()["name"])
    listed = await watcher.get("/api/v1/deals?limit=5")
    assert [id] == [one["id"] for one in listed.json()["data"]]
    await deal(desk, worth=9)
    (alike,) = (await watcher.get(f"/api/v1/deals/{id}/duplicates")).json()["data"]
    assert (None, 20) == (alike["title"], alike["score"])
