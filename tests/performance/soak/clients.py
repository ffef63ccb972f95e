"""The mixed load: clients that read, sell, correct, convert and misbehave, each at its own pace."""

import asyncio
import random
import time
from collections.abc import Mapping, Set
from typing import Any

from tests.performance.soak.hostile import HOSTILE, leave_early
from tests.performance.soak.judge import Judge
from tests.performance.soak.ledger import Ledger
from tests.performance.soak.wire import Answer, Wire

OWN_MAX = 50  # records that a client remembers for later
CITIES = ("Kiel", "Graz", "Basel", "Lyon", "Aarhus")


class Dropped(Exception):
    """A flow ended early; why was told to the judge."""


class Client:
    """One caller with a connection of its own."""

    def __init__(
        self, name: str, port: int, key: str, judge: Judge, ledger: Ledger, product: str
    ) -> None:
        self._name, self._key, self._product = name, key, product
        self._wire = Wire(port, key)
        self._judge, self._ledger = judge, ledger
        self._chance = random.Random(name)
        self._count = 0
        self._customers: list[tuple[str, str]] = []  # token, id
        self._orders: list[str] = []
        self.asked = 0  # what the server must have counted

    async def run(self, end: float, pause: float) -> None:
        """Act until `end`, about every `pause` seconds."""
        acts = (self._read, self._read, self._read, self._open, self._move, self._sell, self._abuse)
        try:
            while time.monotonic() < end:
                began = time.monotonic()
                try:
                    await (self._chance.choice(acts) if self._customers else self._open)()
                except Dropped:
                    pass
                except (OSError, EOFError, TimeoutError) as error:
                    self._judge.fail(f"{self._name}: {type(error).__name__} {error}")
                    await asyncio.sleep(1)
                spent = time.monotonic() - began
                await asyncio.sleep(max(0.0, self._chance.uniform(0, 2 * pause) - spent))
        finally:
            self._wire.close()

    async def _ask(
        self,
        kind: str,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        expected: Set[int] = frozenset({200}),
    ) -> Answer | None:
        """One try; None where the database was away."""
        self.asked += 1
        answer = await self._wire.ask(method, "/api/v1" + path, body, headers)
        if self._judge.hear(kind, answer, expected):
            return answer
        if answer.status != 503:
            raise Dropped
        await asyncio.sleep(int(answer.headers.get("retry-after", "1")))
        return None

    async def _insist(
        self,
        kind: str,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        expected: Set[int] = frozenset({200}),
    ) -> dict[str, Any]:
        """Try until it is done; the idempotency key among the headers makes that safe."""
        while True:
            answer = await self._ask(kind, method, path, body, headers, expected)
            if answer is not None:
                return answer.document()

    def _token(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"

    async def _read(self) -> None:
        _, id = self._chance.choice(self._customers)
        choice = self._chance.randrange(6)
        if choice == 0:
            await self._ask(
                "list", "GET", f"/customers?city={self._chance.choice(CITIES)}&limit=20"
            )
        elif choice == 1:
            await self._ask("list", "GET", f"/orders?customer={id}&expand=customer,lines&limit=10")
        elif choice == 2:
            await self._ask("history", "GET", f"/customers/{id}/history")
        elif choice == 3:
            await self._ask("feed", "GET", "/events?limit=20")
        elif choice == 4 and self._orders:
            order = self._chance.choice(self._orders)
            await self._ask("expand", "GET", f"/orders/{order}?expand=customer,lines.product")
        else:
            await self._ask("get", "GET", f"/customers/{id}")

    async def _open(self) -> None:
        """A new customer."""
        token = self._token()
        body = {"name": token, "city": self._chance.choice(CITIES), "email": "a@example.org"}
        self._ledger.send("customers", token)
        record = await self._insist(
            "create", "POST", "/customers", body, {"Idempotency-Key": token}, frozenset({201})
        )
        self._ledger.acknowledge("customers", token, record, "city")
        self._customers = [*self._customers[1 - OWN_MAX :], (token, record["id"])]

    async def _move(self) -> None:
        """A customer moves: the version read is the version changed."""
        token, id = self._chance.choice(self._customers)
        city = f"City {self._chance.randrange(10**9)}"
        while True:
            read = await self._ask("get", "GET", f"/customers/{id}")
            if read is None:
                continue
            if read.document()["city"] == city:  # the try before, whose answer was lost, did it
                break
            changed = await self._ask(
                "patch",
                "PATCH",
                f"/customers/{id}",
                {"city": city},
                _if_match(read.headers["etag"]),
            )
            if changed is not None:
                break
        self._ledger.acknowledge("customers", token, {"id": id, "city": city}, "city")

    async def _sell(self) -> None:
        """An order with lines, confirmed, delivered or invoiced."""
        token = self._token()
        lines = [
            {"product": self._product, "quantity": str(self._chance.randint(1, 9))}
            for _ in range(self._chance.randint(1, 5))
        ]
        customer = self._chance.choice(self._customers)[1]
        body = {"customer": customer, "reference": token, "lines": lines}
        order = await self._make("orders", token, "/orders", body)
        self._orders = [*self._orders[1 - OWN_MAX :], order["id"]]
        path = f"/orders/{order['id']}/actions"
        await self._act("orders", token, f"{path}/confirm")
        if self._chance.random() < 0.5:
            note = await self._make("delivery_notes", token, f"{path}/delivery_note", {})
            await self._act("delivery_notes", token, f"/delivery_notes/{note['id']}/actions/ship")
        if self._chance.random() < 0.5:
            invoice = await self._make("invoices", token, f"{path}/invoice", {})
            await self._act("invoices", token, f"/invoices/{invoice['id']}/actions/issue")

    async def _make(self, plural: str, token: str, path: str, body: object) -> dict[str, Any]:
        self._ledger.send(plural, token)
        kind = "create with lines" if plural == "orders" else "convert"
        key = {"Idempotency-Key": f"{plural}-{token}"}
        record = await self._insist(kind, "POST", path, body, key, frozenset({201}))
        self._ledger.acknowledge(plural, token, record, "status")
        return record

    async def _act(self, plural: str, token: str, path: str) -> None:
        key = {"Idempotency-Key": f"{path.rpartition('/')[2]}-{token}"}
        record = await self._insist("transition", "POST", path, {}, key)
        self._ledger.acknowledge(plural, token, record, "status")

    async def _abuse(self) -> None:
        """Something that must be refused, in the way that is declared."""
        token, id = self._chance.choice(self._customers)
        path = f"/customers/{id}"
        choice = self._chance.randrange(len(HOSTILE) + 4)
        if choice == 0:
            stale = _if_match('"999999.0000000000000000"')
            await self._ask("refused", "PATCH", path, {"city": "x"}, stale, frozenset({412}))
        elif choice == 1:
            key = {"Idempotency-Key": token}
            await self._ask(
                "refused", "POST", "/customers", {"name": "other"}, key, frozenset({422})
            )
        elif choice == 2:
            await self._ask("refused", "POST", f"{path}/actions/reactivate", {}, None, {409})
        elif choice == 3:
            await leave_early(self._wire, self._key)
        else:
            name, (hostile, expected) = self._chance.choice(list(HOSTILE.items()))
            self.asked += name not in ("garbage", "endless head")  # which are no requests
            answer = await hostile(self._wire, self._chance)
            self._judge.hear(f"refused: {name}", answer, expected)


def _if_match(etag: str) -> dict[str, str]:
    return {"If-Match": etag}
