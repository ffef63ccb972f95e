"""Records as documents: what stands in them is what their reader may read."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from objectry_runtime.identity import create_key
from objectry_runtime.services.app import create_app
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import read_settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.world import SHOP, Store, publish

pytestmark = pytest.mark.anyio

Json = Any  # what a response holds

PRINTS = """
---
layout: order.print
object: order
kind: print
body: |
  {% extends "letter.html" %}
  {% block recipient %}{{ address(record.customer.name, record.customer) }}{% endblock %}
  {% block subject %}Order {{ record.number }} of {{ record.order_date|date("long") }}{% endblock %}
  {% block lines %}
  <table class="lines"><thead><tr><th>Article<th class="n">Amount</tr></thead>
  {% for line in record.lines %}<tr><td>{{ line.article }}<td class="n">{{ line.amount|money }}</tr>
  {% endfor %}</table>
  {% endblock %}
  {% block totals %}<p>Net {{ record.net_total|money }}, margin [{{ record.margin|money }}],
  credit [{{ record.customer.credit_limit|money("EUR") }}]</p>{% endblock %}
---
layout: order.label
object: order
kind: print
paper: letter
body: "{{ record.number }} {{ paper }} {{ words.page }} {{ user.name }} {{ today }}"
---
layout: customer.broken
object: customer
kind: print
body: "{{ record.nonsense }}"
"""
RIGHTS = (
    (
        "  manager: {read: true, create: true, update: true, transitions",
        "  manager: {read: true, create: true, update: true, print: true, transitions",
    ),
    (
        "    read: owner == user.id\n    update",
        "    read: owner == user.id\n    print: urgent\n    update",
    ),
    (
        "  manager: {read: true, create: true, update: true, delete: true}",
        "  manager: {read: true, create: true, update: true, delete: true, print: true}",
    ),
)


class Desk:
    """The served shop, a client for each role, and two orders of the clerk."""

    def __init__(self, clients: dict[str, httpx.AsyncClient], urgent: str, other: str) -> None:
        self.clients, self.urgent, self.other = clients, urgent, other

    async def get(self, path: str, role: str, status: int = 200) -> httpx.Response:
        response = await self.clients[role].get(f"/api/v1/{path}")
        assert response.status_code == status, response.text
        return response

    async def text(self, query: str, role: str) -> str:
        path = f"orders/{self.urgent}/print?layout=order.print&format=html{query}"
        return " ".join((await self.get(path, role)).text.split())


@pytest.fixture
async def desk(
    database: Database, tmp_path: Any, owner: psycopg.Connection, owner_executor: Executor
) -> AsyncIterator[Desk]:
    shop = SHOP
    for plain, printing in RIGHTS:
        assert plain in shop
        shop = shop.replace(plain, printing, 1)
    live = publish(database, shop + PRINTS)
    keys = {role: await create_key(owner_executor, role, [role]) for role in ROLES}
    clerk = owner.execute("select id::text from objectry.principal where name = 'clerk'")
    store, mine = Store(owner, live), str((clerk.fetchone() or ("",))[0])
    customer = store.insert("customer", name="<Müller & Co>", country="AT", credit_limit="900.00")
    values = {"customer": customer, "currency": "EUR", "net_total": "12.50", "margin": "3.25"}
    values["status"] = "draft"
    urgent = store.insert(
        "order", values, owner=mine, number="OR-1", urgent=True, order_date="2026-03-01"
    )
    store.insert("order_line", parent=urgent, article="=Bolt", amount="1234.50")
    other = store.insert("order", values, owner=mine, number="OR-2", urgent=False)
    settings = read_settings(tmp_path, environment={}, overrides={})
    runtime = Runtime(settings, database, require_live(database, settings))
    async with runtime.running():
        app = httpx.ASGITransport(create_app(runtime))
        clients = {
            role: httpx.AsyncClient(
                transport=app, base_url="http://shop", headers={"Authorization": f"Bearer {key}"}
            )
            for role, key in keys.items()
        }
        yield Desk(clients, urgent, other)


ROLES = ("manager", "clerk", "cashier")


async def test_a_letter_is_written_in_a_language(desk: Desk) -> None:
    """Amounts and days as its readers write them; texts escaped."""
    german = await desk.text("&lang=de", "manager")
    assert "&lt;Müller &amp; Co&gt;<br>ÖSTERREICH" in german
    assert "Order OR-1 of 1. März 2026" in german
    assert "1.234,50 €" in german.replace("\u00a0", " ")
    assert '"Seite " counter(page) " von "' in german
    english = await desk.text("&lang=en", "manager")
    assert "March 1, 2026" in english
    assert "€1,234.50" in english


async def test_what_the_reader_may_not_read_is_empty(desk: Desk) -> None:
    """Hidden fields of the record and behind its links are there for nobody else."""
    assert re.search(r"margin \[€3.25\], credit \[€900.00\]", await desk.text("", "manager"))
    assert "margin [], credit []" in await desk.text("", "clerk")


async def test_printing_is_a_right_of_its_own(desk: Desk) -> None:
    """By record; what can't be read is not there at all."""
    path = f"orders/{desk.other}/print?layout=order.label&format=html"
    assert (await desk.get(path, "clerk", 403)).json()["code"] == "forbidden"
    await desk.get(path, "manager")
    assert (await desk.get(path, "cashier", 404)).json()["code"] == "not_found"


async def test_a_pdf_names_itself_after_its_record(desk: Desk) -> None:
    response = await desk.get(f"orders/{desk.urgent}/print?layout=order.print", "clerk")
    assert response.content.startswith(b"%PDF")
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-disposition"] == 'inline; filename="OR-1.pdf"'
    assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_a_template_knows_paper_words_and_reader(desk: Desk) -> None:
    path = f"orders/{desk.urgent}/print?layout=order.label&format=html&lang=fr"
    text = (await desk.get(path, "clerk")).text
    assert re.fullmatch(r"OR-1 letter Page clerk \d{4}-\d\d-\d\d", text)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "several print layouts: order.label, order.print"),
        ("?layout=order.prnt", 'Did you mean "order.print"?'),
        ("?layout=order.print&format=doc", "none of html, pdf"),
        ("?layout=order.print&lang=../x", "is no language"),
        ("?layuot=order.print", 'Did you mean "layout"?'),
    ],
)
async def test_wrong_questions_are_told(desk: Desk, query: str, said: str) -> None:
    response = await desk.get(f"orders/{desk.urgent}/print{query}", "manager", 400)
    assert said in response.json()["detail"]


async def test_a_broken_template_is_told_with_its_line(desk: Desk) -> None:
    """As a problem; the only layout need not be named."""
    customers = msgspec.json.decode((await desk.get("customers", "manager")).content)["data"]
    path = f"customers/{customers[0]['id']}/print"
    problem = (await desk.get(path, "manager", 422)).json()
    assert problem["code"] == "template_failed"
    assert "customer.broken: the template, line 1" in problem["detail"]
