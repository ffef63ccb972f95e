"""A small desk of customers and tickets, served whole: gate, record API, Litestar, PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
import msgspec
import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.api.asgi import Message
from objectry_runtime.identity import create_key
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.services.app import create_app
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import Settings, read_settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor

DESK = """\
service: desk
label: Desk
---
service: shop
label: Shop
---
role: agent
label: Agent
---
object: customer
service: desk
label: Customer
plural: customers
title: name
fields:
  name: {type: text, required: true, max_length: 50}
  credit: {type: decimal, scale: 2}
permissions:
  agent: {read: true, create: true, update: true, delete: true, fields: {credit: none}}
---
object: ticket
service: desk
label: Ticket
plural: tickets
title: number
numbering: {pattern: "T-{seq:03}"}
fields:
  customer: {type: link, to: customer, required: true}
  subject: {type: text, required: true}
  hours: {type: table, of: ticket_hour}
  total: {type: decimal, scale: 2, formula: sum(hours.hours)}
workflow:
  field: status
  initial: open
  states: {open: {}, done: {final: true}}
  transitions: {finish: {from: open, to: done, event: TicketDone}}
events: {created: TicketCreated, updated: TicketUpdated}
permissions:
  agent: {read: true, create: true, update: true, transitions: [finish]}
---
object: ticket_hour
service: desk
label: Hours
plural: ticket_hours
fields:
  hours: {type: decimal, scale: 2, required: true}
---
object: secret
service: shop
label: Secret
plural: secrets
fields:
  name: {type: text}
permissions: {}
---
layout: customer.list
object: customer
kind: list
columns: [name, credit]
sort: credit
"""


class Desk:
    """The served desk: its runtime, a client for each key, and the way to make another."""

    def __init__(
        self,
        runtime: Runtime,
        owner: Executor,
        admin: httpx.AsyncClient,
        agent: httpx.AsyncClient,
    ) -> None:
        self._owner = owner
        self.runtime = runtime
        self.admin = admin
        self.agent = agent
        self.anonymous = client(runtime)

    async def client_of(self, *roles: str) -> httpx.AsyncClient:
        """A client with a new key of these roles."""
        key = await create_key(self._owner, roles[0], list(roles))
        return client(self.runtime, key)


def client(runtime: Runtime, key: str = "") -> httpx.AsyncClient:
    """A client of the app, with a key or without; what the app raises reaches the test."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    transport = httpx.ASGITransport(create_app(runtime))
    return httpx.AsyncClient(transport=transport, base_url="http://desk", headers=headers)


def publish(database: Database, yaml: str) -> Database:
    """The database with definitions as its first release; they must load without a finding."""
    loaded = load_documents({"definitions.yaml": yaml})
    assert loaded.findings == ()
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


async def make(client: httpx.AsyncClient, path: str, **body: object) -> Any:
    """The record that was made, as it was answered."""
    answer = await client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def get(client: httpx.AsyncClient, path: str, **params: str) -> Any:
    """What a path answers, which must be 200."""
    answer = await client.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def events(client: httpx.AsyncClient, count: int) -> list[Any]:
    """The first so many events: the feed waits for whatever transaction of the server is older."""
    found: list[Any] = []
    with anyio.fail_after(20):
        while len(found) < count:
            found = (await get(client, "events", limit="500"))["data"]
            await anyio.sleep(0.05)
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings(tmp_path, environment={}, overrides={"limits.body_bytes_max": 20_000})


@pytest.fixture
def published(database: Database, settings: Settings) -> Database:
    return publish(database, DESK)


@pytest.fixture
async def desk(
    published: Database, settings: Settings, owner_executor: Executor
) -> AsyncIterator[Desk]:
    keys = [await create_key(owner_executor, role, [role]) for role in ("admin", "agent")]
    runtime = Runtime(settings, published, require_live(published, settings))
    async with runtime.running():
        yield Desk(runtime, owner_executor, *(client(runtime, key) for key in keys))


def problem(response: httpx.Response) -> dict[str, object]:
    """The problem of a response, which must be one in all its parts."""
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, object] = msgspec.json.decode(response.content)
    assert document["status"] == response.status_code
    assert document["instance"] == f"/requests/{response.headers['x-request-id']}"
    assert {"type", "title", "code"} <= set(document)
    return document


class FieldFault(msgspec.Struct, frozen=True):
    """One of the errors that a 422 lists."""

    pointer: str
    code: str
    message: str = ""


def faults(response: httpx.Response) -> list[FieldFault]:
    """The field errors of a problem."""
    return msgspec.convert(problem(response)["errors"], list[FieldFault])


class Raw(msgspec.Struct, frozen=True):
    """A request in bytes, such as no client library would send."""

    path: bytes
    query: bytes = b""
    method: str = "GET"
    body: bytes = b""


async def send_raw(desk: Desk, raw: Raw) -> httpx.Response:
    """The administrator's answer to a raw request."""
    sent: list[dict[str, Any]] = []  # ASGI messages

    async def receive() -> Message:
        return {"type": "http.request", "body": raw.body}

    async def send(message: Message) -> None:
        sent.append(dict(message))

    key = desk.admin.headers["authorization"].encode()
    headers = [(b"authorization", key), (b"content-type", b"application/json")]
    scope: dict[str, object] = {
        "type": "http",
        "method": raw.method,
        "path": unquote(raw.path.decode("latin-1")),
    }
    scope |= {"raw_path": raw.path, "query_string": raw.query, "headers": headers}
    await create_app(desk.runtime)(scope, receive, send)
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=sent[1]["body"])
