"""What a write answers is, byte for byte, what a GET answers right after it."""

from typing import Any

import msgspec
import pytest

from objectry_runtime.command import create, update
from objectry_runtime.identity import Call
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.single import get_record
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from objectry_runtime.workflow import act
from tests.objectry_runtime.command.world import World, body, text
from tests.suite.world import caller
from tests.world import publish

pytestmark = pytest.mark.anyio

TREE = """
service: garden
---
role: reader
label: Reader
---
object: node
service: garden
numbering: {pattern: "N-{seq}"}
fields:
  name:   {type: text, required: true}
  size:   {type: decimal, scale: 1, default: 1}
  secret: {type: text}
  up:     {type: link, to: node}
  above:  {type: text, formula: up.name}
  depth:  {type: integer, formula: "days_between(planted, today())"}
  planted: {type: date, default: today()}
  parts:  {type: table, of: part}
  weight: {type: decimal, scale: 1, formula: sum(parts.weight)}
permissions:
  reader:
    read: up is None or up.name != 'walled'
    create: true
    update: true
    fields: {secret: none}
---
object: part
service: garden
fields:
  weight: {type: decimal, scale: 1, default: 1}
  other:  {type: link, to: node}
  near:   {type: text, formula: other.name}
  of:     {type: text, formula: parent.name}
---
object: pot
service: garden
fields:
  name:  {type: text, required: true}
  node:  {type: link, to: node}
  plant: {type: text, formula: node.name}
  days:  {type: integer, formula: "days_between(bought, today())"}
  bought: {type: date, default: today()}
  shards: {type: table, of: shard}
permissions:
  reader: {read: name != 'hidden', create: true, update: true}
---
object: shard
service: garden
fields:
  size:  {type: decimal, scale: 1, default: 1}
  label: {type: text, formula: "concat(parent.name, ' ', parent.plant)"}
"""


async def same(call: Call, object_name: str, answer: Answer) -> dict[str, Any]:
    """The record of an answer, once it is what a GET answers."""
    read = await get_record(call, object_name, body(answer)["id"], ())
    assert read.body == answer.body
    assert read.headers["ETag"] == answer.headers["ETag"]
    return body(answer)


@pytest.mark.parametrize("role", ["admin", "reader"])
async def test_links_to_its_own_kind_are_answered_as_they_are_read(
    database: Database, executor: Executor, role: str
) -> None:
    """What a record shows of others of its object, itself too, is there in the write's answer."""
    new_call = caller(publish(database, TREE), executor, role)
    root = await same(
        new_call(),
        "node",
        await create(new_call(), "node", text({"name": "root", "parts": [{"weight": "2"}]})),
    )
    assert ("2.0", [None], ["root"]) == (
        root["weight"],
        [part["near"] for part in root["parts"]],
        [part["of"] for part in root["parts"]],
    )
    leaf = await same(
        new_call(),
        "node",
        await create(
            new_call(),
            "node",
            text({"name": "leaf", "up": root["id"], "parts": [{"other": root["id"]}]}),
        ),
    )
    assert ("root", "root") == (leaf["above"], leaf["parts"][0]["near"])
    looped = await same(
        new_call(), "node", await update(new_call(), "node", leaf["id"], text({"up": leaf["id"]}))
    )
    assert "leaf" == looped["above"]
    renamed = await same(
        new_call(), "node", await update(new_call(), "node", leaf["id"], text({"name": "twig"}))
    )
    assert ("twig", "twig") == (renamed["above"], renamed["parts"][0]["of"])


@pytest.mark.parametrize("role", ["admin", "reader"])
async def test_each_way_to_change_lines_is_answered_as_it_is_read(
    database: Database, executor: Executor, role: str
) -> None:
    """New, changed, moved and removed lines, and none touched, beside live fields and links."""
    new_call = caller(publish(database, TREE), executor, role)
    node = body(await create(new_call(), "node", text({"name": "root"})))
    pot = await same(
        new_call(),
        "pot",
        await create(
            new_call(), "pot", text({"name": "p", "node": node["id"], "shards": [{}, {"size": 3}]})
        ),
    )
    assert ["p root", "p root"] == [shard["label"] for shard in pot["shards"]]
    first, second = pot["shards"]
    changes: list[dict[str, object]] = [
        {"name": "q"},
        {"shards": [{"id": second["id"]}, {"id": first["id"]}]},
        {"shards": [{"id": first["id"], "size": 9}, {"id": second["id"]}, {}]},
        {"shards": [{"id": second["id"]}]},
        {"shards": []},
        {"node": None},
        {},
    ]
    seen: list[tuple[object, list[object]]] = []
    for change in changes:
        answer = await update(new_call(), "pot", pot["id"], text(change))
        now = await same(new_call(), "pot", answer)
        seen.append((now["plant"], [shard["size"] for shard in now["shards"]]))
    assert [
        ("root", ["1.0", "3.0"]),
        ("root", ["3.0", "1.0"]),
        ("root", ["9.0", "3.0", "1.0"]),
        ("root", ["3.0"]),
        ("root", []),
        (None, []),
        (None, []),
    ] == seen


async def test_who_may_not_read_what_they_wrote_learns_its_id(
    database: Database, executor: Executor
) -> None:
    """A row rule that the new record does not meet hides it from its writer."""
    live = publish(database, TREE)
    reader, admin = caller(live, executor, "reader"), caller(live, executor, "admin")
    hidden = await create(reader(), "pot", text({"name": "hidden"}))
    assert ["id"] == list(body(hidden))
    walled = body(await create(admin(), "node", text({"name": "walled", "secret": "s"})))
    below = await create(reader(), "node", text({"name": "below", "up": walled["id"]}))
    assert ["id"] == list(body(below))
    shown = body(await create(reader(), "node", text({"name": "free"})))
    assert "secret" not in shown


@pytest.mark.parametrize("role", ["admin", "clerk", "chief"])
async def test_transitions_are_answered_as_they_are_read(world: World, role: str) -> None:
    ada = await world.make("customer", name="Ada")
    sale = await world.make("sale", customer=ada["id"], lines=[{"what": "Tea", "price": "1"}])
    if role == "chief":
        await world.do("sale", sale["id"], "agree")
    name = "reopen" if role == "chief" else "agree"
    answer = await act(world.call(role), "sale", sale["id"], name, b"{}")
    await same(world.call(role), "sale", answer)


async def test_a_kept_answer_is_the_same(world: World) -> None:
    """With an idempotency key the answer is a statement of its own, and no other."""
    call = msgspec.structs.replace(world.call("clerk"), idempotency_key="k")
    first = await create(call, "customer", text({"name": "Ada", "code": "K1"}))
    again = await create(call, "customer", text({"name": "Ada", "code": "K1"}))
    assert first.body == again.body
    await same(call, "customer", first)
