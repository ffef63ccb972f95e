"""Statements are kept by query and roles: who asks, of which tenant and when, never leaks in."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import msgspec
import psycopg
import pytest

from objectry.compiler.codecs.issue import is_object
from objectry_runtime.host.live import Live
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import get_record, list_records
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.world import ANN, BOB, Store, column, document, new_call, pairs, principal, publish

pytestmark = pytest.mark.anyio

DIARY = """
service: office
---
role: writer
---
object: entry
service: office
fields:
  title:  {type: text}
  open:   {type: date}
  mood:
    type: select
    options: [{value: good}, {value: "so-so"}, {value: "it's"}, {value: "a\\\\b"}]
  reader: {type: text}
  pages:  {type: table, of: page}
  due:    {type: boolean, formula: open < today()}
permissions:
  writer: {read: owner == user.id or reader == user.name or open < today()}
---
object: page
service: office
fields:
  words: {type: text}
---
object: note
service: office
fields:
  entry: {type: link, to: entry}
permissions:
  writer: {read: true}
"""

As = Callable[..., Call]


@pytest.fixture
def live(database: Database) -> Live:
    return publish(database, DIARY)


@pytest.fixture
def store(owner: psycopg.Connection, live: Live) -> Store:
    return Store(owner, live)


@pytest.fixture
def call(live: Live, executor: Executor) -> As:
    def made(user: str, name: str, *, tenant: int = 1, days: int = 0) -> Call:
        one = new_call(live, executor, "writer")
        who = principal("writer", user=user, tenant=tenant)
        return msgspec.structs.replace(
            one,
            principal=msgspec.structs.replace(who, name=name),
            now=one.now + timedelta(days=days),
            today=one.today + timedelta(days=days),
        )

    return made


async def sees(call: Call, ids: list[str], notes: list[str]) -> list[set[str]]:
    """What one caller sees of the entries, by each way there is to read them."""
    page = await list_records(call, "entry", pairs(count="exact"))
    assert document(page)["count"] == len(column(page, "id"))
    got: set[str] = set()
    linked: set[str] = set()
    for id in ids:
        with suppress(Problem):
            await get_record(call, "entry", id, ())
            got.add(id)
    for note in notes:
        entry = document(await get_record(call, "note", note, pairs(expand="entry")))["entry"]
        if is_object(entry):
            linked.add(str(entry["id"]))
    cursor, paged = None, set[str]()
    while True:
        more: dict[str, str] = {"cursor": cursor} if isinstance(cursor, str) else {}
        one = await list_records(call, "entry", pairs(limit="1", sort="-title", **more))
        paged |= {str(id) for id in column(one, "id")}
        cursor = document(one)["next"]
        if cursor is None:
            return [{str(id) for id in column(page, "id")}, got, linked, paged]


async def test_the_same_roles_see_what_each_user_may(store: Store, call: As) -> None:
    """Two users, two tenants and two days take turns over one kept statement of each shape."""
    today = call(ANN, "ann").today
    soon = today + timedelta(days=1)
    far = today + timedelta(days=99)
    anns = store.insert("entry", title="a", open=far, owner=ANN)
    bobs = store.insert("entry", title="b", open=far, owner=BOB)
    lent = store.insert("entry", title="c", open=far, owner=BOB, reader="ann")
    tomorrow = store.insert("entry", title="d", open=today, owner=BOB)
    later = store.insert("entry", title="e", open=soon, owner=BOB)
    ids = [anns, bobs, lent, tomorrow, later]
    notes = [store.insert("note", entry=id) for id in ids]
    everything = {bobs, lent, tomorrow, later}

    for _ in range(2):
        for caller, seen in (
            (call(ANN, "ann"), {anns, lent}),
            (call(BOB, "bob"), everything),
            (call(ANN, "ann", days=1), {anns, lent, tomorrow}),
            (call(ANN, "bob"), {anns}),
            (call(ANN, "ann", days=2), {anns, lent, tomorrow, later}),
        ):
            assert [seen] * 4 == await sees(caller, ids, notes)
        nothing: set[str] = set()
        assert [nothing] * 4 == await sees(call(BOB, "bob", tenant=2), ids, [])


async def test_a_cursor_of_another_user_shows_ones_own(store: Store, call: As) -> None:
    """A cursor says where to go on, never what may be seen."""
    far = call(ANN, "ann").today + timedelta(days=99)
    for title, owner in (("a", ANN), ("b", BOB), ("c", ANN), ("d", BOB)):
        store.insert("entry", title=title, open=far, owner=owner)
    query = {"limit": "1", "sort": "title"}
    first = document(await list_records(call(ANN, "ann"), "entry", pairs(**query)))

    more = pairs(**query, cursor=str(first["next"]))
    assert ["b"] == column(await list_records(call(BOB, "bob"), "entry", more), "title")
    assert ["c"] == column(await list_records(call(ANN, "ann"), "entry", more), "title")


@pytest.mark.parametrize("mood", ["good", "so-so", "it's", "a\\b"])
async def test_options_are_found_whatever_is_in_them(store: Store, call: As, mood: str) -> None:
    """Quotes and backslashes are values like all others."""
    for one in ("good", "so-so", "it's", "a\\b"):
        store.insert("entry", title=one, mood=one)

    for _ in range(2):
        page = await list_records(call(ANN, "ann"), "entry", pairs(mood=mood))
        assert [mood] == column(page, "title")


@pytest.mark.parametrize(
    "mood",
    [
        "good' or true --",
        "good'",
        "good\\",
        "good\n",
        "good\x00",
        "\u0261ood",
        "good ",
        "",
        "$1",
        "\uff47ood",
        "good\u0327",
    ],
)
async def test_what_is_no_option_is_refused(store: Store, call: As, mood: str) -> None:
    """It never gets near a statement."""
    store.insert("entry", title="a", mood="good")

    with pytest.raises(Problem) as refused:
        await list_records(call(ANN, "ann"), "entry", pairs(mood=mood))
    assert refused.value.status == 400
