"""A small published world for tests of the execution side: definitions in, a live release out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import anyio
import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry.values.ids import new_id
from objectry_runtime.host.live import Live
from objectry_runtime.identity import Call, Principal
from objectry_runtime.publishing import ensure_first_release, live_release
from objectry_runtime.query import Answer
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.keyring import Keyring

KEYRING = Keyring(b"k" * 32)
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ANN = "0190a000-0000-7000-8000-00000000000a"
BOB = "0190a000-0000-7000-8000-00000000000b"

SHOP = """
service: shop
label: Shop
---
role: clerk
label: Clerk
---
role: manager
label: Manager
---
role: cashier
label: Cashier
---
object: customer
service: shop
label: Customer
plural: customers
title: name
fields:
  name: {type: text, required: true}
  country: {type: country}
  email: {type: email}
  credit_limit: {type: money, currency: EUR}
  note: {type: long_text, sensitive: true}
  vip: {type: boolean}
events: {created: CustomerCreated, updated: CustomerUpdated, deleted: CustomerDeleted}
permissions:
  clerk: {read: true, fields: {credit_limit: none, note: none, email: mask}}
  manager: {read: true, create: true, update: true, delete: true}
  cashier: {read: vip, fields: {note: none}}
---
object: order
service: shop
label: Order
plural: orders
numbering: {pattern: "OR-{seq:04}"}
fields:
  customer: {type: link, to: customer}
  order_date: {type: date}
  shipped_at: {type: datetime}
  currency: {type: currency, default: "'EUR'"}
  priority: {type: integer}
  urgent: {type: boolean}
  discount: {type: percent}
  remark: {type: text}
  margin: {type: money}
  lines: {type: table, of: order_line}
  net_total: {type: money, formula: sum(lines.amount)}
  country: {type: country, formula: customer.country}
  overdue: {type: boolean, formula: order_date < today()}
workflow:
  field: status
  initial: draft
  states: {draft: {}, sent: {}, done: {final: true}}
  transitions:
    send: {from: draft, to: sent}
    finish: {from: sent, to: done, roles: [manager]}
events: {created: OrderCreated, updated: OrderUpdated}
permissions:
  clerk:
    read: owner == user.id
    update: owner == user.id
    transitions: [send, finish]
    fields: {margin: none}
  manager: {read: true, create: true, update: true, transitions: "*", fields: {remark: read}}
  cashier: {read: status == 'sent', fields: {remark: none, discount: none}}
---
object: order_line
service: shop
label: Order line
plural: order_lines
fields:
  article: {type: text}
  quantity: {type: decimal, scale: 2}
  unit_price: {type: money}
  amount: {type: money, formula: quantity * unit_price}
"""


def publish(database: Database, documents: str = SHOP) -> Live:
    """The definitions as a live release, its tables made."""
    loaded = load_documents({"objects/world.yaml": documents})
    assert loaded.findings == ()
    ensure_first_release(database, make_release(loaded.definitions), author="test")
    found = live_release(database)
    assert found is not None
    release, storage = found
    return Live(release=release, model=release.model(), storage=storage, settings={}, compiled={})


def principal(*roles: str, user: str = ANN, tenant: int = 1) -> Principal:
    """A caller with these roles."""
    return Principal(
        tenant=tenant, tenant_name="default", user=user, name="ann", roles=frozenset(roles)
    )


def new_call(live: Live, executor: Executor, *roles: str, user: str = ANN) -> Call:
    """A request of a caller with these roles."""
    return Call(
        live=live,
        executor=executor,
        keyring=KEYRING,
        principal=principal(*roles, user=user),
        now=NOW,
        today=NOW.date(),
        correlation="test",
    )


class Store:
    """Puts rows where the write path would, by the owner's connection."""

    def __init__(self, owner: psycopg.Connection, live: Live) -> None:
        self._owner = owner
        self._live = live

    def insert(
        self,
        object_name: str,
        values: Mapping[str, object] | None = None,
        *,
        id: str = "",
        owner: str = ANN,
        parent: str = "",
        position: int = 1,
        tenant: int = 1,
        **more: object,
    ) -> str:
        """Insert one record or line and return its id; values and `more` are by field name."""
        id = id or new_id()
        row: dict[str, object] = {"tenant_id": tenant, "id": id}
        if self._live.model.object(object_name).is_line:
            row |= {"parent_id": parent, "position": position}
        else:
            stamps = {"created_at": NOW, "updated_at": NOW, "created_by": ANN, "updated_by": ANN}
            row |= {"version": 1, "owner": owner, **stamps}
        storage = self._live.storage.objects[object_name]
        row |= {storage.columns[name]: value for name, value in {**(values or {}), **more}.items()}
        self._owner.execute(
            sql.SQL("insert into {}.{} ({}) values ({})").format(
                sql.Identifier(storage.schema),
                sql.Identifier(storage.table),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(sql.Placeholder() * len(row)),
            ),
            list(row.values()),
        )
        return id

    def past(
        self,
        object_name: str,
        id: str,
        version: int,
        record: Mapping[str, object],
        changes: Mapping[str, object] | None = None,
        *,
        op: str = "update",
        at: datetime = NOW,
        event: str = "",
        connection: psycopg.Connection | None = None,
    ) -> None:
        """One version of a record in the history, and the event that refers to it."""
        connection = connection or self._owner
        connection.execute(
            "insert into objectry.history (tenant_id, object, record_id, version, op, at, actor,"
            " release, correlation, record, changes)"
            " values (1, %s, %s, %s, %s, %s, %s, 'r1', 'c1', %s, %s)",
            (object_name, id, version, op, at, ANN, Jsonb(record), Jsonb(changes or {})),
        )
        if event:
            connection.execute(
                "insert into objectry.event (tenant_id, uid, type, service, object, record_id,"
                " version) values (1, %s, %s, 'shop', %s, %s, %s)",
                (new_id(), event, object_name, id, version),
            )

    async def settled(self) -> None:
        """Wait until the feed shows what is committed by now.

        It shows nothing that a transaction still running anywhere on the server might overtake,
        and other tests may be using the same server.
        """
        row = self._owner.execute("select pg_current_xact_id()::text").fetchone()
        assert row is not None
        with anyio.fail_after(60):
            while not self._ended(str(row[0])):
                await anyio.sleep(0.01)

    def _ended(self, xid: str) -> bool:
        row = self._owner.execute(
            "select pg_snapshot_xmin(pg_current_snapshot()) > %s::xid8", (xid,)
        ).fetchone()
        return row is not None and bool(row[0])

    def key(self, object_name: str, id: str, wrapped: bytes) -> None:
        """The wrapped key of a record's sealed values."""
        self._owner.execute(
            "insert into objectry.subject_key (tenant_id, object, record_id, key)"
            " values (1, %s, %s, %s)",
            (object_name, id, wrapped),
        )


def document(answer: Answer) -> dict[str, object]:
    """The answer's JSON."""
    found: dict[str, object] = msgspec.json.decode(answer.body, type=dict[str, object])
    return found


def data(answer: Answer) -> list[dict[str, object]]:
    """The records of a page."""

    class Page(msgspec.Struct):
        data: list[dict[str, object]]

    return msgspec.json.decode(answer.body, type=Page).data


def column(answer: Answer, name: str) -> list[object]:
    """One field of a page's records."""
    return [record[name] for record in data(answer)]


def pairs(**params: str) -> Sequence[tuple[str, str]]:
    """Query parameters."""
    return tuple(params.items())
