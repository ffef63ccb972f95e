"""`verify` finds nothing in what the engine wrote, and each kind of damage done behind its back."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psycopg
import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.identity import create_key
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.services.app import create_app
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import read_settings
from objectry_runtime.services.verification import CHECKS, Result, Trouble, verify
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor

pytestmark = pytest.mark.anyio

SHOP = """\
service: shop
label: Shop
---
object: order
service: shop
label: Order
plural: orders
title: number
numbering: {pattern: "O-{year}-{seq:04}", reset: year}
fields:
  currency: {type: currency, default: "'JPY'"}
  lines: {type: table, of: order_line}
  total: {type: money, formula: sum(lines.amount)}
invariants:
  - {rule: total == sum(lines.amount), message: The total is that of the lines.}
conversions:
  invoice:
    to: invoice
    map: {order: id}
    lines: {from: lines, to: lines, map: {quantity: quantity}, quantity: quantity}
    releases_when: status == 'cancelled'
events: {created: OrderCreated, updated: OrderUpdated, deleted: OrderDeleted}
permissions: {}
---
object: order_line
service: shop
label: Order line
plural: order_lines
fields:
  quantity: {type: decimal, scale: 2, required: true}
  price: {type: money, required: true}
  amount: {type: money, formula: quantity * price}
---
object: invoice
service: shop
label: Invoice
plural: invoices
title: number
numbering: {pattern: "I-{seq:04}", gapless: true}
fields:
  order: {type: link, to: order}
  lines: {type: table, of: invoice_line}
workflow:
  field: status
  initial: draft
  states: {draft: {}, issued: {}, cancelled: {final: true}}
  transitions:
    issue: {from: draft, to: issued, event: InvoiceIssued}
    cancel: {from: [draft, issued], to: cancelled}
events: {created: InvoiceCreated}
permissions: {}
---
object: invoice_line
service: shop
label: Invoice line
plural: invoice_lines
fields:
  quantity: {type: decimal, scale: 2, required: true}
"""


class Shop:
    """A shop with data, looked at by `verify`."""

    def __init__(self, runtime: Runtime, database: Database) -> None:
        self._runtime = runtime
        self._database = database

    def verify(self, *, history: bool = False) -> tuple[list[Result], list[Trouble]]:
        troubles: list[Trouble] = []
        live = self._runtime.live
        results = list(verify(self._database, live, troubles.append, history=history))
        return results, troubles


@pytest.fixture
async def shop(database: Database, owner_executor: Executor, tmp_path: Path) -> AsyncIterator[Shop]:
    settings = read_settings(tmp_path, environment={})
    loaded = load_documents({"shop.yaml": SHOP})
    assert [str(one) for one in loaded.findings] == []
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    runtime = Runtime(settings, database, require_live(database, settings))
    key = await create_key(owner_executor, "tests", ["admin"])
    transport = httpx.ASGITransport(create_app(runtime))
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        runtime.running(),
        httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client,
    ):
        await fill(client)
        yield Shop(runtime, database)


async def fill(client: httpx.AsyncClient) -> None:
    """Three orders, one deleted; two invoices of the first, one of them cancelled again."""

    async def post(path: str, body: dict[str, object]) -> dict[str, object]:
        answer = await client.post(f"/api/v1/{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        made: dict[str, object] = answer.json()
        return made

    lines = [{"quantity": "3", "price": "7"}, {"quantity": "0.5", "price": "5"}]
    orders = [await post("orders", {"lines": lines}) for _ in range(3)]
    changed = await client.patch(f"/api/v1/orders/{orders[1]['id']}", json={"lines": lines[:1]})
    assert changed.status_code == 200
    assert (await client.delete(f"/api/v1/orders/{orders[2]['id']}")).is_success
    first = await post(f"orders/{orders[0]['id']}/actions/invoice", {})
    await post(f"invoices/{first['id']}/actions/cancel", {})
    second = await post(f"orders/{orders[0]['id']}/actions/invoice", {})
    await post(f"invoices/{second['id']}/actions/issue", {})


async def test_what_the_engine_wrote_is_clean(shop: Shop) -> None:
    results, troubles = shop.verify()
    assert troubles == []
    assert [(one.check, one.checked, one.problems) for one in results] == [
        ("numbers", 4, 0),
        ("history", 9, 0),
        ("events", 8, 0),
        ("links", 9, 0),
        ("conversions", 4, 0),
        ("formulas", 5, 0),
        ("invariants", 2, 0),
        ("secrets", 0, 0),
        ("trees", 0, 0),
        ("rollups", 0, 0),
    ]
    assert [one.check for one in results] == list(CHECKS)


async def test_invariants_are_asked_of_every_version_on_request(
    shop: Shop, owner: psycopg.Connection
) -> None:
    results, troubles = shop.verify(history=True)
    assert ([], ("past invariants", 4, 0)) == (
        troubles,
        (results[-1].check, results[-1].checked, results[-1].problems),
    )
    owner.execute(
        "update objectry.history set record = jsonb_set(record, '{total}', '\"999\"')"
        " where object = 'order' and op = 'update'"
    )
    owner.commit()
    assert [] == shop.verify()[1]
    (trouble,) = shop.verify(history=True)[1]
    assert ("past invariants", "version 2: The total is that of the lines.") == (
        trouble.check,
        trouble.message,
    )


DAMAGES: dict[str, tuple[str, tuple[str, str]]] = {
    "a number given twice": (
        "alter table shop.invoice drop constraint if exists invoice_number_key cascade;"
        " do $$ declare c text; begin for c in select conname from pg_constraint where conrelid ="
        " 'shop.invoice'::regclass and contype = 'u' loop execute"
        " format('alter table shop.invoice drop constraint %I', c); end loop;"
        " for c in select indexrelid::regclass::text from pg_index where indrelid ="
        " 'shop.invoice'::regclass and indisunique and not indisprimary loop"
        " execute 'drop index ' || c; end loop; end $$;"
        " update shop.invoice set number = 'I-0001'",
        ("numbers", "number I-0001 was given 2 times"),
    ),
    "a gap": (
        "update shop.invoice set number = 'I-0004' where number = 'I-0002';"
        " update objectry.series set value = 4 where series = 'invoice'",
        ("numbers", "numbers are missing: 2, 3"),
    ),
    "a series that gave out more": (
        "update objectry.series set value = 5 where series = 'invoice'",
        ("numbers", "series invoice gave out 5 numbers, 2 are there"),
    ),
    "an invariant that does not hold": (
        "update shop.order_line set amount = 0 where quantity = 3",
        ("invariants", "The total is that of the lines."),
    ),
    "a lost version": (
        "delete from objectry.event where object = 'invoice' and version = 1;"
        " delete from objectry.history where object = 'invoice' and version = 1",
        ("history", "history has 1 versions between 2 and 2: some are missing"),
    ),
    "a record ahead of its history": (
        "update shop.invoice set version = 7 where number = 'I-0001'",
        ("history", "the record is at version 7, its history at 2"),
    ),
    "a record without history": (
        "delete from objectry.event where object = 'invoice';"
        " delete from objectry.history where object = 'invoice'",
        ("history", "the record is at version 2 and has no history"),
    ),
    "a record that vanished": (
        "alter table shop.invoice disable trigger all;"
        " delete from shop.invoice_line; delete from shop.invoice",
        ("history", "history ends at version 2 without a deletion, and the record is not there"),
    ),
    "a lost event": (
        "delete from objectry.event where type = 'InvoiceIssued'",
        ("events", "version 2 has 0 events (none); right is InvoiceIssued"),
    ),
    "an event told twice": (
        "insert into objectry.event (tenant_id, uid, type, service, object, record_id, version)"
        " select tenant_id, gen_random_uuid(), type, service, object, record_id, version"
        " from objectry.event where type = 'InvoiceIssued'",
        (
            "events",
            "version 2 has 2 events (InvoiceIssued InvoiceIssued); right is InvoiceIssued",
        ),
    ),
    "an event of nothing": (
        "update objectry.event set version = 9 where type = 'InvoiceIssued'",
        ("events", "an event tells of version 9, which history has not"),
    ),
    "an orphan line": (
        "set session_replication_role = replica;"
        " update shop.order_line set parent_id = gen_random_uuid()",
        ("links", "the line's order is not there"),
    ),
    "a link to nothing": (
        "set session_replication_role = replica;"
        ' update shop.invoice set "order" = gen_random_uuid()',
        ("links", "order leads to no order"),
    ),
    "a source that vanished": (
        "set session_replication_role = replica; delete from shop.order_line where quantity = 0.5",
        ("conversions", "was made from a order or line that is not there"),
    ),
    "more carried over than there was": (
        "update shop.invoice_line l set quantity = 100.00 from shop.invoice i"
        " where i.id = l.parent_id and i.status = 'issued' and l.position = 1",
        ("conversions", "has 3.00, conversion invoice took 100.00"),
    ),
    "a stored formula that is wrong": (
        "update shop.order set total = total + 1",
        ("formulas", "total is 25, its formula gives 24"),
    ),
    "a line's formula that is wrong": (
        "update shop.order_line set amount = 99 where quantity = 0.5",
        ("formulas", "amount is 99, its formula gives 3"),
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damage_is_found(shop: Shop, database: Database, damage: str) -> None:
    sql, (check, message) = DAMAGES[damage]
    with psycopg.connect(database.owner_dsn, autocommit=True) as connection:
        connection.execute(sql.encode())
    _, troubles = shop.verify()
    found = [one.message for one in troubles if one.check == check]
    assert [one for one in found if one.endswith(message)], troubles


async def test_what_was_given_back_needs_its_source_no_more(
    shop: Shop, owner: psycopg.Connection
) -> None:
    """The line of a source may go once no live target has anything of it."""
    owner.execute(
        "update shop.invoice set status = 'cancelled';"
        " set session_replication_role = replica; delete from shop.order_line where quantity = 0.5"
    )
    _, troubles = shop.verify()
    assert [] == [one.message for one in troubles if one.check == "conversions"]


async def test_a_cancelled_invoice_gives_its_quantity_back(
    shop: Shop, owner: psycopg.Connection
) -> None:
    """Both invoices took everything: were the cancelled one counted, that would be too much."""
    taken = owner.execute("select sum(quantity) from shop.invoice_line").fetchone()
    _, troubles = shop.verify()
    assert (taken, troubles) == ((7,), [])
