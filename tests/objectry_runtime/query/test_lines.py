"""Lines with permissions of their own: both they and the record that owns them must admit."""

from decimal import Decimal

import psycopg
import pytest

from objectry_runtime.events.json_values import as_object, as_rows
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import feed, get_record, history, list_records
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.world import ANN, BOB, Store, column, data, document, new_call, pairs, publish

pytestmark = pytest.mark.anyio

DOCS = """
service: docs
label: Docs
---
object: doc
service: docs
label: Doc
plural: docs
fields:
  name: {type: text}
  items: {type: table, of: item}
  total: {type: decimal, scale: 2, formula: sum(items.amount)}
events: {created: DocCreated}
permissions:
  some: {read: owner == user.id}
  most: {read: true}
  none: {read: true}
---
object: item
service: docs
label: Item
plural: items
fields:
  text: {type: text}
  amount: {type: decimal, scale: 2}
  cost: {type: decimal, scale: 2}
  internal: {type: boolean}
permissions:
  some: {read: not internal, fields: {cost: none}}
  most: {read: true, fields: {cost: none}}
"""
MINE, THEIRS = (f"0190a000-0000-7000-8000-00000000030{n}" for n in (1, 2))


@pytest.fixture
async def world(database: Database, owner: psycopg.Connection, executor: Executor) -> Call:
    """A doc of Ann's and one of Bob's, each with an open and an internal item."""
    live = publish(database, DOCS)
    store = Store(owner, live)
    for id, name, who in ((MINE, "mine", ANN), (THEIRS, "theirs", BOB)):
        store.insert("doc", id=id, name=name, owner=who, total=Decimal("3.00"))
        rows: list[dict[str, object]] = []
        for position, (text, internal) in enumerate((("open", False), ("internal", True)), 1):
            row = {"text": text, "internal": internal, "amount": Decimal(f"{position}.00")}
            store.insert("item", row, parent=id, position=position, cost=Decimal("9.00"))
            rows.append({"text": text, "internal": internal, "cost": "9.00"})
        image = {"name": name, "items": rows}
        changes = {"items": {"from": [], "to": rows}}
        store.past("doc", id, 1, image, changes, op="create", event="DocCreated")
    await store.settled()
    return new_call(live, executor, "some")


def as_role(call: Call, role: str) -> Call:
    return new_call(call.live, call.executor, role)


async def test_a_record_shows_the_lines_that_admit(world: Call) -> None:
    shown = {
        role: document(await get_record(as_role(world, role), "doc", MINE, pairs(fields="items")))
        for role in ("some", "most")
    }

    texts = {
        role: [as_object(row)["text"] for row in as_rows(found["items"])]
        for role, found in shown.items()
    }
    keys = {
        key for found in shown.values() for row in as_rows(found["items"]) for key in as_object(row)
    }
    assert texts == {"some": ["open"], "most": ["open", "internal"]}
    assert keys == {"id", "text", "amount", "internal"}


async def test_a_line_needs_the_right_on_its_record_too(world: Call) -> None:
    own_path = await list_records(world, "item", pairs(sort="text"))

    assert [(one["text"], one["parent"]) for one in data(own_path)] == [("open", MINE)]


async def test_a_callers_expression_sees_only_lines_it_may(world: Call) -> None:
    for role, where, expected in (
        ("some", "any(items.internal)", []),
        ("most", "any(items.internal)", ["mine", "theirs"]),
        ("some", "sum(items.amount) == 1", ["mine"]),
        ("most", "sum(items.amount) == 3", ["mine", "theirs"]),
        ("some", "count(items) > 1", []),
    ):
        found = await list_records(as_role(world, role), "doc", pairs(where=where, sort="name"))
        assert (role, where, column(found, "name")) == (role, where, expected)


async def test_the_authors_formula_sees_all(world: Call) -> None:
    """A derived field has a right of its own."""
    assert column(await list_records(world, "doc", ()), "total") == ["3.00"]


async def test_lines_nobody_granted_are_as_if_there_were_no_table(world: Call) -> None:
    nothing = as_role(world, "none")

    assert "items" not in document(await get_record(nothing, "doc", MINE, ()))
    for params in (pairs(expand="items"), pairs(where="count(items) > 0")):
        with pytest.raises(Problem) as refused:
            await list_records(nothing, "doc", params)
        assert refused.value.status == 400
    with pytest.raises(Problem) as refused:
        await list_records(nothing, "item", ())
    assert refused.value.status == 403


async def test_the_past_shows_lines_only_to_who_reads_every_one(world: Call) -> None:
    shown: dict[str, list[object]] = {}
    for role in ("some", "most", "none"):
        call = as_role(world, role)
        then = await history(call, "doc", MINE, pairs(at="2030-01-01T00:00:00Z"))
        (version,) = data(await history(call, "doc", MINE, ()))
        event = as_object(data(await feed(call, ()))[0]["data"])
        shown[role] = [document(then), version["changes"], event["record"], event["changes"]]

    rows = [{"text": "open", "internal": False}, {"text": "internal", "internal": True}]
    image, changes = {"name": "mine", "items": rows}, {"items": {"from": [], "to": rows}}
    nothing = [{"name": "mine"}, {}, {"name": "mine"}, {}]
    assert shown == {"some": nothing, "most": [image, changes, image, changes], "none": nothing}
