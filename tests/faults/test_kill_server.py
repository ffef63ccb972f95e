"""SIGKILL of the server under load: what was acknowledged is there, nothing twice, no gap.

`OBJECTRY_KILLS` says how often (default 3; `make long` 20).
"""

import os
import random
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from tests.server import Server, objectry

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("OBJECTRY_KILLS", "3"))
WRITERS = 6


class Writer(threading.Thread):
    """Creates and issues invoices until told to stop; sends again what got no answer."""

    def __init__(self, server: Server, key: str, seed: int, customer: str, product: str) -> None:
        super().__init__()
        self.client = httpx.Client(
            base_url=server.url + "/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=20
        )
        self.seed, self.customer, self.product = seed, customer, product
        self.done = threading.Event()
        self.acknowledged: list[dict[str, Any]] = []
        self.retried = 0
        self.wrong: list[str] = []

    def send(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | None:
        """Post until there is an answer; the key makes that safe."""
        while True:
            try:
                answer = self.client.post(path, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                self.retried += 1
                time.sleep(0.05)  # the server is down: that is the test
                continue
            if answer.status_code == 503:
                self.retried += 1
                time.sleep(0.05)
                continue
            if answer.status_code not in (200, 201):
                self.wrong.append(f"{answer.status_code} {answer.text}")
                return None
            record: dict[str, Any] = answer.json()
            return record

    def run(self) -> None:
        count = 0
        while not self.done.is_set():
            count += 1
            key = f"{self.seed}-{count}"
            invoice = self.send(
                "/invoices",
                {
                    "customer": self.customer,
                    "reference": key,
                    "lines": [{"product": self.product, "quantity": str(count)}],
                },
                key,
            )
            if invoice is None:
                return
            issued = self.send(f"/invoices/{invoice['id']}/actions/issue", {}, key)
            if issued is None:
                return
            self.acknowledged.append(issued)
        self.client.close()


def test_nothing_acknowledged_is_lost_and_numbers_have_no_gap(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    server = Server(ROOT, tmp_path / "state")
    server.start()
    key = server.key("load", "admin")
    with httpx.Client(
        base_url=server.url + "/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=20
    ) as api:
        customer = api.post("/customers", json={"name": "Load"}).json()["id"]
        product = api.post("/products", json={"sku": "L", "name": "Load", "price": "3.33"}).json()[
            "id"
        ]
        writers = [Writer(server, key, seed, customer, product) for seed in range(WRITERS)]
        for writer in writers:
            writer.start()
        try:
            for _ in range(KILLS):
                time.sleep(chance.uniform(0.3, 1.5))  # load between kills
                server.kill()
                server.start()
            time.sleep(0.5)
        finally:
            for writer in writers:
                writer.done.set()
            for writer in writers:
                writer.join(timeout=60)
        assert [writer.wrong for writer in writers] == [[]] * WRITERS

        acknowledged = [record for writer in writers for record in writer.acknowledged]
        assert len(acknowledged) > 10 * KILLS
        assert sum(writer.retried for writer in writers) > 0, "no kill hit a request"
        for record in acknowledged:
            assert api.get(f"/invoices/{record['id']}").json() == record

        stored: list[dict[str, Any]] = []
        page: dict[str, Any] = {"next": None}
        while True:
            parameters = {"limit": "500"} | ({"cursor": page["next"]} if page["next"] else {})
            page = api.get("/invoices", params=parameters).json()
            stored += page["data"]
            if page["next"] is None:
                break
        references = [record["reference"] for record in stored]
        assert len(references) == len(set(references)), "a repeated request had two effects"
        numbers = sorted(
            int(record["number"].rsplit("-", 1)[1]) for record in stored if record["number"]
        )
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= len(acknowledged)
        retried = sum(writer.retried for writer in writers)
        print(f"{KILLS} kills, {len(acknowledged)} invoices acknowledged, {retried} tries repeated")
    assert "clean" in objectry("verify", *server.folders)
    server.stop()
