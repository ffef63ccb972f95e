"""One story on the trade definitions, told to one process or to services; and what is there then.

Both are told the same, word for word; what differs is only that a conversion to another database
is answered before its record is there, so the teller waits for it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from objectry.values.documents import is_list, is_mapping

Record = dict[str, Any]  # JSON as the API wrote it
OBJECTS = ("customers", "products", "offers", "orders", "delivery_notes", "invoices")
WAIT_S = 60.0
# What says when and who, and the trace of a request: no two runs have the same.
MOMENTS = frozenset({"created_at", "updated_at", "made_at", "settled_at", "at"})


class Teller:
    """Tells a story to the API of each object; `names` are given to records as they come."""

    def __init__(self, clients: Mapping[str, httpx.Client]) -> None:
        """`clients` is plural → the client of the service that has it."""
        self.clients = clients
        self.names: dict[str, str] = {}
        self.after: Callable[[str], None] = lambda step: None

    def create(self, name: str, plural: str, body: Record) -> Record:
        """A record that is called `name` from now on."""
        answer = self._send("POST", plural, f"/{plural}", body)
        assert answer.status_code == 201, answer.text
        return self._named(name, answer.json())

    def act(self, plural: str, id: str, action: str, body: Record | None = None) -> httpx.Response:
        """An action, whatever comes of it."""
        answer = self._send("POST", plural, f"/{plural}/{id}/actions/{action}", body or {})
        self.after(action)
        return answer

    def take(self, plural: str, id: str, *actions: str) -> None:
        """Transitions that are taken."""
        for action in actions:
            answer = self.act(plural, id, action)
            assert answer.status_code == 200, answer.text

    def convert(
        self, name: str, plural: str, id: str, action: str, to: str, body: Record | None = None
    ) -> Record | None:
        """What a conversion makes, once it is there; None where it is refused for what it makes."""
        answer = self.act(plural, id, action, body)
        if answer.status_code == 422:
            return None
        assert answer.status_code in (201, 202), answer.text
        made = answer.json()["id"]
        if answer.status_code == 202 and self._state(plural, id, made) == "refused":
            return None
        return self._named(name, self.read(to, made))

    def read(self, plural: str, id: str) -> Record:
        """A record that is there."""
        answer = self._send("GET", plural, f"/{plural}/{id}")
        assert answer.status_code == 200, answer.text
        record: Record = answer.json()
        return record

    def send(self, method: str, plural: str, path: str, body: Record | None = None) -> Record:
        """Any other request that succeeds."""
        answer = self._send(method, plural, path, body)
        assert answer.status_code < 300, answer.text
        record: Record = answer.json() if answer.content else {}
        return record

    def until(self, told: Callable[[], bool]) -> None:
        """Wait for what comes by events; at once where everything is in one database."""
        deadline = time.monotonic() + WAIT_S
        while not told():
            assert time.monotonic() < deadline, "it never came"
            time.sleep(0.02)

    def _state(self, plural: str, id: str, made: str) -> str:
        state = "pending"

        def settled() -> bool:
            nonlocal state
            path = f"/{plural}/{id}/conversions"
            found = self._send("GET", plural, path).json()["data"]
            state = str(next(one["state"] for one in found if one["id"] == made))
            return state != "pending"

        self.until(settled)
        return state

    def _named(self, name: str, record: Record) -> Record:
        self.names[record["id"]] = name
        for table, lines in record.items():
            for place, line in enumerate(lines if is_list(lines) else ()):
                if is_mapping(line):
                    self.names[str(line["id"])] = f"{name}.{table}.{place}"
        return record

    def _send(
        self, method: str, plural: str, path: str, body: Record | None = None
    ) -> httpx.Response:
        """A request that is sent again while a service is away: nothing is done twice by that."""
        headers = {"Idempotency-Key": f"{time.monotonic_ns()}"} if method == "POST" else {}
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                answer = self.clients[plural].request(method, path, json=body, headers=headers)
                if answer.status_code not in (401, 503):
                    return answer
                reason = answer.text
            except httpx.TransportError as error:
                reason = repr(error)
            assert time.monotonic() < deadline, f"{method} {path}: {reason}"
            time.sleep(0.05)


def story(teller: Teller) -> None:
    """Offer → order → delivery note → invoice: in parts, too much, refused, cancelled, deleted."""
    north = teller.create("north", "customers", {"name": "Nordlicht", "payment_days": 30})
    slow = teller.create("slow", "customers", {"name": "Slow payer", "payment_days": 90})
    panel = teller.create("panel", "products", {"sku": "P", "name": "Panel", "price": "49.99"})
    book = teller.create("book", "products", {"sku": "B", "name": "Book", "price": "19.95"})
    lines = [
        {"product": panel["id"], "quantity": "12"},
        {"product": book["id"], "quantity": "3"},
    ]
    offer = teller.create("offer", "offers", {"customer": north["id"], "lines": lines})
    assert teller.act("offers", offer["id"], "order").status_code == 409  # not accepted yet
    teller.take("offers", offer["id"], "accept")
    panels, books = (line["id"] for line in offer["lines"])

    # In two parts; then nothing is open.
    part = {"lines": [{"id": panels, "quantity": "5"}, {"id": books, "quantity": "3"}]}
    first = teller.convert("first", "offers", offer["id"], "order", "orders", part)
    too_much = {"lines": [{"id": panels, "quantity": "8"}]}
    assert teller.act("offers", offer["id"], "order", too_much).status_code == 422
    rest = teller.convert("rest", "offers", offer["id"], "order", "orders")
    assert first is not None
    assert rest is not None
    assert teller.act("offers", offer["id"], "order").status_code == 409

    # What is cancelled is given back and ordered again.
    teller.take("orders", rest["id"], "cancel")
    teller.until(lambda: _open(teller, "offers", offer["id"], "order") == ["7.000", "0.000"])
    again = teller.convert("again", "offers", offer["id"], "order", "orders")
    assert again is not None

    # A draft that is deleted gives back too.
    teller.send("DELETE", "orders", f"/orders/{again['id']}")
    teller.until(lambda: _open(teller, "offers", offer["id"], "order") == ["7.000", "0.000"])
    last = teller.convert("last", "offers", offer["id"], "order", "orders")
    assert last is not None

    teller.take("orders", first["id"], "confirm")
    note = teller.convert("note", "orders", first["id"], "delivery_note", "delivery_notes")
    assert note is not None
    teller.take("delivery_notes", note["id"], "deliver")
    whole = teller.convert("whole", "delivery_notes", note["id"], "invoice", "invoices")
    direct = teller.convert(
        "direct",
        "orders",
        first["id"],
        "invoice",
        "invoices",
        {"lines": [{"id": first["lines"][0]["id"], "quantity": "2"}]},
    )
    assert whole is not None
    assert direct is not None
    teller.take("invoices", direct["id"], "issue")
    teller.take("invoices", whole["id"], "issue", "cancel")
    teller.until(
        lambda: _open(teller, "delivery_notes", note["id"], "invoice") == ["5.000", "3.000"]
    )

    # What the target refuses leaves nothing behind but open quantities.
    late = teller.create("late", "orders", {"customer": slow["id"], "lines": lines[:1]})
    teller.take("orders", late["id"], "confirm")
    assert teller.convert("never", "orders", late["id"], "invoice", "invoices") is None
    assert _open(teller, "orders", late["id"], "invoice") == ["12.000"]

    # What others keep of a customer follows it.
    teller.send("PATCH", "customers", f"/customers/{north['id']}", {"country": "AT"})
    teller.until(
        lambda: teller.read("offers", offer["id"])["customer_country"] == "AT",
    )


def main_flow(teller: Teller) -> None:
    """The suite's main flow, the delivery in two parts, the second note invoiced too."""
    customer = teller.create("north", "customers", {"name": "Nordlicht", "country": "DE"})
    panel = teller.create(
        "panel", "products", {"sku": "P", "name": "Panel", "price": "49.99", "tax_rate": 19}
    )
    book = teller.create(
        "book", "products", {"sku": "B", "name": "Book", "price": "19.95", "tax_rate": 7}
    )
    lines = [
        {"product": panel["id"], "quantity": "12", "discount": 10},
        {"product": book["id"], "quantity": "3"},
    ]
    offer = teller.create("offer", "offers", {"customer": customer["id"], "lines": lines})
    teller.take("offers", offer["id"], "submit", "approve", "send", "accept")
    order = teller.convert("order", "offers", offer["id"], "order", "orders")
    assert order is not None
    teller.take("orders", order["id"], "confirm")
    part = {"lines": [{"id": order["lines"][0]["id"], "quantity": "7"}]}
    for name, body in (("first", part), ("second", None)):
        note = teller.convert(name, "orders", order["id"], "delivery_note", "delivery_notes", body)
        assert note is not None
        teller.take("delivery_notes", note["id"], "ship", "deliver")
        invoice = teller.convert(
            f"{name} invoice", "delivery_notes", note["id"], "invoice", "invoices"
        )
        assert invoice is not None
        teller.take("invoices", invoice["id"], "issue")


def state(teller: Teller) -> dict[str, list[Any]]:
    """Every record as the API shows it, with names for ids and without moments."""
    found: dict[str, list[Any]] = {}
    for plural in OBJECTS:
        records: list[Record] = teller.send("GET", plural, f"/{plural}?limit=500")["data"]
        named = sorted(records, key=lambda record: teller.names.get(record["id"], ""))
        found[plural] = [_plain(teller, record) for record in named]
    for plural, id, action in _conversions(teller):
        left = _open(teller, plural, id, action)
        found.setdefault("open", []).append((teller.names[id], action, left))
    return found


def _conversions(teller: Teller) -> Iterator[tuple[str, str, str]]:
    actions = {"offers": ["order"], "orders": ["delivery_note", "invoice"]}
    actions["delivery_notes"] = ["invoice"]
    ids = {name: id for id, name in teller.names.items()}
    for plural, names in actions.items():
        for name in sorted(ids):
            if "." not in name and teller.clients[plural].get(f"/{plural}/{ids[name]}").is_success:
                for action in names:
                    yield plural, ids[name], action


def _open(teller: Teller, plural: str, id: str, action: str) -> list[str]:
    lines = teller.send("GET", plural, f"/{plural}/{id}/open/{action}")["data"]
    return [line["open"] for line in lines]


def _plain(teller: Teller, value: object) -> Any:
    if is_mapping(value):
        return {key: _plain(teller, one) for key, one in value.items() if key not in MOMENTS}
    if is_list(value):
        return [_plain(teller, one) for one in value]
    return teller.names.get(value, value) if isinstance(value, str) else value
