"""What a merge takes keeps its meaning, and the two leave nothing of each other behind."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.command import update
from objectry_runtime.problems import Problem
from objectry_runtime.publishing import ensure_first_release, live_release
from objectry_runtime.services.verification.checks import verify
from objectry_runtime.services.verification.view import Trouble
from objectry_runtime.store.database import Database
from tests.conftest import temporary_database
from tests.executors import new_executor
from tests.objectry_runtime.command.world import World, errors, make_live, text

pytestmark = pytest.mark.anyio

Record = dict[str, Any]

DEFINITIONS = """
service: club
---
object: kind
service: club
tree: true
title: name
fields: {name: {type: text}}
duplicates: {threshold: 60, match: [{field: name, score: 60}]}
permissions: {}
---
object: member
service: club
soft_delete: true
title: name
fields:
  name:     {type: text, translate: true}
  currency: {type: currency, default: "'EUR'"}
  dues:     {type: money}
  token:    {type: secret}
  boss:     {type: link, to: member}
  anyone:   {type: link, to: [member, kind]}
  friends:  {type: links, to: member}
  rows:     {type: table, of: member_row}
  paid:     {rollup: {op: sum, of: payment, via: member, field: amount}, stored: true}
  staff:    {rollup: {op: count, of: member, via: boss}, stored: true}
duplicates: {threshold: 60, match: [{field: name, score: 60}]}
permissions: {}
---
object: member_row
service: club
fields:
  knows:  {type: link, to: member}
  others: {type: links, to: member}
  price:  {type: money}
---
object: payment
service: club
fields:
  member: {type: link, to: member, required: true}
  amount: {type: decimal, scale: 2, default: 1}
permissions: {}
---
object: booking
service: club
title: name
fields:
  name: {type: text}
  rows: {type: table, of: booking_row}
conversions:
  visit:
    to: visit
    releases_when: status == 'void'
    lines: {from: rows, to: rows, quantity: hours, map: {hours: hours}}
  close: {to: visit, map: {name: name}}
duplicates: {threshold: 60, match: [{field: name, score: 60}]}
permissions: {}
---
object: booking_row
service: club
fields: {hours: {type: decimal, scale: 1}}
---
object: visit
service: club
soft_delete: true
title: name
fields:
  name: {type: text}
  rows: {type: table, of: visit_row}
workflow:
  initial: made
  states: [made, void]
  transitions: {void: {from: made, to: void}}
duplicates: {threshold: 60, match: [{field: name, score: 60}]}
permissions: {}
---
object: visit_row
service: club
fields: {hours: {type: decimal, scale: 1}}
"""


@pytest.fixture(scope="module")
def club_database(server_dsn: str, template_database: str) -> Iterator[Database]:
    loaded = load_documents({"club.yaml": DEFINITIONS})
    assert [] == [str(one) for one in loaded.findings]
    with temporary_database(server_dsn, template_database) as database:
        ensure_first_release(database, make_release(loaded.definitions), "test")
        yield database


@pytest.fixture
async def club(club_database: Database) -> AsyncIterator[World]:
    """The club; what a test leaves there is sound."""
    pool = new_executor(club_database.runtime_dsn, size=8)
    await pool.open()
    live = live_release(club_database)
    assert live is not None
    world = World(make_live(*live), pool)
    yield world
    await pool.close()
    troubles: list[Trouble] = []
    assert list(verify(club_database, world.live, troubles.append, keyring=world.keyring))
    assert [] == troubles


async def merged(club: World, object_name: str, winner: Record, loser: Record, **more: Any) -> Any:
    return await club.do(object_name, winner["id"], "merge", **{"with": loser["id"], **more})


async def test_a_merge_makes_no_circle_in_a_tree(club: World) -> None:
    top = await club.make("kind", name="top")
    middle = await club.make("kind", name="middle", parent=top["id"])
    low = await club.make("kind", name="low", parent=middle["id"])
    with pytest.raises(Problem) as problem:
        await merged(club, "kind", low, top)
    assert {"/parent": "cycle"} == errors(problem.value)
    assert top["id"] == (await merged(club, "kind", middle, low))["parent"]
    assert (await merged(club, "kind", middle, top))["parent"] is None
    root, other = await club.make("kind", name="root"), await club.make("kind", name="other")
    below = await club.make("kind", name="below", parent=other["id"])
    assert (await merged(club, "kind", root, below))["parent"] is None, "a root is a place"


async def test_two_that_name_each_other_do_not_afterwards(club: World) -> None:
    winner, loser = await club.make("member"), await club.make("member")
    other = await club.make("member")
    one, two, third = winner["id"], loser["id"], other["id"]
    row = {"knows": two, "others": [two, third]}
    await club.change("member", two, boss=one, anyone=two, friends=[one], rows=[row])
    await club.change("member", one, boss=two, anyone=two, friends=[two, third], rows=[row])
    told = await merged(club, "member", winner, loser)
    assert (None, None, [third]) == (told["boss"], told["anyone"], told["friends"])
    assert [(one, [one, third])] * 2 == [(line["knows"], line["others"]) for line in told["rows"]]
    assert (0, 0) == (told["staff"], (await club.do("member", two, "restore"))["staff"])


async def test_amounts_stay_in_their_currency(club: World) -> None:
    winner = await club.make("member")
    loser = await club.make("member", currency="BHD", dues="1.234")
    with pytest.raises(Problem) as problem:
        await merged(club, "member", winner, loser, take=["dues"])
    assert {"/take/0": "currency"} == errors(problem.value)
    assert (await merged(club, "member", winner, loser))["dues"] is None
    loser = await club.make("member", currency="BHD", dues="1.234")
    told = await merged(club, "member", winner, loser, take=["currency", "dues"])
    assert ("BHD", "1.234") == (told["currency"], told["dues"])
    yen = await club.make("member", currency="JPY", rows=[{"price": "5"}])
    with pytest.raises(Problem) as problem:
        await merged(club, "member", winner, yen)
    assert {"/with": "currency"} == errors(problem.value)


async def test_texts_go_with_their_translations_and_secrets_open(club: World) -> None:
    winner = await club.make("member", name="One")
    loser = await club.make("member", name="Two", token="s3cret")
    given = text({"name": {"de": "Zwei"}})
    await update(club.call(), "member", loser["id"], given)
    assert (await merged(club, "member", winner, loser))["name_translations"] is None
    nameless, two = await club.make("member"), await club.make("member", name="Two")
    await update(club.call(), "member", two["id"], given)
    told = await merged(club, "member", nameless, two)
    assert ("Two", {"de": "Zwei"}) == (told["name"], told["name_translations"])


async def test_a_merge_takes_no_more_than_was_open(club: World) -> None:
    booking = await club.make("booking", rows=[{"hours": "2"}])
    void = await club.do("booking", booking["id"], "visit")
    await club.do("visit", void["id"], "void")
    visit = await club.do("booking", booking["id"], "visit")
    with pytest.raises(Problem) as problem:
        await merged(club, "visit", visit, void)
    assert {"/rows/0/hours": "open_quantity", "/rows/1/hours": "open_quantity"} == errors(
        problem.value
    )
    assert 2 == len((await merged(club, "visit", void, visit))["rows"]), "it is released"
    pair = [await club.make("booking") for _ in range(2)]
    await club.do("booking", pair[1]["id"], "close")
    assert pair[0]["id"] == (await merged(club, "booking", pair[0], pair[1]))["id"]
    third = await club.make("booking")
    await club.do("booking", third["id"], "close")
    with pytest.raises(Problem) as problem:
        await merged(club, "booking", third, pair[0])
    assert {"/with": "open_quantity"} == errors(problem.value)


async def test_what_is_no_key_at_all_is_no_record(club: World) -> None:
    one = await club.make("member")
    with pytest.raises(Problem) as problem:
        await merged(club, "member", one, {"id": "a\0b"})
    assert {"/with": "link"} == errors(problem.value)


async def test_what_is_linked_while_it_is_merged_goes_along_or_is_refused(club: World) -> None:
    async def pay(id: str) -> Record:
        return await club.make("payment", member=id)

    for _ in range(3):
        one, two = await club.make("member"), await club.make("member")
        tasks = [merged(club, "member", one, two), merged(club, "member", two, one)]
        payments = [pay(each["id"]) for each in (two, one) * 5]
        results: list[Any] = await asyncio.gather(*tasks, *payments, return_exceptions=True)
        refused = [each for each in results if isinstance(each, BaseException)]
        assert all(isinstance(each, Problem) and each.status in (404, 422) for each in refused)
        stays = [each for each in results[:2] if not isinstance(each, BaseException)]
        assert 1 == len(stays), results[:2]
        made = [each for each in results[2:] if not isinstance(each, BaseException)]
        assert f"{len(made)}.00" == (await club.get("member", stays[0]["id"]))["paid"]
