"""From a lead to money in the bank over real HTTP, each step by the role whose work it is."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journeys.test_offer_to_payment import Record, event_types, post
from tests.server import Server, objectry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(ROOT, tmp_path_factory.mktemp("leads") / "state") as started:
        yield started


def moved(api: httpx.Client, path: str, *actions: str) -> Record:
    """The record after transitions."""
    return [post(api, f"{path}/actions/{action}", status=200) for action in actions][-1]


def test_a_lead_becomes_a_paid_invoice(server: Server) -> None:
    """Two deliveries, one invoice for both, printed; the chain leads from end to end."""
    with (
        server.client() as admin,
        server.client("marketing") as marketing,
        server.client("sales") as sales,
        server.client("sales_manager") as manager,
        server.client("warehouse") as warehouse,
        server.client("accounting") as accounting,
    ):
        product = post(admin, "/products", {"sku": "PV-440", "name": "Panel", "price": "112.50"})
        stage = post(admin, "/stages", {"code": "talk", "name": "Talk", "probability": 40})

        lead = post(marketing, "/leads", {"name": "Sägewerk Lindhorst", "contact_name": "Piet"})
        moved(sales, f"/leads/{lead['id']}", "contact", "qualify")
        customer = post(sales, f"/leads/{lead['id']}/actions/customer")
        body = {"customer": customer["id"]}
        post(sales, f"/leads/{lead['id']}/actions/convert", body, status=200)
        chance = post(sales, f"/leads/{lead['id']}/actions/opportunity")
        path = f"/opportunities/{chance['id']}"
        changed = sales.patch(path, json={"stage": stage["id"], "amount": "3000.00"}).json()
        assert (changed["probability"], changed["weighted_amount"]) == ("40.00", "1200.00")

        offer = post(sales, f"{path}/actions/offer")
        lines = {"lines": [{"product": product["id"], "quantity": 20}], "discount": 10}
        offer = sales.patch(f"/offers/{offer['id']}", json=lines).json()
        assert (offer["net_total"], offer["gross_total"]) == ("2025.00", "2409.75")
        moved(sales, f"/offers/{offer['id']}", "submit")
        moved(manager, f"/offers/{offer['id']}", "approve")
        moved(sales, f"/offers/{offer['id']}", "send", "accept")
        moved(sales, path, "win")

        order = post(sales, f"/offers/{offer['id']}/actions/order")
        moved(sales, f"/orders/{order['id']}", "confirm")
        notes: list[Record] = []
        for quantity in (12, 8):
            part = {"lines": [{"id": order["lines"][0]["id"], "quantity": quantity}]}
            notes.append(post(warehouse, f"/orders/{order['id']}/actions/delivery_note", part))
            moved(warehouse, f"/delivery_notes/{notes[-1]['id']}", "ship", "deliver")

        sources = {"sources": [{"id": note["id"]} for note in notes]}
        invoice = post(accounting, "/delivery_notes/actions/invoice", sources)
        assert [line["delivery_note"] for line in invoice["lines"]] == [one["id"] for one in notes]
        assert invoice["gross_total"] == "2409.75"
        invoice = moved(accounting, f"/invoices/{invoice['id']}", "issue")
        assert manager.get(f"/customers/{customer['id']}").json()["credit_used"] == "2409.75"

        payment = post(accounting, f"/invoices/{invoice['id']}/actions/payment")
        moved(accounting, f"/payments/{payment['id']}", "allocate")
        paid = moved(accounting, f"/invoices/{invoice['id']}", "pay")
        assert (paid["status"], paid["open_amount"]) == ("paid", "0.00")
        assert manager.get(f"/customers/{customer['id']}").json()["credit_used"] == "0.00"

        chain = admin.get(f"/invoices/{invoice['id']}/chain").json()["data"]
        assert {"offer", "order", "delivery_note", "invoice", "payment"} <= {
            one["object"] for one in chain
        }
        letter = accounting.get(f"/invoices/{invoice['number']}/print?layout=invoice.print")
        assert (letter.status_code, letter.content[:5]) == (200, b"%PDF-")

        happened = event_types(admin)
        flow = "LeadCreated CustomerCreated LeadConverted OpportunityCreated OfferCreated"
        flow += " OfferAccepted OpportunityClosed OrderCreated DeliveryNoteCreated InvoiceCreated"
        flow += " InvoiceIssued PaymentReceived PaymentProcessed InvoicePaid"
        firsts = [happened.index(name) for name in flow.split()]
        assert firsts == sorted(firsts)
    assert "clean" in objectry("verify", *server.folders)


LETTERS = {
    "offer": ("Angebot", "Offer"),
    "order": ("Auftragsbestätigung", "Order confirmation"),
    "delivery_note": ("Lieferschein", "Delivery note"),
    "invoice": ("Rechnung", "Invoice"),
    "credit_note": ("Gutschrift", "Credit note"),
    "dunning_notice": ("Mahnung", "Reminder"),
}


def test_every_document_is_a_letter_in_two_languages(server: Server) -> None:
    """Title, recipient, amounts as the language writes them; drafts can be printed too."""
    with server.client() as api:
        address = {"street": "Am Markt 1", "postal_code": "23552", "city": "Lübeck"}
        customer = post(api, "/customers", {"name": "Rathaus Café", "country": "DE", **address})
        product = post(api, "/products", {"sku": "BAT-10", "name": "Battery", "price": "4350"})
        lines = [{"product": product["id"], "quantity": 2, "discount": 5}]
        body = {"customer": customer["id"], "lines": lines}
        records = {"offer": post(api, "/offers", body), "order": post(api, "/orders", body)}
        records["delivery_note"] = post(api, "/delivery_notes", body)
        late = {"invoice_date": "2026-01-02", "due_date": "2026-01-16", **body}
        records["invoice"] = post(api, "/invoices", late)
        path = f"/invoices/{records['invoice']['id']}"
        records["invoice"] = moved(api, path, "issue")
        records["credit_note"] = post(api, f"{path}/actions/credit_note")
        records["dunning_notice"] = post(api, f"{path}/actions/dunning_notice")
        for name, titles in LETTERS.items():
            for lang, title in zip(("de", "en"), titles, strict=True):
                params = {"layout": f"{name}.print", "format": "html", "lang": lang}
                page = api.get(f"/{name}s/{records[name]['id']}/print", params=params)
                assert page.status_code == 200, page.text
                assert f"<h1>{title}" in page.text
                assert "Rathaus Café<br>Am Markt 1<br>23552 Lübeck" in page.text
                if name != "delivery_note":
                    assert (
                        "9.835,35\N{NO-BREAK SPACE}€" if lang == "de" else "€9,835.35"
                    ) in page.text
