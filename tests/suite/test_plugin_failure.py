"""A plugin that fails in the middle of a write: contained, named, and nothing is kept."""

from decimal import Decimal
from typing import Any

import pytest

from objectry.sdk import Context, Plugin, Record, Settings, computed
from objectry_runtime.problems import Problem
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.suite.world import User, publish, suite_release

pytestmark = pytest.mark.anyio


async def test_a_failing_plugin_stops_its_write_and_nothing_else(
    database: Database, executor: Executor
) -> None:
    """The caller learns which plugin; no record, no number, no event stays behind."""
    broken = Plugin("broken")
    works = False

    @broken.on(computed("discounted_tax", reads=["lines.unit_price"]))
    @broken.on(computed("offer_tax", reads=["lines.unit_price"]))
    def discounted_tax(document: Record, ctx: Context[Settings]) -> Any:
        return Decimal(0) if works else 0.1

    live = publish(database, suite_release(), plugins=[broken])
    anna = User(live, executor, "admin")
    customer = await anna.create("customer", name="Ada")
    product = await anna.create("product", sku="A", name="Lamp", price=10)
    body = {"customer": customer["id"], "lines": [{"product": product["id"]}]}
    with pytest.raises(Problem) as raised:
        await anna.create("order", **body)
    assert (500, "plugin_failed") == (raised.value.status, raised.value.code)
    assert raised.value.detail == (
        "The plugin 'broken' could not compute order.tax_total. It returned a float; the field"
        " takes a finite Decimal or int of at most 38 digits."
    )
    assert [] == await anna.list("order")
    works = True
    order = await anna.create("order", **body)
    assert order["number"].endswith("-00001")
