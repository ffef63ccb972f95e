"""Changing and deleting: versions, lines, locks, rights before and after."""

from typing import Any

import pytest

from objectry_runtime.command import delete, update
from objectry_runtime.problems import Problem
from objectry_runtime.query.single import get_record
from tests.objectry_runtime.command.world import World, body, errors, picked, refusal, text

pytestmark = pytest.mark.anyio


async def a_sale(world: World, *roles: str, **values: Any) -> dict[str, Any]:
    customer = await world.make("customer", name="Ada")
    lines = [{"what": "Tea", "price": "10"}, {"what": "Cup", "price": "4", "quantity": "2"}]
    return await world.make(
        "sale", *roles, **{"customer": customer["id"], "lines": lines, **values}
    )


async def test_a_patch_changes_what_it_names_and_computes_the_rest(world: World) -> None:
    sale = await a_sale(world)
    after = await world.change("sale", sale["id"], rebate="3", note="x")
    assert {"rebate": "3.00", "note": "x", "gross": "18.42", "net": "18.00"} == picked(
        after, "rebate", "note", "gross", "net"
    )
    second = (await world.history(sale["id"]))[1]
    assert {"rebate", "note", "gross"} == set(second["changes"])
    assert {"from": "21.42", "to": "18.42"} == second["changes"]["gross"]
    assert 2 == len(second["record"]["lines"])
    assert ["CustomerCreated", "SaleCreated", "SaleUpdated"] == await world.events()


async def test_a_patch_that_changes_nothing_writes_nothing(world: World) -> None:
    sale = await a_sale(world)
    for said in ({}, {"rebate": "0.00", "status": "open"}, {"note": None}):
        answer = await update(world.call(), "sale", sale["id"], text(said))
        assert (200, '"1.') == (answer.status, answer.headers["ETag"][:3])
    assert 1 == len(await world.history(sale["id"]))


async def test_an_array_of_lines_updates_inserts_deletes_and_orders(world: World) -> None:
    sale = await a_sale(world)
    tea, cup = (line["id"] for line in sale["lines"])
    after = await world.change(
        "sale", sale["id"], lines=[{"what": "New", "price": "1"}, {"id": tea, "quantity": "3"}]
    )
    assert [("New", "1.00", "1.00"), ("Tea", "3.00", "30.00")] == [
        (line["what"], line["quantity"], line["net"]) for line in after["lines"]
    ]
    assert (tea, "31.00") == (after["lines"][1]["id"], after["net"])
    assert cup not in str(after)
    swapped = await world.change(
        "sale", sale["id"], lines=[{"id": tea}, {"id": after["lines"][0]["id"]}]
    )
    assert ["Tea", "New"] == [line["what"] for line in swapped["lines"]]
    assert swapped["lines"] == (await world.change("sale", sale["id"], note="y"))["lines"]


async def test_lines_of_another_record_are_refused(world: World) -> None:
    mine, other = await a_sale(world), await a_sale(world)
    theirs = other["lines"][0]["id"]
    with pytest.raises(Problem) as refused:
        await world.change("sale", mine["id"], lines=[{"id": theirs}, {"id": "x"}])
    assert {"/lines/0/id": "link", "/lines/1/id": "link"} == errors(refused.value)


async def test_a_put_replaces_what_a_caller_may_write(world: World) -> None:
    sale = await a_sale(world, note="gone", rebate="1")
    said = {"customer": sale["customer"], "sold_on": "2026-01-01"}
    answer = await update(world.call(), "sale", sale["id"], text(said), replace=True)
    assert {
        "note": None,
        "rebate": "0.00",
        "due_on": "2026-01-15",
        "lines": [],
        "number": "S-2026-001",
    } == picked(body(answer), "note", "rebate", "due_on", "lines", "number")


async def test_a_put_leaves_what_a_caller_may_not_write(world: World) -> None:
    ada = await world.make("customer", name="Ada", discount="7", spouse="S", code="c")
    said = text({"name": "Eve"})
    await update(world.call("clerk"), "customer", ada["id"], said, replace=True)
    after = await world.get("customer", ada["id"])
    assert {"name": "Eve", "discount": "7.0000", "spouse": "S", "code": None} == picked(
        after, "name", "discount", "spouse", "code"
    )


async def test_a_snapshot_stays_until_its_link_moves(world: World) -> None:
    sale = await a_sale(world)
    await world.change("customer", sale["customer"], name="Bea")
    assert "Ada" == (await world.change("sale", sale["id"], note="x"))["address"]
    other = await world.make("customer", name="Cid")
    assert "Cid" == (await world.change("sale", sale["id"], customer=other["id"]))["address"]


async def test_a_record_can_be_named_by_its_number(world: World) -> None:
    sale = await a_sale(world)
    assert sale["id"] == (await world.change("sale", "S-2026-001", note="x"))["id"]
    for name in ("S-2026-002", "0190a6d0-0000-7000-8000-000000000000"):
        with pytest.raises(Problem) as refused:
            await world.change("sale", name, note="x")
        assert (404, "not_found") == refusal(refused.value)


async def test_if_match_holds_the_version(world: World) -> None:
    sale = await a_sale(world)
    id = sale["id"]
    tag = (await get_record(world.call(), "sale", id, ())).headers["ETag"]
    await update(world.call(if_match=tag), "sale", id, text({"note": "1"}))
    for stale in (tag, '"7.aa"', "nonsense"):
        with pytest.raises(Problem) as refused:
            await update(world.call(if_match=stale), "sale", id, text({"note": "2"}))
        assert (412, "precondition_failed") == refusal(refused.value)
        with pytest.raises(Problem) as refused:
            await delete(world.call(if_match=stale), "sale", id)
        assert 412 == refused.value.status
    for good in ("*", '"2"', 'W/"2.00", "9"'):
        await update(world.call(if_match=good), "sale", id, text({"note": "1"}))


async def test_an_object_may_demand_if_match(world: World) -> None:
    ticket = await world.make("ticket")
    for write in (
        update(world.call(), "ticket", ticket["id"], b"{}"),
        delete(world.call(), "ticket", ticket["id"]),
    ):
        with pytest.raises(Problem) as refused:
            await write
        assert (428, "precondition_required") == refusal(refused.value)
    call = world.call(if_match='"1"')
    assert "t" == body(await update(call, "ticket", ticket["id"], b'{"token": "t"}'))["token"]


async def test_an_update_rule_holds_before_and_after(world: World) -> None:
    ada = await world.make("customer", name="Ada")
    with pytest.raises(Problem) as refused:
        await world.change("customer", ada["id"], "clerk", name="locked")
    assert (403, "forbidden") == refusal(refused.value)
    locked = await world.make("customer", name="locked")
    with pytest.raises(Problem) as refused:
        await world.change("customer", locked["id"], "clerk", name="Ada")
    assert (403, "forbidden") == refusal(refused.value)
    assert 1 == len(await world.history(ada["id"])) == len(await world.history(locked["id"]))


async def test_what_may_not_be_read_is_not_there_to_be_written(world: World) -> None:
    hidden = await world.make("customer", name="hidden")
    told: list[Any] = []
    for id in (hidden["id"], "0190a6d0-0000-7000-8000-000000000000"):
        for write in (
            update(world.call("writer"), "customer", id, b'{"name": "x"}'),
            delete(world.call("clerk"), "customer", id),
        ):
            with pytest.raises(Problem) as refused:
                await write
            told.append((*refusal(refused.value), refused.value.title, refused.value.detail))
    assert 1 == len(set(told))
    assert (404, "not_found") == told[0][:2]


async def test_a_delete_rule_is_asked_before(world: World) -> None:
    ada = await world.make("customer", name="Ada")
    with pytest.raises(Problem) as refused:
        await world.remove("customer", ada["id"], "clerk")
    assert (403, "forbidden") == refusal(refused.value)


async def test_a_field_right_may_depend_on_the_record(world: World) -> None:
    low, high = await world.make("shelf", row=1), await world.make("shelf", row=2)
    both = ("clerk", "chief")
    assert "x" == (await world.change("shelf", low["id"], *both, place="x"))["place"]
    with pytest.raises(Problem) as refused:
        await world.change("shelf", high["id"], *both, place="x")
    assert {"/place": "read_only"} == errors(refused.value)
    with pytest.raises(Problem) as refused:
        await world.change("shelf", low["id"], *both, place="y", row=2)
    assert {"/place": "read_only"} == errors(refused.value)


async def test_a_locked_record_takes_only_what_is_excepted(world: World) -> None:
    sale = await a_sale(world)
    await world.do("sale", sale["id"], "agree")
    assert "ok" == (await world.change("sale", sale["id"], note="ok"))["note"]
    same = sale["lines"]
    await world.change("sale", sale["id"], rebate="0", lines=[{"id": one["id"]} for one in same])
    with pytest.raises(Problem) as refused:
        await world.change("sale", sale["id"], rebate="1", note="z", lines=[])
    assert {"/rebate": "immutable", "/lines": "immutable", "": "check"} == errors(refused.value)
    with pytest.raises(Problem) as refused:
        await world.remove("sale", sale["id"])
    assert (409, "immutable") == refusal(refused.value)


async def test_an_immutable_field_is_set_once(world: World) -> None:
    ada = await world.make("customer", name="Ada")
    await world.change("customer", ada["id"], passport="P1")
    await world.change("customer", ada["id"], passport="P1", name="Eve")
    with pytest.raises(Problem) as refused:
        await world.change("customer", ada["id"], passport="P2")
    assert {"/passport": "immutable"} == errors(refused.value)


async def test_a_deleted_record_leaves_its_last_image(world: World) -> None:
    ada = await world.make("customer", name="Ada")
    answer = await world.remove("customer", ada["id"])
    assert (204, b"") == (answer.status, answer.body)
    last = (await world.history(ada["id"]))[-1]
    assert ("delete", 2, "Ada") == (last["op"], last["version"], last["record"]["name"])
    assert ["CustomerCreated", "CustomerDeleted"] == await world.events()
    with pytest.raises(Problem) as refused:
        await world.get("customer", ada["id"])
    assert 404 == refused.value.status


async def test_a_record_others_refer_to_stays(world: World) -> None:
    sale = await a_sale(world)
    with pytest.raises(Problem) as refused:
        await world.remove("customer", sale["customer"])
    assert (409, "referenced") == refusal(refused.value)


async def test_a_record_with_a_gapless_number_stays(world: World) -> None:
    ticket = await world.make("ticket")
    with pytest.raises(Problem) as refused:
        await delete(world.call(if_match="*"), "ticket", ticket["id"])
    assert (409, "gapless_number") == refusal(refused.value)


async def test_a_dry_run_of_a_delete_deletes_nothing(world: World) -> None:
    ada = await world.make("customer", name="Ada")
    assert 204 == (await delete(world.call(dry_run=True), "customer", ada["id"])).status
    assert "Ada" == (await world.get("customer", ada["id"]))["name"]


async def test_a_link_may_lead_to_the_record_itself(world: World) -> None:
    sale = await a_sale(world)
    assert sale["id"] == (await world.change("sale", sale["id"], follows=sale["id"]))["follows"]


async def test_lines_pass_a_unique_value_on_in_two_writes(world: World) -> None:
    """A value is free for another line once the write that emptied it is done."""
    chain = await world.make("chain", first="1", links=[{"tag": "a"}, {"tag": "b"}])
    one, two = ({"id": line["id"]} for line in chain["links"])
    with pytest.raises(Problem) as refused:
        await world.change("chain", chain["id"], links=[{**one, "tag": "b"}, {**two, "tag": "a"}])
    assert {"/links/0/tag": "unique", "/links/1/tag": "unique"} == errors(refused.value)
    await world.change("chain", chain["id"], links=[{**one, "tag": None}, two])
    await world.change("chain", chain["id"], links=[one, {**two, "tag": "a"}])
    swapped = await world.change("chain", chain["id"], links=[{**one, "tag": "b"}, two])
    assert ["b", "a"] == [line["tag"] for line in swapped["links"]]


async def test_a_rule_that_can_not_be_told_admits_nothing(world: World) -> None:
    """A row rule that is null after the write refuses it, as a read would not find the record."""
    shelf = await world.make("shelf", place="left", row=1)
    await world.change("shelf", shelf["id"], "chief", place="right")
    with pytest.raises(Problem) as refused:
        await world.change("shelf", shelf["id"], "chief", row=None)
    assert (403, "forbidden") == refusal(refused.value)
    assert 1 == (await world.get("shelf", shelf["id"]))["row"]
