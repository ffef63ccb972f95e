"""Creating: defaults, formulas, checks, rights, and what is kept beside the record."""

import pytest

from objectry_runtime.command import create
from objectry_runtime.problems import Problem
from tests.objectry_runtime.command.world import World, body, errors, picked, refusal, text

pytestmark = pytest.mark.anyio


async def test_a_record_is_completed_by_defaults_formulas_and_plugins(world: World) -> None:
    customer = await world.make("customer", name="Jansson", currency="JPY")
    sale = await world.make(
        "sale",
        customer=customer["id"],
        lines=[
            {"what": "Tea", "quantity": "2.50", "price": "333"},
            {"what": "Cup", "price": 1000, "rate": "7"},
        ],
    )
    assert {
        "number": "S-2026-001",
        "status": "open",
        "sold_on": "2026-03-31",
        "due_on": "2026-04-14",
        "currency": "JPY",
        "address": "Jansson",
        "rebate": "0",
        "net": "1833",
        "tax": "228",
        "gross": "2061",
    } == picked(
        sale,
        *("number", "status", "sold_on", "due_on", "currency"),
        *("address", "rebate", "net", "tax", "gross"),
    )
    assert [("2.50", "333", "833"), ("1.00", "1000", "1000")] == [
        (line["quantity"], line["price"], line["net"]) for line in sale["lines"]
    ]
