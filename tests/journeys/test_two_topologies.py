"""The same declarations in one process on one database, and as services with their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.services import Services
from tests.journeys.trading import OBJECTS, Teller, state, story
from tests.server import Server

TRADE = Path(__file__).parent / "trade"
SERVICE = {
    "customers": "customers",
    "products": "offers",
    "offers": "offers",
    "orders": "orders",
    "delivery_notes": "delivery_notes",
    "invoices": "invoices",
}
WHO = ("owner", "created_by", "updated_by")
GROUPS = (["customers"], ["offers"], ["orders", "delivery_notes"], ["invoices"])


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Teller]:
    with (
        Server(TRADE, tmp_path_factory.mktemp("one") / "state") as server,
        server.client() as client,
    ):
        teller = Teller(dict.fromkeys(OBJECTS, client))
        story(teller)
        yield teller


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with Services(TRADE, tmp_path_factory.mktemp("services") / "state", *GROUPS) as started:
        yield started


@pytest.fixture(scope="module")
def apart(services: Services) -> Iterator[Teller]:
    with services.clients(services.key()) as clients:
        teller = Teller({plural: clients[service] for plural, service in SERVICE.items()})
        story(teller)
        yield teller


def test_both_end_in_the_same_state(one: Teller, apart: Teller) -> None:
    """Record by record, line by line, field by field; what is open is the same too."""
    expected, found = without_tellers(state(one)), without_tellers(state(apart))
    assert {name: len(records) for name, records in found.items()} == {
        "customers": 2,
        "products": 2,
        "offers": 1,
        "orders": 4,
        "delivery_notes": 1,
        "invoices": 2,
        "open": 10,
    }
    assert expected == found


def without_tellers(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The state without who told it: keys are made anew in each installation.

    One person told the whole story, whichever service wrote it down.
    """
    who = {record[key] for plural in OBJECTS for record in found[plural] for key in WHO}
    assert len(who) == 1
    plain = {
        plural: [{k: v for k, v in record.items() if k not in WHO} for record in found[plural]]
        for plural in OBJECTS
    }
    return {**found, **plain}
