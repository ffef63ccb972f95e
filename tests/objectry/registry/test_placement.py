"""A release is placed into databases: what lives elsewhere is reduced to what is needed."""

from pathlib import Path

import pytest

from objectry.metadata.loader import load_documents, load_tree
from objectry.metadata.model import Definitions, Model
from objectry.metadata.model.elsewhere import databases
from objectry.registry.placement import place

TRADE = Path(__file__).parents[2] / "journeys" / "trade"


@pytest.fixture(scope="module")
def trade() -> Definitions:
    loaded = load_tree(TRADE)
    assert not loaded.findings
    return loaded.definitions


def part(trade: Definitions, database: str) -> Definitions:
    return place(trade, databases(trade), database)


def test_what_lives_in_one_database_is_left_as_it_is(trade: Definitions) -> None:
    """Nothing lives elsewhere: no object is a replica, none tells more than it did."""
    together = databases(trade, [list(trade.services)])
    assert set(together.values()) == {"trade_customers"}
    assert place(trade, together, "trade_customers") == trade


@pytest.mark.parametrize("database", sorted(set(databases(load_tree(TRADE).definitions).values())))
def test_every_part_stands_on_its_own(trade: Definitions, database: str) -> None:
    """Every object of a part resolves: nothing in it needs what another database has."""
    model = Model(part(trade, database))
    for name in model.objects():
        model.object(name)


def test_a_replica_holds_what_is_declared_and_shown(trade: Definitions) -> None:
    """The fields that links replicate, the title, the number, the state; no behaviour."""
    offers = part(trade, "trade_offers").objects
    customer = offers["customer"]
    assert customer.replica
    assert set(customer.fields) == {"name", "number", "country", "currency", "payment_days"}
    assert not any(field.required or field.default for field in customer.fields.values())
    assert (customer.numbering, customer.events, customer.indexes) == (None, {}, ())
    assert "note" not in customer.permissions["sales"].fields
    assert customer.permissions["clerk"].read == "country == 'DE'"

    notes = part(trade, "trade_invoices").objects
    assert set(notes["delivery_note"].fields) == {"number", "status"}
    assert notes["delivery_note"].fields["status"].default == "'draft'"


def test_a_row_rule_over_what_is_not_kept_admits_nobody(trade: Definitions) -> None:
    """Who could read some records by a field that isn't here reads none of them here."""
    source = (TRADE / "objects" / "trade.yaml").read_text()
    clock = "  since: {type: date}\n  age: {type: integer, formula: 'days_between(since, today())'}"
    source = source.replace("  note: {type: long_text}", f"  note: {{type: long_text}}\n{clock}")
    source = source.replace("clerk: {read: country == 'DE'}", "clerk: {read: age > 3}")
    loaded = load_documents({"objects/trade.yaml": source})
    assert not loaded.findings
    customer = part(loaded.definitions, "trade_offers").objects["customer"]
    assert customer.permissions["clerk"].read is False
    assert customer.permissions["sales"].read is True


def test_conversions_across_databases_leave_and_arrive(trade: Definitions) -> None:
    """The source's part knows the target as far as it maps it; the target's part where from."""
    offers = part(trade, "trade_offers").objects
    assert offers["offer"].conversions["order"].remote
    assert set(offers["order"].fields) >= {"customer", "currency", "lines", "status"}
    assert set(offers["order_line"].fields) >= {"product", "quantity", "unit_price"}

    orders = part(trade, "trade_orders").objects
    assert [one.conversion for one in orders["order"].arrivals] == ["order"]
    assert not orders["order"].conversions["delivery_note"].remote
    assert orders["order"].conversions["invoice"].remote


def test_what_others_follow_tells_of_every_change(trade: Definitions) -> None:
    """Who has replicas elsewhere has an event for all that happens to it; lines have none."""
    customer = part(trade, "trade_customers").objects["customer"]
    assert customer.events == {
        "created": "CustomerCreated",
        "updated": "CustomerUpdated",
        "deleted": "CustomerDeleted",
    }
    orders = part(trade, "trade_orders").objects
    assert orders["order"].events["deleted"] == "OrderDeleted"
    assert orders["order_line"].events == {}
