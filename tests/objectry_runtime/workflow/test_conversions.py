"""Conversions: whole and in part, what is open, what is given back."""

import asyncio
from typing import Any

import psycopg
import pytest

from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.services.verification import Trouble, verify
from objectry_runtime.store.database import Database
from objectry_runtime.workflow import act
from tests.objectry_runtime.command.world import World, body, errors, picked, refusal

pytestmark = pytest.mark.anyio


async def agreed(world: World) -> dict[str, Any]:
    customer = await world.make("customer", name="Ada")
    lines = [
        {"what": "Tea", "price": "10", "quantity": "5"},
        {"what": "Cup", "price": "4", "quantity": "2.5"},
    ]
    sale = await world.make("sale", customer=customer["id"], lines=lines)
    return dict(await world.do("sale", sale["id"], "agree"))


def part(line: dict[str, Any], quantity: object) -> dict[str, object]:
    return {"id": line["id"], "quantity": quantity}


async def test_a_whole_conversion_carries_everything_over(world: World) -> None:
    sale = await agreed(world)
    answer = await act(world.call("chief"), "sale", sale["id"], "parcel", b"{}")
    parcel = body(answer)
    assert (201, f"/api/v1/parcels/{parcel['id']}") == (answer.status, answer.headers["Location"])
    assert {
        "sale": sale["id"],
        "customer": sale["customer"],
        "remark": "for S-2026-001",
        "status": "packed",
    } == picked(parcel, "sale", "customer", "remark", "status")
    assert [("Tea", "5.00"), ("Cup", "2.50")] == [
        (item["what"], item["pieces"]) for item in parcel["items"]
    ]
    with pytest.raises(Problem) as refused:
        await world.do("sale", sale["id"], "parcel")
    assert (409, "nothing_open") == refusal(refused.value)


async def test_a_conversion_emits_its_event_and_is_the_cause_of_the_next(world: World) -> None:
    sale = await agreed(world)
    await world.do("sale", sale["id"], "parcel")
    rows = await world.ask(
        "select type, object, uid::text, causation from objectry.event "
        "where tenant_id = $1::integer and type in ('SaleShipped', 'ParcelCreated') order by type"
    )
    created, shipped = rows
    assert ("ParcelCreated", "parcel") == created[:2]
    assert ("SaleShipped", "sale") == shipped[:2]
    assert created[3] == shipped[2]


async def test_parts_are_taken_until_nothing_is_open(world: World) -> None:
    sale = await agreed(world)
    tea, cup = sale["lines"]
    first = await world.do("sale", sale["id"], "parcel", lines=[part(tea, "3")])
    assert ["3.00"] == [item["pieces"] for item in first["items"]]
    with pytest.raises(Problem) as refused:
        await world.do("sale", sale["id"], "parcel", lines=[part(cup, "1"), part(tea, "2.01")])
    assert {"/lines/1/quantity": "open_quantity"} == errors(refused.value)
    rest = await world.do("sale", sale["id"], "parcel")
    assert [("Tea", "2.00"), ("Cup", "2.50")] == [
        (item["what"], item["pieces"]) for item in rest["items"]
    ]


async def test_a_line_without_quantity_takes_all_that_is_open(world: World) -> None:
    sale = await agreed(world)
    tea = sale["lines"][0]
    await world.do("sale", sale["id"], "parcel", lines=[part(tea, 4)])
    last = await world.do("sale", sale["id"], "parcel", lines=[{"id": tea["id"]}])
    assert ["1.00"] == [item["pieces"] for item in last["items"]]


async def test_a_wrong_part_is_a_field_error(world: World) -> None:
    sale = await agreed(world)
    tea = sale["lines"][0]
    stranger = "0190a6d0-0000-7000-8000-000000000000"
    wrong: list[tuple[Any, dict[str, str]]] = [
        ([part(tea, "0")], {"/lines/0/quantity": "min"}),
        ([part(tea, "-1")], {"/lines/0/quantity": "min"}),
        ([part(tea, "0.001")], {"/lines/0/quantity": "scale"}),
        ([part(tea, "x")], {"/lines/0/quantity": "type"}),
        ([part(tea, True)], {"/lines/0/quantity": "type"}),
        ([part({"id": stranger}, 1)], {"/lines/0/id": "link"}),
        ([part(tea, 1), part(tea, 1)], {"/lines/1/id": "duplicate"}),
        ([{"quantity": 1}], {"/lines/0/id": "link"}),
        ([7], {"/lines/0": "type"}),
        ([], {"/lines": "type"}),
        ({}, {"/lines": "type"}),
    ]
    for lines, expected in wrong:
        with pytest.raises(Problem) as refused:
            await world.do("sale", sale["id"], "parcel", lines=lines)
        assert expected == errors(refused.value)
    with pytest.raises(Problem) as refused:
        await world.do("sale", sale["id"], "paper", lines=[part(tea, 1)])
    assert {"/lines": "unknown_field"} == errors(refused.value)


async def test_a_deleted_target_gives_back(world: World) -> None:
    sale = await agreed(world)
    parcel = await world.do("sale", sale["id"], "parcel")
    await world.remove("parcel", parcel["id"])
    assert 2 == len((await world.do("sale", sale["id"], "parcel"))["items"])


async def test_a_released_target_gives_back(world: World) -> None:
    sale = await agreed(world)
    parcel = await world.do("sale", sale["id"], "parcel")
    await world.do("parcel", parcel["id"], "return")
    assert 2 == len((await world.do("sale", sale["id"], "parcel"))["items"])


async def test_a_guard_refuses_a_conversion(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    sale = await world.make("sale", customer=customer["id"])
    for name in ("parcel", "paper"):
        with pytest.raises(Problem) as refused:
            await world.do("sale", sale["id"], name)
        assert (409, "conversion_refused") == refusal(refused.value)


async def test_a_conversion_needs_its_grant_not_the_right_to_create(world: World) -> None:
    sale = await agreed(world)
    with pytest.raises(Problem) as refused:
        await world.do("sale", sale["id"], "paper", "clerk")
    assert (403, "forbidden") == refusal(refused.value)
    assert ["id"] == list(await world.do("sale", sale["id"], "parcel", "clerk"))


async def test_a_conversion_without_lines_carries_the_head_over(world: World) -> None:
    sale = await agreed(world)
    paper = await world.do("sale", sale["id"], "paper")
    assert {"amount": sale["gross"], "sale": sale["id"]} == picked(paper, "amount", "sale")


async def nothing_open(world: World, sale: dict[str, Any]) -> bool:
    """Whether the sale's paper is taken; if it is not, it is still not after this."""
    asked = act(world.call(dry_run=True), "sale", sale["id"], "paper", b"{}")
    (told,) = await asyncio.gather(asked, return_exceptions=True)
    if isinstance(told, Answer):
        assert 201 == told.status
        return False
    assert isinstance(told, Problem), told
    assert (409, "nothing_open") == refusal(told)
    return True


async def test_without_lines_the_whole_is_taken_once_while_its_target_lives(world: World) -> None:
    sale = await agreed(world)
    assert not await nothing_open(world, sale)
    first = await world.do("sale", sale["id"], "paper")
    assert await nothing_open(world, sale)
    await world.remove("paper", first["id"])
    assert not await nothing_open(world, sale)
    second = await world.do("sale", sale["id"], "paper")
    await world.do("paper", second["id"], "issue")
    assert await nothing_open(world, sale)
    await world.do("paper", second["id"], "void")
    assert not await nothing_open(world, sale)


async def test_of_many_whole_conversions_at_once_one_is_made(world: World) -> None:
    sale = await agreed(world)
    outcomes = await asyncio.gather(
        *(act(world.call(), "sale", sale["id"], "paper", b"{}") for _ in range(12)),
        return_exceptions=True,
    )
    assert [201] == [one.status for one in outcomes if isinstance(one, Answer)]
    assert [(409, "nothing_open")] * 11 == [
        refusal(one) for one in outcomes if isinstance(one, Problem)
    ]


async def test_the_same_idempotency_key_gets_the_same_whole(world: World) -> None:
    sale = await agreed(world)
    call = world.call(idempotency_key="k")
    answers = await asyncio.gather(
        *(act(call, "sale", sale["id"], "paper", b"{}") for _ in range(4))
    )
    again = await act(call, "sale", sale["id"], "paper", b"{}")
    assert {again.body} == {one.body for one in answers}


async def test_a_whole_that_others_took_is_not_taken_back(world: World) -> None:
    sale = await agreed(world)
    first = await world.do("sale", sale["id"], "paper")
    await world.change("paper", first["id"], key="spare")
    second = await world.do("sale", sale["id"], "paper")
    with pytest.raises(Problem) as refused:
        await world.change("paper", first["id"], key=None)
    assert {"": "open_quantity"} == errors(refused.value)
    await world.remove("paper", second["id"])
    await world.change("paper", first["id"], key=None)
    assert await nothing_open(world, sale)


async def test_verify_finds_a_document_that_two_live_targets_took(
    world: World, trade: Database
) -> None:
    sale = await agreed(world)
    first = await world.do("sale", sale["id"], "paper")
    await world.change("paper", first["id"], key="spare")
    await world.do("sale", sale["id"], "paper")

    def told() -> list[str]:
        troubles: list[Trouble] = []
        list(verify(trade, world.live, troubles.append))
        return [one.message for one in troubles if one.tenant == str(world.tenant)]

    assert [] == told()
    with psycopg.connect(trade.owner_dsn, autocommit=True) as owner:
        owner.execute("update trade.paper set key = null where tenant_id = %s", [world.tenant])
    assert ["conversion paper took all of it 2 times"] == told()


async def test_a_converted_record_stays(world: World) -> None:
    sale = await agreed(world)
    await world.do("sale", sale["id"], "paper")
    await world.do("sale", sale["id"], "reopen")
    with pytest.raises(Problem) as refused:
        await world.remove("sale", sale["id"])
    assert 409 == refused.value.status


async def test_a_dry_run_of_a_conversion_leaves_all_open(world: World) -> None:
    sale = await agreed(world)
    answer = await act(world.call(dry_run=True), "sale", sale["id"], "parcel", b"{}")
    assert (201, 2) == (answer.status, len(body(answer)["items"]))
    assert 2 == len((await world.do("sale", sale["id"], "parcel"))["items"])
