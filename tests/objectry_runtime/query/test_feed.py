"""The feed: CloudEvents in order, rights in it, and nothing missed under concurrent writers."""

import threading
from collections.abc import Callable

import msgspec
import psycopg
import pytest

from objectry.values.ids import new_id
from objectry_runtime.identity import Call
from objectry_runtime.query import feed
from objectry_runtime.query.feed import STRETCH
from objectry_runtime.store.database import Database
from tests.world import ANN, BOB, Store, data, document, pairs

pytestmark = pytest.mark.anyio

Caller = Callable[..., Call]


async def read_all(call: Call, *, limit: str = "50", cursor: str = "") -> tuple[list[str], str]:
    """The subjects from a cursor on until a page is empty, and where that was."""
    subjects: list[str] = []
    while True:
        params = pairs(limit=limit, **({"cursor": cursor} if cursor else {}))
        answer = await feed(call, params)
        cursor = str(document(answer)["next"])
        page = [str(event["subject"]) for event in data(answer)]
        if not page:
            return subjects, cursor
        subjects += page


async def test_an_event_is_a_cloud_event(store: Store, call: Caller) -> None:
    id = store.insert("customer", name="Acme", vip=True)
    record = {"id": id, "name": "Acme", "credit_limit": "1.00", "email": "a@b.de"}
    changes = {"name": {"from": None, "to": "Acme"}, "credit_limit": {"from": None, "to": "1.00"}}
    store.past("customer", id, 1, record, changes, event="CustomerCreated")
    await store.settled()

    (manager,) = data(await feed(call("manager"), ()))
    (clerk,) = data(await feed(call("clerk"), ()))

    uid = manager.pop("id")
    assert isinstance(uid, str)
    assert manager == {
        "specversion": "1.0",
        "type": "CustomerCreated",
        "source": "/services/shop",
        "subject": f"customer/{id}",
        "time": "2026-11-22T09:30:00Z",
        "datacontenttype": "application/json",
        "tenant": "default",
        "sequence": "1",
        "actor": ANN,
        "correlationid": "c1",
        "release": "r1",
        "data": {"record": record, "changes": changes},
    }
    assert clerk == manager | {
        "id": uid,
        "data": {
            "record": {"id": id, "name": "Acme", "email": "•••"},
            "changes": {"name": {"from": None, "to": "Acme"}},
        },
    }


async def test_only_events_of_readable_records_come(store: Store, call: Caller) -> None:
    ids: list[str] = []
    for number, owner in enumerate((ANN, BOB, ANN)):
        ids.append(store.insert("order", number=f"OR-{number}", status="draft", owner=owner))
        store.past("order", ids[-1], 1, {"id": ids[-1]}, event="OrderCreated")
    await store.settled()

    mine, _ = await read_all(call("clerk"), limit="1")
    theirs, _ = await read_all(call("clerk", user=BOB), limit="1")
    nobodys, _ = await read_all(call("nobody"))

    assert (mine, theirs, nobodys) == (
        [f"order/{ids[0]}", f"order/{ids[2]}"],
        [f"order/{ids[1]}"],
        [],
    )


async def test_the_cursor_moves_on_over_what_may_not_be_seen(
    store: Store, call: Caller, owner: psycopg.Connection
) -> None:
    other = store.insert("order", number="OR-0001", status="draft", owner=BOB)
    store.past("order", other, 1, {"id": other})
    owner.execute(
        "insert into objectry.event (tenant_id, uid, type, service, object, record_id, version)"
        " select 1, gen_random_uuid(), 'OrderCreated', 'shop', 'order', %s, 1"
        " from generate_series(1, %s)",
        (other, STRETCH + 10),
    )
    mine = store.insert("order", number="OR-0002", status="draft")
    store.past("order", mine, 1, {"id": mine}, event="OrderCreated")
    await store.settled()
    clerk = call("clerk")

    first = await feed(clerk, ())
    second = await feed(clerk, pairs(cursor=str(document(first)["next"])))

    assert (data(first), [event["subject"] for event in data(second)]) == ([], [f"order/{mine}"])


async def test_another_tenants_cursor_and_events_are_foreign(store: Store, call: Caller) -> None:
    id = store.insert("customer", name="Acme")
    store.past("customer", id, 1, {"id": id}, event="CustomerCreated")
    await store.settled()
    admin = call("admin")
    other = msgspec.structs.replace(
        admin, principal=msgspec.structs.replace(admin.principal, tenant=2)
    )

    assert (len(data(await feed(admin, ()))), data(await feed(other, ()))) == (1, [])


async def test_a_slow_transaction_is_not_overtaken(
    store: Store, call: Caller, database: Database
) -> None:
    """What commits late would be skipped by a cursor that had already passed its place."""
    ids = [store.insert("customer", name=name) for name in ("slow", "fast")]
    admin = call("admin")
    with database.connect_owner() as slow:
        with slow.transaction():
            store.past(
                "customer", ids[0], 1, {"id": ids[0]}, event="CustomerCreated", connection=slow
            )
            store.past("customer", ids[1], 1, {"id": ids[1]}, event="CustomerCreated")
            before, cursor = await read_all(admin)
        await store.settled()
        after, _ = await read_all(admin, cursor=cursor)

    assert (before, after) == ([], [f"customer/{id}" for id in ids])


async def test_nothing_is_missed_while_many_write(
    store: Store, call: Caller, database: Database
) -> None:
    writers, each = 6, 25
    ids = [[new_id() for _ in range(each)] for _ in range(writers)]
    for number, id in enumerate(id for mine in ids for id in mine):
        store.insert("customer", id=id, name=f"c{number}")
    start = threading.Barrier(writers)

    def write(mine: list[str]) -> None:
        with database.connect_owner() as connection:
            start.wait()
            for id in mine:
                with connection.transaction():
                    connection.execute("select pg_current_xact_id()")
                    connection.execute("select pg_sleep(random() * 0.01)")
                    store.past(
                        "customer", id, 1, {}, event="CustomerCreated", connection=connection
                    )
                    connection.execute("select pg_sleep(random() * 0.01)")

    threads = [threading.Thread(target=write, args=(mine,)) for mine in ids]
    for thread in threads:
        thread.start()
    seen: list[str] = []
    cursor = ""
    while any(thread.is_alive() for thread in threads):
        page, cursor = await read_all(call("admin"), limit="7", cursor=cursor)
        seen += page
    for thread in threads:
        thread.join()
    await store.settled()
    rest, _ = await read_all(call("admin"), cursor=cursor)

    assert sorted((*seen, *rest)) == sorted(f"customer/{id}" for mine in ids for id in mine)
