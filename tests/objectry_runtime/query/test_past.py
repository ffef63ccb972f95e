"""History: who may see which change, sealed values, the record as it was."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from objectry_runtime.events import Subject, new_subject_key, seal, wrap_key
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import history
from tests.world import ANN, BOB, KEYRING, NOW, Store, data, document, pairs

pytestmark = pytest.mark.anyio

Caller = Callable[..., Call]


@pytest.fixture
def customer(store: Store) -> str:
    """A customer of three versions, a day apart; the note is sealed."""
    id = store.insert("customer", name="Acme GmbH", vip=True, note="late payer")
    subject, key = Subject(1, "customer", id), new_subject_key()
    store.key("customer", id, wrap_key(KEYRING, key, subject))
    first, second = seal(key, "new", subject, "note"), seal(key, "late payer", subject, "note")
    record = {"id": id, "name": "Acme", "vip": True, "note": first, "credit_limit": "5.00"}
    store.past("customer", id, 1, record, op="create", at=NOW)
    store.past(
        "customer",
        id,
        2,
        record | {"note": second},
        {"note": {"from": first, "to": second}},
        at=NOW + timedelta(days=1),
    )
    store.past(
        "customer",
        id,
        3,
        record | {"note": second, "name": "Acme GmbH", "gone": 1},
        {"name": {"from": "Acme", "to": "Acme GmbH"}, "gone": {"from": None, "to": 1}},
        at=NOW + timedelta(days=2),
    )
    return id


async def status(call: Call, object_name: str, key: str, **params: str) -> int:
    with pytest.raises(Problem) as refused:
        await history(call, object_name, key, pairs(**params))
    return refused.value.status


async def test_versions_come_newest_first(customer: str, call: Caller) -> None:
    answer = await history(call("manager"), "customer", customer, ())

    stamp = {"action": None, "actor": ANN, "release": "r1", "correlation": "c1"}
    assert document(answer) == {
        "data": [
            {
                "version": 3,
                "op": "update",
                "at": "2026-11-24T09:30:00Z",
                **stamp,
                "changes": {"name": {"from": "Acme", "to": "Acme GmbH"}},
            },
            {
                "version": 2,
                "op": "update",
                "at": "2026-11-23T09:30:00Z",
                **stamp,
                "changes": {"note": {"from": "new", "to": "late payer"}},
            },
            {
                "version": 1,
                "op": "create",
                "at": "2026-11-22T09:30:00Z",
                **stamp,
                "changes": {},
            },
        ],
        "next": None,
    }


async def test_changes_of_hidden_fields_are_not_shown(customer: str, call: Caller) -> None:
    answer = await history(call("clerk"), "customer", customer, ())

    assert [version["changes"] for version in data(answer)] == [
        {"name": {"from": "Acme", "to": "Acme GmbH"}},
        {},
        {},
    ]


async def test_an_erased_key_leaves_null(
    customer: str, call: Caller, owner: psycopg.Connection
) -> None:
    owner.execute("delete from objectry.subject_key")

    answer = await history(call("manager"), "customer", customer, ())

    assert data(answer)[1]["changes"] == {"note": {"from": None, "to": None}}


async def test_pages_of_a_history_join(customer: str, call: Caller) -> None:
    first = await history(call("manager"), "customer", customer, pairs(limit="2"))
    cursor = str(document(first)["next"])
    last = await history(call("manager"), "customer", customer, pairs(limit="2", cursor=cursor))

    assert [one["version"] for one in (*data(first), *data(last))] == [3, 2, 1]
    assert document(last)["next"] is None


@pytest.mark.parametrize(
    ("days", "name", "note"),
    [(0, "Acme", "new"), (1.5, "Acme", "late payer"), (9, "Acme GmbH", "late payer")],
)
async def test_the_record_as_it_was(
    days: float, name: str, note: str, customer: str, call: Caller
) -> None:
    at = (NOW + timedelta(days=days)).isoformat()

    manager = await history(call("manager"), "customer", customer, pairs(at=at))
    clerk = await history(call("clerk"), "customer", customer, pairs(at=at))

    shown = {"id": customer, "name": name}
    assert document(manager) == shown | {"credit_limit": "5.00", "note": note, "vip": True}
    assert document(clerk) == shown | {"vip": True}


async def test_before_it_was_made_there_is_no_record(customer: str, call: Caller) -> None:
    at = (NOW - timedelta(seconds=1)).isoformat()

    assert await status(call("manager"), "customer", customer, at=at) == 404


async def test_history_is_the_records_own(customer: str, store: Store, call: Caller) -> None:
    mine = store.insert("order", number="OR-0001", status="draft", owner=BOB)
    store.past("order", mine, 1, {"id": mine}, op="create")

    assert await status(call("clerk"), "order", mine) == 404
    assert await status(call("clerk"), "order", "OR-0001") == 404
    assert await status(call("nobody"), "order", mine) == 404
    assert await status(call("clerk", user=BOB), "order", "OR-0002") == 404
    found = await history(call("clerk", user=BOB), "order", "OR-0001", ())
    assert [one["version"] for one in data(found)] == [1]


async def test_the_deleted_are_seen_by_who_reads_all(
    customer: str, store: Store, call: Caller, owner: psycopg.Connection
) -> None:
    gone = {"id": customer, "name": "Acme GmbH"}
    store.past("customer", customer, 4, gone, op="delete", at=NOW + timedelta(days=3))
    owner.execute("delete from shop.customer")

    found = await history(call("clerk"), "customer", customer, ())

    later = (NOW + timedelta(days=4)).isoformat()
    assert data(found)[0]["op"] == "delete"
    assert await status(call("clerk"), "customer", customer, at=later) == 404
    assert await status(call("cashier"), "customer", customer) == 404  # reads only some


async def test_a_field_of_some_records_is_decided_by_the_record_now(
    store: Store, call: Caller
) -> None:
    """Clerk and cashier together read the margin of sent orders."""
    shown: list[object] = []
    for number, state in (("OR-0001", "draft"), ("OR-0002", "sent")):
        id = store.insert("order", number=number, status=state)
        store.past("order", id, 1, {"id": id}, {"margin": {"from": None, "to": "3.00"}})
        answer = await history(call("clerk", "cashier"), "order", id, ())
        shown.append(data(answer)[0]["changes"])

    assert shown == [{}, {"margin": {"from": None, "to": "3.00"}}]
