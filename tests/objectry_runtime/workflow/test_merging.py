"""Duplicates are found by what is alike, and merged: every reference goes along."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.problems import Problem
from objectry_runtime.publishing import ensure_first_release, live_release
from objectry_runtime.query import duplicates
from objectry_runtime.services.verification.checks import verify
from objectry_runtime.services.verification.view import Trouble
from objectry_runtime.store.database import Database
from tests.conftest import temporary_database
from tests.executors import new_executor
from tests.objectry_runtime.command.world import World, body, errors, make_live, refusal

pytestmark = pytest.mark.anyio

Record = dict[str, Any]

DEFINITIONS = """
service: firm
---
role: clerk
label: Clerk
---
role: reader
label: Reader
---
role: agent
label: Agent
---
role: minder
label: Minder
---
object: customer
service: firm
title: name
numbering: {pattern: "C-{seq:04}"}
fields:
  name:     {type: text, required: true}
  vat_id:   {type: text, unique: true}
  email:    {type: email, sensitive: true}
  phone:    {type: text}
  limit:    {type: money, currency: EUR}
  above:    {type: link, to: customer}
  contacts: {type: table, of: contact}
  sold:     {rollup: {op: sum, of: sale, via: customer, field: amount}, stored: true}
duplicates:
  threshold: 60
  match:
    - {field: name, by: words, score: 60}
    - {field: vat_id, score: 100}
    - {field: email, score: 50}
    - {field: contacts.mail, score: 40}
events:
  created: CustomerCreated
  updated: CustomerUpdated
  deleted: CustomerDeleted
  merged: CustomerMerged
permissions:
  clerk:
    read: name != 'Hidden Ltd'
    create: true
    update: true
    delete: name != 'Locked AG'
    fields: {email: none}
  reader: {read: true}
  agent: {read: true, update: true, delete: true, fields: {limit: none}}
  minder: {read: phone == 'mine'}
---
object: contact
service: firm
fields:
  mail: {type: email}
  note: {type: text}
---
object: sale
service: firm
fields:
  customer: {type: link, to: customer, required: true}
  ship_to:  {type: link, to: customer}
  said:     {type: text, formula: customer.name, snapshot: true}
  amount:   {type: money, currency: EUR, default: 0}
  parts:    {type: table, of: part}
immutable: {when: amount > 1000}
events: {updated: SaleUpdated}
permissions:
  clerk: {read: true, create: true}
---
object: part
service: firm
fields:
  maker: {type: link, to: customer}
  what:  {type: text}
---
object: note
service: firm
fields:
  about:  {type: link, to: [customer, sale]}
  others: {type: links, to: customer}
  lines:  {type: table, of: note_line}
events: {updated: NoteUpdated}
permissions: {}
---
object: note_line
service: firm
fields:
  about:  {type: link, to: [customer, sale]}
  others: {type: links, to: customer}
---
object: bond
service: firm
fields:
  customer: {type: link, to: customer}
  kind:     {type: text}
uniques: [[customer, kind]]
permissions: {}
"""


@pytest.fixture(scope="module")
def firm_database(server_dsn: str, template_database: str) -> Iterator[Database]:
    loaded = load_documents({"firm.yaml": DEFINITIONS})
    assert [] == [str(one) for one in loaded.findings]
    with temporary_database(server_dsn, template_database) as database:
        ensure_first_release(database, make_release(loaded.definitions), "test")
        yield database


@pytest.fixture
async def firm(firm_database: Database) -> AsyncIterator[World]:
    pool = new_executor(firm_database.runtime_dsn, size=8)
    await pool.open()
    live = live_release(firm_database)
    assert live is not None
    yield World(make_live(*live), pool)
    await pool.close()


async def alike(firm: World, id: str, *roles: str) -> dict[str, int]:
    found = body(await duplicates(firm.call(*roles), "customer", id, ()))
    return {one["title"]: one["score"] for one in found["data"]}


async def pair(firm: World) -> tuple[Record, Record]:
    return await firm.make("customer", name="One"), await firm.make("customer", name="Two")


async def merged(firm: World, winner: Record, loser: Record, *roles: str, **more: Any) -> Record:
    made = await firm.do("customer", winner["id"], "merge", *roles, **{"with": loser["id"], **more})
    return dict(made)


async def test_names_are_alike_whatever_their_legal_form_and_order(firm: World) -> None:
    one = await firm.make("customer", name="Müller & Söhne GmbH")
    await firm.make("customer", name="MUELLER UND SOEHNE")
    await firm.make("customer", name="Söhne, Müller AG")
    await firm.make("customer", name="Mueler und Söhne KG")
    await firm.make("customer", name="Meier Bau GmbH")
    await firm.make("customer", name="GmbH")
    found = await alike(firm, one["id"])
    assert {"MUELLER UND SOEHNE": 60, "Söhne, Müller AG": 60} == found
    assert found == await alike(firm, one["number"])


async def test_scores_add_up_and_name_what_is_the_same(firm: World) -> None:
    one = await firm.make(
        "customer", name="Ada", email="ada@x.de", contacts=[{"mail": "a@b.de"}, {"mail": "c@d.de"}]
    )
    two = await firm.make("customer", name="Bea", email="ADA@x.de", contacts=[{"mail": "C@d.de"}])
    await firm.make("customer", name="Cem", email="ada@x.de")
    found = body(await duplicates(firm.call(), "customer", one["id"], ()))
    assert [(two["id"], two["number"], "Bea", 90)] == [
        (each["id"], each["number"], each["title"], each["score"]) for each in found["data"]
    ]
    assert {"email": 50, "contacts.mail": 40} == {
        each["field"]: each["score"] for each in found["data"][0]["matches"]
    }


async def test_what_the_caller_may_not_read_is_not_compared(firm: World) -> None:
    one = await firm.make("customer", name="Ada Stone", email="q@x.de")
    await firm.make("customer", name="Bea", email="q@x.de", contacts=[{"mail": "z@z.de"}])
    await firm.change("customer", one["id"], contacts=[{"mail": "z@z.de"}])
    hidden = await firm.make("customer", name="Hidden Ltd")
    hidden_too = await firm.make("customer", name="Hidden", vat_id=None)
    assert {"Bea": 90} == await alike(firm, one["id"])
    assert {} == await alike(firm, one["id"], "clerk")
    assert {"Hidden Ltd": 60} == await alike(firm, hidden_too["id"])
    assert {} == await alike(firm, hidden_too["id"], "clerk")
    for key in (hidden["id"], "C-9999", "018f0000-0000-7000-8000-000000000000"):
        with pytest.raises(Problem) as problem:
            await alike(firm, key, "clerk")
        assert (404, "not_found") == refusal(problem.value)


async def test_a_record_takes_what_it_lacks_and_keeps_what_it_has(firm: World) -> None:
    winner = await firm.make("customer", name="Acme", phone="1", contacts=[{"mail": "a@a.de"}])
    loser = await firm.make(
        "customer",
        name="Acme Inc",
        phone="2",
        vat_id="DE1",
        email="e@e.de",
        limit="5.00",
        contacts=[{"mail": "b@b.de", "note": "x"}],
    )
    told = await merged(firm, winner, loser, take=["phone"])
    assert ("Acme", "2", "DE1", "e@e.de", "5.00") == (
        told["name"],
        told["phone"],
        told["vat_id"],
        told["email"],
        told["limit"],
    )
    assert ["a@a.de", "b@b.de"] == [line["mail"] for line in told["contacts"]]
    assert loser["contacts"][0]["id"] == told["contacts"][1]["id"]
    assert told == await firm.get("customer", winner["id"])
    with pytest.raises(Problem) as problem:
        await firm.get("customer", loser["id"])
    assert (404, "not_found") == refusal(problem.value)
    kept = await firm.history(winner["id"])
    assert ("merge", "update") == (kept[-1]["action"], kept[-1]["op"])
    assert {"phone", "vat_id", "email", "limit", "contacts"} == set(kept[-1]["changes"])
    assert "$sealed" in kept[-1]["record"]["email"]
    assert "delete" == (await firm.history(loser["id"]))[-1]["op"]
    assert ["CustomerDeleted", "CustomerMerged"] == (await firm.events())[-2:]


async def test_every_reference_is_led_to_the_record_that_stays(
    firm: World, firm_database: Database
) -> None:
    winner = await firm.make("customer", name="Stays")
    loser = await firm.make("customer", name="Goes", above=winner["id"])
    below = await firm.make("customer", name="Below", above=loser["id"])
    other = await firm.make("customer", name="Other")
    sale = await firm.make(
        "sale",
        customer=loser["id"],
        ship_to=loser["id"],
        amount="2000.00",
        parts=[{"maker": loser["id"], "what": "1"}, {"maker": other["id"]}, {"maker": loser["id"]}],
    )
    mine = await firm.make("sale", customer=winner["id"], amount="5.00")
    await firm.make("sale", customer=other["id"], amount="7.00")
    await firm.make("bond", customer=loser["id"], kind="x")
    told = await merged(firm, winner, loser)
    assert ("2005.00", None) == (told["sold"], told["above"])
    now = await firm.get("sale", sale["id"])
    assert (winner["id"], winner["id"]) == (now["customer"], now["ship_to"])
    assert [winner["id"], other["id"], winner["id"]] == [part["maker"] for part in now["parts"]]
    assert "Goes" == now["said"], "what a document says stays"
    assert winner["id"] == (await firm.get("customer", below["id"]))["above"]
    assert mine == await firm.get("sale", mine["id"])
    steps = await firm.history(sale["id"])
    assert [1, 2, 3, 4] == [step["version"] for step in steps]
    assert {"customer", "ship_to", "parts"} == {
        name for step in steps[1:] for name in step["changes"]
    }
    assert 3 == (await firm.events()).count("SaleUpdated")
    troubles: list[Trouble] = []
    assert list(verify(firm_database, firm.live, troubles.append))
    assert [] == troubles


async def test_links_of_several_and_to_several_objects_go_along(
    firm: World, firm_database: Database
) -> None:
    winner, loser = await pair(firm)
    other = await firm.make("customer", name="Other")
    sale = await firm.make("sale", customer=other["id"])
    a, b, c = winner["id"], loser["id"], other["id"]
    rows = [{"about": b, "others": [c, b]}, {"about": sale["id"], "others": [b, a]}, {"about": c}]
    note = await firm.make("note", about=b, others=[c, b, a], lines=rows)
    apart = await firm.make("note", about=sale["id"], others=[c])
    lone = await firm.make("note", others=[b, c])
    await merged(firm, winner, loser)
    now = await firm.get("note", note["id"])
    assert (a, [c, a]) == (now["about"], now["others"])
    assert [(a, [c, a]), (sale["id"], [a]), (c, [])] == [
        (line["about"], line["others"] or []) for line in now["lines"]
    ]
    assert [a, c] == (await firm.get("note", lone["id"]))["others"]
    assert apart == await firm.get("note", apart["id"])
    told = await firm.history(note["id"])
    assert [a, [c, a]] == [told[-1]["record"][name] for name in ("about", "others")]
    troubles: list[Trouble] = []
    assert list(verify(firm_database, firm.live, troubles.append))
    assert [] == troubles
    with pytest.raises(Problem) as problem:
        await firm.remove("customer", winner["id"])
    assert (409, "referenced") == refusal(problem.value)


async def test_two_that_can_not_be_one_stay_two(firm: World) -> None:
    winner, loser = await pair(firm)
    for each in (winner, loser):
        await firm.make("bond", customer=each["id"], kind="x")
    before = await firm.get("customer", winner["id"])
    with pytest.raises(Problem) as problem:
        await merged(firm, winner, loser)
    assert (409, "merge_refused") == refusal(problem.value)
    assert before == await firm.get("customer", winner["id"])
    assert "Two" == (await firm.get("customer", loser["id"]))["name"]


async def test_who_may_merge_may_change_the_one_and_delete_the_other(firm: World) -> None:
    one, two = await pair(firm)
    locked = await firm.make("customer", name="Locked AG")
    hidden = await firm.make("customer", name="Hidden Ltd")
    for loser, roles, expected in (
        (two, ("reader",), (403, "forbidden")),
        (locked, ("clerk",), (403, "forbidden")),
    ):
        with pytest.raises(Problem) as problem:
            await merged(firm, one, loser, *roles)
        assert expected == refusal(problem.value)
    for id in (hidden["id"], "018f0000-0000-7000-8000-000000000000", "C-12345"):
        with pytest.raises(Problem) as problem:
            await merged(firm, one, {"id": id}, "clerk")
        assert {"/with": "link"} == errors(problem.value)
    assert "One" == (await merged(firm, one, two, "clerk"))["name"]


async def test_a_value_hidden_in_one_record_is_not_shown_by_another(firm: World) -> None:
    mine = await firm.make("customer", name="One", phone="mine")
    other = await firm.make("customer", name="Two", limit="123.00")
    with pytest.raises(Problem) as problem:
        await merged(firm, mine, other, "agent", "minder")
    assert (403, "forbidden") == refusal(problem.value)
    assert (await firm.get("customer", mine["id"]))["limit"] is None
    shown = await firm.make("customer", name="Two", phone="mine", limit="5.00")
    taken = await merged(firm, mine, shown, "agent", "minder")
    assert "5.00" == taken["limit"]
    assert "One" == (await merged(firm, mine, other, "agent"))["name"]


async def test_a_wrong_body_is_told_what_is_wrong(firm: World) -> None:
    one = await firm.make("customer", name="One")
    wrong: list[tuple[Any, dict[str, str]]] = [
        ({}, {"/with": "required"}),
        ({"with": 5, "take": "x"}, {"/with": "required", "/take": "type"}),
        ({"with": one["id"]}, {"/with": "link"}),
        ({"with": one["id"], "all": 1}, {"/all": "unknown_field"}),
        (
            {"with": one["id"], "take": ["phone", "contacts", "nope", 3]},
            {f"/take/{place}": "unknown_field" for place in (1, 2, 3)},
        ),
        ({"with": one["id"], "take": ["email"]}, {"/take/0": "unknown_field"}),
    ]
    for given, expected in wrong:
        roles = ("clerk",) if given.get("take") == ["email"] else ()
        with pytest.raises(Problem) as problem:
            await firm.do("customer", one["id"], "merge", *roles, **given)
        assert expected == errors(problem.value)


async def test_crossing_merges_and_new_references_lose_nothing(firm: World) -> None:
    for _ in range(5):
        one, two = await pair(firm)

        async def sell(id: str) -> str:
            return str((await firm.make("sale", customer=id, amount="1.00"))["id"])

        tasks = [merged(firm, one, two), merged(firm, two, one)]
        sales = [sell(each["id"]) for each in (one, two) for _ in range(5)]
        results: list[Any] = await asyncio.gather(*tasks, *sales, return_exceptions=True)
        merges = [one for one in results[:2] if not isinstance(one, BaseException)]
        assert 1 == len(merges), results[:2]
        made = [one for one in results[2:] if not isinstance(one, BaseException)]
        refused = [one for one in results[2:] if isinstance(one, BaseException)]
        assert all(isinstance(one, Problem) and one.status == 422 for one in refused), refused
        left = await firm.get("customer", merges[0]["id"])
        assert f"{len(made)}.00" == left["sold"]
        for id in made:
            assert left["id"] == (await firm.get("sale", str(id)))["customer"]


async def test_a_repeat_by_key_merges_once(firm: World) -> None:
    from objectry_runtime.workflow import act
    from tests.objectry_runtime.command.world import text

    one, two = await pair(firm)
    user = one["owner"]
    given = text({"with": two["id"]})
    calls = [firm.call(user=user, idempotency_key="k") for _ in range(2)]
    first, again = [await act(call, "customer", one["id"], "merge", given) for call in calls]
    assert (first.status, first.body) == (again.status, again.body)
