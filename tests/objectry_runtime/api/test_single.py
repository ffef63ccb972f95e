"""An object of one record: there when it is first asked for, at the path of the object."""

import anyio
import httpx
import pytest

from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database

from .conftest import DESK, Desk, problem, publish

pytestmark = pytest.mark.anyio

SETUP = """\
---
object: setup
service: desk
label: Setup
plural: setup
single: true
fields:
  currency: {type: currency, required: true, default: "'EUR'"}
  dunning_days: {type: integer, default: 14, min: 1}
  secret_note: {type: text}
events: {created: SetupCreated, updated: SetupUpdated}
permissions:
  agent: {read: true, update: true, create: true, delete: true, fields: {secret_note: none}}
"""


@pytest.fixture
def published(database: Database, settings: Settings) -> Database:
    return publish(database, DESK + SETUP)


async def test_it_is_there_with_its_defaults_and_keeps_its_id(desk: Desk) -> None:
    first = await desk.agent.get("/api/v1/setup")
    assert 200 == first.status_code
    record = first.json()
    assert ("EUR", 14) == (record["currency"], record["dunning_days"])
    assert "secret_note" not in record
    changed = await desk.agent.patch("/api/v1/setup", json={"dunning_days": 30})
    assert (200, 30) == (changed.status_code, changed.json()["dunning_days"])
    replaced = await desk.admin.put("/api/v1/setup", json={"secret_note": "x"})
    assert (200, 14) == (replaced.status_code, replaced.json()["dunning_days"])
    assert record["id"] == replaced.json()["id"]
    history = (await desk.admin.get("/api/v1/setup/history")).json()["data"]
    assert [3, 2, 1] == [one["version"] for one in history]


async def test_two_that_ask_at_once_find_the_same_record(desk: Desk) -> None:
    found: list[httpx.Response] = []

    async def ask() -> None:
        found.append(await desk.agent.get("/api/v1/setup"))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(ask)
    assert {200} == {one.status_code for one in found}
    assert 1 == len({one.json()["id"] for one in found})
    versions = (await desk.admin.get("/api/v1/setup/history")).json()["data"]
    assert 1 == len(versions)


async def test_nobody_makes_deletes_or_lists_it(desk: Desk) -> None:
    for method in ("POST", "DELETE"):
        refused = await desk.admin.request(method, "/api/v1/setup", json={})
        assert "method_not_allowed" == problem(refused)["code"]
        assert "POST" not in refused.headers["allow"]
    record = (await desk.admin.get("/api/v1/setup")).json()
    assert 404 == (await desk.admin.get(f"/api/v1/setup/{record['id']}")).status_code
    wrong = await desk.admin.get("/api/v1/setup?limit=5")
    assert "bad_query" == problem(wrong)["code"]


async def test_a_dry_run_of_the_first_change_keeps_the_record_as_it_was(desk: Desk) -> None:
    tried = await desk.agent.patch("/api/v1/setup?dry_run=true", json={"dunning_days": 3})
    assert (200, 3) == (tried.status_code, tried.json()["dunning_days"])
    assert 14 == (await desk.agent.get("/api/v1/setup")).json()["dunning_days"]


async def test_the_document_describes_its_path(desk: Desk) -> None:
    paths = (await desk.admin.get("/openapi.json")).json()["paths"]
    assert {"get", "patch", "put"} == set(paths["/api/v1/setup"])
    assert "/api/v1/setup/{id}" not in paths
    names = [one["$ref"] for one in paths["/api/v1/setup"]["get"]["parameters"]]
    assert not any(name.endswith("/id") for name in names)
