"""Field types of a plugin, served: written, read, asked for; and not served without it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import Release, make_release
from objectry.sdk import catalog
from objectry_runtime.host import PluginProblem, build_live
from objectry_runtime.identity import create_key
from objectry_runtime.publishing import ensure_first_release, live_release, make_plan
from objectry_runtime.services.runtime import Runtime
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.securities import DOCUMENT, plugin

from .conftest import client, problem

pytestmark = pytest.mark.anyio
HOLDINGS = "/api/v1/holdings"


@pytest.fixture
def release() -> Release:
    loaded = load_documents({"holding.yaml": DOCUMENT}, types=catalog([plugin]).types)
    assert loaded.findings == ()
    return make_release(loaded.definitions)


@pytest.fixture
async def agent(
    database: Database, settings: Settings, owner_executor: Executor, release: Release
) -> AsyncIterator[httpx.AsyncClient]:
    ensure_first_release(database, release, "tests", catalog=catalog([plugin]))
    found = live_release(database)
    assert found is not None
    runtime = Runtime(settings, database, build_live(*found, [plugin], {}))
    key = await create_key(owner_executor, "agent", ["agent"])
    async with runtime.running():
        yield client(runtime, key)


async def test_a_plugins_types_are_types_like_any(agent: httpx.AsyncClient) -> None:
    """Column, codec, filters, sorting, expressions and history follow from the class."""
    made = await agent.post(
        HOLDINGS, json={"security": "us0378331005", "quote": {"price": 12.5, "currency": "EUR"}}
    )
    assert made.status_code == 201, made.text
    record = made.json()
    assert [record["security"], record["light"]] == ["US0378331005", 2_700]
    assert record["quote"] == {"price": "12.500000", "currency": "EUR"}
    assert [record["warm"], record["american"], record["costly"]] == [True, True, True]
    for params in (
        {"security": "us0378331005"},
        {"light__lt": "3000"},
        {"quote.price__gte": "12.5"},
        {"where": "quote.currency == 'EUR' and light == 2700"},
        {"sort": "-light,quote.price"},
    ):
        answer = await agent.get(HOLDINGS, params=params)
        assert [one["id"] for one in answer.json()["data"]] == [record["id"]], params
    cold = await agent.patch(f"{HOLDINGS}/{record['id']}", json={"light": 6_500})
    assert [cold.json()["light"], cold.json()["warm"]] == [6_500, False]
    history = await agent.get(f"{HOLDINGS}/{record['id']}/history")
    assert history.json()["data"][0]["changes"]["light"] == {"from": 2_700, "to": 6_500}


async def test_its_mistakes_are_field_errors(agent: httpx.AsyncClient) -> None:
    wrong = {"security": "US0378331006", "light": 500, "quote": {"price": "much"}}
    errors: Any = problem(await agent.post(HOLDINGS, json=wrong))["errors"]
    assert {error["pointer"]: error["code"] for error in errors} == {
        "/security": "isin",
        "/light": "min",
        "/quote/price": "type",
    }
    asked = await agent.get(HOLDINGS, params={"security": "US0378331006"})
    assert asked.status_code == 400
    assert "an ISIN" in asked.text


async def test_without_the_plugin_the_release_is_neither_planned_nor_served(
    database: Database, release: Release
) -> None:
    """Nobody reads a field in a way its type did not say; the message names the field."""
    with pytest.raises(PluginProblem, match=r"OBJ0836.*holding\.security.*'isin'"):
        make_plan(database, release)
    ensure_first_release(database, release, "tests", catalog=catalog([plugin]))
    found = live_release(database)
    assert found is not None
    with pytest.raises(PluginProblem) as raised:
        build_live(*found, [], {})
    assert [finding.code for finding in raised.value.findings] == ["OBJ0836"] * 3
