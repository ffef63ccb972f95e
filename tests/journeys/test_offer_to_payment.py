"""The main flow over real HTTP: customer, offer, order, deliveries, invoices, payment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server import Server, objectry

ROOT = Path(__file__).parents[2]
Record = dict[str, Any]  # JSON as the API wrote it


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(ROOT, tmp_path_factory.mktemp("journey") / "state") as started:
        yield started


@pytest.fixture(scope="module")
def api(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


def post(api: httpx.Client, path: str, body: object = None, status: int = 201) -> Record:
    answer = api.post(path, json={} if body is None else body)
    assert answer.status_code == status, answer.text
    record: Record = answer.json()
    return record


def event_types(api: httpx.Client) -> list[str]:
    types: list[str] = []
    cursor: str | None = None
    while True:
        page = api.get("/events", params={"limit": 500} | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.text
        types += [event["type"] for event in page.json()["data"]]
        if not page.json()["data"]:
            return types
        cursor = page.json()["next"]


def test_from_customer_to_payment(server: Server, api: httpx.Client) -> None:
    """Every step is an action on the record before it; amounts are exact; nothing is left open."""
    customer = post(api, "/customers", {"name": "Nordlicht Energie GmbH", "country": "DE"})
    panel = post(
        api,
        "/products",
        {"sku": "PV-440", "name": "Solar panel 440 W", "price": "49.99", "tax_rate": "19"},
    )
    book = post(
        api,
        "/products",
        {"sku": "BOOK-1", "name": "Installation guide", "price": "19.95", "tax_rate": 7},
    )

    offer = post(
        api,
        "/offers",
        {
            "customer": customer["id"],
            "lines": [
                {"product": panel["id"], "quantity": 12, "discount": 10},
                {"product": book["id"], "quantity": "3"},
            ],
        },
    )
    assert [line["net_amount"] for line in offer["lines"]] == ["539.89", "59.85"]
    assert {name: offer[name] for name in ("net_total", "tax_total", "gross_total")} == {
        "net_total": "599.74",
        "tax_total": "106.77",  # 19 % of 539.89 = 102.58, 7 % of 59.85 = 4.19
        "gross_total": "706.51",
    }
    assert offer["status"] == "draft"
    assert offer["number"].startswith("OF-")

    for action, state in (
        ("submit", "submitted"),
        ("approve", "approved"),
        ("send", "sent"),
        ("accept", "accepted"),
    ):
        assert post(api, f"/offers/{offer['id']}/actions/{action}", status=200)["status"] == state
    refused = api.post(f"/offers/{offer['id']}/actions/reject", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_refused")

    order = post(api, f"/offers/{offer['number']}/actions/order")
    assert order["gross_total"] == "706.51"
    assert order["offer"] == offer["id"]
    post(api, f"/orders/{order['id']}/actions/confirm", status=200)

    # Seven panels and the books go first, five panels later.
    panels, books = order["lines"]
    first = post(
        api,
        f"/orders/{order['id']}/actions/delivery_note",
        {"lines": [{"id": panels["id"], "quantity": 7}, {"id": books["id"], "quantity": 3}]},
    )
    too_much = api.post(
        f"/orders/{order['id']}/actions/delivery_note",
        json={"lines": [{"id": panels["id"], "quantity": 6}]},
    )
    assert too_much.status_code == 422, too_much.text
    assert too_much.json()["errors"][0]["pointer"] == "/lines/0/quantity"
    second = post(api, f"/orders/{order['id']}/actions/delivery_note")
    assert [(line["product"], line["quantity"]) for line in second["lines"]] == [
        (panel["id"], "5.000")
    ]
    nothing = api.post(f"/orders/{order['id']}/actions/delivery_note", json={})
    assert nothing.status_code == 409, nothing.text

    invoices: list[Record] = []
    for note in (first, second):
        post(api, f"/delivery_notes/{note['id']}/actions/ship", status=200)
        post(api, f"/delivery_notes/{note['id']}/actions/deliver", status=200)
        invoice = post(api, f"/delivery_notes/{note['id']}/actions/invoice")
        assert invoice["number"] is None
        invoices.append(post(api, f"/invoices/{invoice['id']}/actions/issue", status=200))
    assert [invoice["gross_total"] for invoice in invoices] == ["438.82", "267.70"]
    numbers = [int(invoice["number"].rsplit("-", 1)[1]) for invoice in invoices]
    assert numbers[1] == numbers[0] + 1

    locked = api.patch(f"/invoices/{invoices[0]['id']}", json={"reference": "changed"})
    assert locked.status_code == 422, locked.text

    for invoice in invoices:
        payment = post(api, f"/invoices/{invoice['id']}/actions/payment")
        assert payment["amount"] == invoice["gross_total"]
        twice = api.post(f"/invoices/{invoice['id']}/actions/payment")
        assert (twice.status_code, twice.json()["code"]) == (409, "nothing_open")
        post(api, f"/payments/{payment['id']}/actions/allocate", status=200)
        assert post(api, f"/invoices/{invoice['id']}/actions/pay", status=200)["status"] == "paid"

    happened = event_types(api)
    flow = "CustomerCreated OfferCreated OfferAccepted OrderCreated OrderConfirmed"
    flow += " DeliveryNoteCreated DeliveryConfirmed InvoiceCreated InvoiceIssued"
    flow += " PaymentReceived PaymentProcessed InvoicePaid"
    firsts = [happened.index(name) for name in flow.split()]
    assert firsts == sorted(firsts)

    history = api.get(f"/offers/{offer['id']}/history").json()["data"]
    assert len(history) == 5
    assert "clean" in objectry("verify", *server.folders)


def test_each_role_does_its_part_and_no_more(server: Server, api: httpx.Client) -> None:
    """Sales writes the offer, the manager approves it, the warehouse never sees a price."""
    customer = post(api, "/customers", {"name": "Solar Café Ærø ApS", "country": "DK"})
    product = post(api, "/products", {"sku": "INV-10K", "name": "Inverter", "price": "2150"})
    with (
        server.client("sales") as sales,
        server.client("sales_manager") as manager,
        server.client("warehouse") as warehouse,
    ):
        offer = post(
            sales,
            "/offers",
            {"customer": customer["id"], "lines": [{"product": product["id"], "quantity": 2}]},
        )
        assert "margin" not in offer
        post(sales, f"/offers/{offer['id']}/actions/submit", status=200)
        assert sales.post(f"/offers/{offer['id']}/actions/approve", json={}).status_code == 403
        for action in ("approve", "send", "accept"):
            post(manager, f"/offers/{offer['id']}/actions/{action}", status=200)
        order = post(sales, f"/offers/{offer['id']}/actions/order")
        assert warehouse.get(f"/orders/{order['id']}").status_code == 404
        post(sales, f"/orders/{order['id']}/actions/confirm", status=200)
        seen = warehouse.get(f"/orders/{order['id']}")
        assert seen.status_code == 200
        assert "gross_total" not in seen.text
        assert "unit_price" not in seen.text
        note = post(warehouse, f"/orders/{order['id']}/actions/delivery_note")
        assert "unit_price" not in note["lines"][0]
        assert warehouse.get(f"/offers/{offer['id']}").status_code == 404
        hidden = warehouse.get("/orders", params={"gross_total__gt": "1"})
        unknown = warehouse.get("/orders", params={"no_such_field__gt": "1"})
        assert (hidden.status_code, unknown.status_code) == (400, 400)
