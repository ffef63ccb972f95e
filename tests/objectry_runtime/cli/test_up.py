"""`objectry up`: processes of their own, a gateway in front, supervised, ended together."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.server import OBJECTRY, clean_environment, free_port, objectry

PROJECT = """
service: people
port: {people}
database: up_people
---
service: sales
port: {sales}
database: up_sales
---
object: customer
service: people
plural: customers
title: name
fields: {{name: {{type: text, required: true}}}}
---
object: order
service: sales
plural: orders
fields:
  customer: {{type: link, to: customer, required: true}}
  ship_to: {{type: text, default: customer.name}}
"""
APART = {"OBJECTRY_TOPOLOGY_MODE": "services"}


class Up:
    """A running `objectry up`."""

    def __init__(self, folder: Path) -> None:
        self.port, ports = free_port(), (free_port(), free_port())
        project = folder / "project"
        (project / "objects").mkdir(parents=True)
        text = PROJECT.format(people=ports[0], sales=ports[1])
        (project / "objects" / "two.yaml").write_text(text)
        self.folders = ("--project", str(project), "--state", str(folder / "state"))
        self.log = folder / "up.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*OBJECTRY, "up", "--port", str(self.port), *self.folders],
                env=clean_environment(),
                stdout=log,
                stderr=log,
            )
        self.until(lambda: "Press Ctrl-C" in self.log.read_text())
        made = objectry(
            "key", "create", "me", "--role", "admin", "--json", *self.folders, extra=APART
        )
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {json.loads(made.splitlines()[-1])['key']}"},
            timeout=30,
        )

    def until(self, told: Callable[[], bool], seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not told():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for path in listed for pid in path.read_text().split()]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    started = Up(tmp_path_factory.mktemp("up"))
    yield started
    started.client.close()
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()


def test_one_address_for_all_services(up: Up) -> None:
    """Records are reached where their service is; links lead across; each service is reachable."""
    assert "up_people" in up.log.read_text()
    up.until(lambda: up.client.get("/api/v1/customers").status_code == 200)
    up.until(lambda: up.client.get("/api/v1/orders").status_code == 200)
    customer = up.client.post("/api/v1/customers", json={"name": "Nordlicht"})
    assert customer.status_code == 201
    assert len(customer.headers.get_list("date")) == 1
    order = up.client.post("/api/v1/orders", json={"customer": customer.json()["id"]})
    assert (order.status_code, order.json()["ship_to"]) == (201, "Nordlicht")
    assert order.headers["location"] == f"/api/v1/orders/{order.json()['id']}"
    schemas = up.client.get("/services/people/openapi.json").json()["paths"]
    assert "/api/v1/customers" in schemas
    assert "/api/v1/orders" not in schemas
    nothing = up.client.get("/api/v1/nothing")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    assert up.client.get("/internal/v1/served").status_code == 404


def test_a_body_of_any_size_passes(up: Up) -> None:
    """Many records at once, and an answer larger than what is read at a time."""
    rows = [{"name": f"{place} {'x' * 500}"} for place in range(1000)]
    made = up.client.post("/api/v1/customers", json=rows)
    assert (made.status_code, len(made.json()["data"])) == (201, 1000)


def test_who_dies_is_started_again(up: Up) -> None:
    """A killed service answers again; meanwhile the gateway says 503."""
    before = up.children()
    assert len(before) == 2
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    gone = up.client.get("/api/v1/orders")
    assert (gone.status_code, gone.headers["retry-after"]) == (503, "1")
    up.until(lambda: up.client.get("/api/v1/orders").status_code == 200)
    up.until(lambda: up.client.get("/api/v1/customers").status_code == 200)
    assert not set(before) & set(up.children())


def test_other_commands_reach_all_databases(up: Up) -> None:
    """`plan` looks at each, `verify` too, and `doctor` tells who is where."""
    planned = objectry("plan", *up.folders, extra=APART)
    assert planned.count("No changes.") == 2
    assert "clean" in objectry("verify", *up.folders, extra=APART)
    assert "people in up_people; sales in up_sales" in objectry("doctor", *up.folders, extra=APART)


def test_one_signal_ends_all(up: Up) -> None:
    """SIGINT to the one that supervises: nobody is left."""
    children = up.children()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=60) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
