"""Idempotency: one effect per key, the first answer for every repeat."""

import asyncio
from typing import Any

import msgspec
import pytest

from objectry_runtime.command import create
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.workflow import act
from tests.objectry_runtime.command.world import World, body, refusal, text

pytestmark = pytest.mark.anyio


def keyed(call: Call, key: str, **more: Any) -> Call:
    return msgspec.structs.replace(call, idempotency_key=key, **more)


def whole(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    return answer.status, answer.body, dict(answer.headers)


async def test_a_repeat_gets_the_first_answer_byte_for_byte(world: World) -> None:
    call = keyed(world.call(), "k")
    raw = text({"name": "Ada", "currency": "SEK"})
    first = await create(call, "customer", raw)
    await world.change("customer", body(first)["id"], name="Changed")
    assert whole(first) == whole(await create(call, "customer", raw))
    assert ["CustomerCreated", "CustomerUpdated"] == await world.events()


async def test_a_repeat_is_answered_even_if_it_could_no_longer_be_done(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    call, raw = keyed(world.call(), "k"), text({"customer": customer["id"]})
    first = await create(call, "sale", raw)
    await world.remove("sale", body(first)["id"])
    await world.remove("customer", customer["id"])
    assert whole(first) == whole(await create(call, "sale", raw))


async def test_another_body_is_refused(world: World) -> None:
    call = keyed(world.call(), "k")
    await create(call, "customer", text({"name": "Ada"}))
    with pytest.raises(Problem) as refused:
        await create(call, "customer", text({"name": "Eve"}))
    assert (422, "idempotency_mismatch") == refusal(refused.value)


async def test_a_key_is_its_callers_and_its_paths_own(world: World) -> None:
    mine, theirs = keyed(world.call(), "k"), keyed(world.call(), "k")
    ids = {
        body(await create(mine, "customer", text({"name": "Ada"})))["id"],
        body(await create(theirs, "customer", text({"name": "Eve"})))["id"],
        body(await create(mine, "region", text({"name": "North"})))["id"],
    }
    assert 3 == len(ids)


async def test_what_was_refused_is_not_remembered(world: World) -> None:
    call = keyed(world.call(), "k")
    with pytest.raises(Problem):
        await create(call, "customer", text({"nam": "Ada"}))
    dry = msgspec.structs.replace(call, dry_run=True)
    await create(dry, "customer", text({"name": "Dry"}))
    assert "Ada" == body(await create(call, "customer", text({"name": "Ada"})))["name"]


async def test_actions_and_bulks_are_repeated_too(world: World) -> None:
    call = keyed(world.call(), "k")
    raw = text([{"name": "Ada"}, {"name": "Eve"}])
    first = await create(call, "customer", raw)
    assert whole(first) == whole(await create(call, "customer", raw))
    ada = body(first)["data"][0]["id"]
    sale = await world.make("sale", customer=ada, lines=[{"what": "Tea", "price": "1"}])
    agreed = await act(call, "sale", sale["id"], "agree", b"{}")
    assert whole(agreed) == whole(await act(call, "sale", sale["id"], "agree", b"{}"))
    parcel = await act(call, "sale", sale["id"], "parcel", b"{}")
    assert whole(parcel) == whole(await act(call, "sale", sale["id"], "parcel", b"{}"))
    assert (200, 201) == (agreed.status, parcel.status)


async def test_who_may_not_read_gets_the_same_repeat(world: World) -> None:
    call = keyed(world.call("writer"), "k")
    first = await create(call, "customer", text({"name": "Ada"}))
    assert whole(first) == whole(await create(call, "customer", text({"name": "Ada"})))


async def test_a_key_that_is_no_key_is_refused(world: World) -> None:
    for key in ("x" * 256, "a\tb"):
        with pytest.raises(Problem) as refused:
            await create(keyed(world.call(), key), "customer", text({"name": "Ada"}))
        assert (400, "bad_header") == refusal(refused.value)


async def test_copies_at_the_same_time_have_one_effect(world: World) -> None:
    call, raw = keyed(world.call(), "k"), text({"queue": "q"})
    answers = await asyncio.gather(*(create(call, "ticket", raw) for _ in range(64)))
    assert 1 == len({(one.status, one.body, str(sorted(one.headers.items()))) for one in answers})
    assert "q/1" == body(answers[0])["number"]
    assert "q/2" == (await world.make("ticket", queue="q"))["number"]


async def test_copies_and_dry_runs_with_the_same_keys_leave_no_gap(world: World) -> None:
    """Two of each and dry runs, over two series: one effect per key, numbers without gaps."""

    caller = world.call()

    async def made(index: int, *, dry_run: bool = False) -> bytes:
        raw = text({"queue": f"q{index % 2}", "token": f"t{index}"})
        call = keyed(caller, f"k{index}", dry_run=dry_run)
        return (await create(call, "ticket", raw)).body

    answers = await asyncio.gather(
        *(made(index) for index in range(60) for _ in range(2)),
        *(made(index, dry_run=True) for index in range(50, 70)),
    )
    kept = answers[:120]
    assert kept[::2] == kept[1::2]
    rows = await world.ask(
        "select t.id::text, t.number from trade.ticket t where t.tenant_id = $1::integer"
    )
    assert {msgspec.json.decode(one)["id"] for one in kept} == {str(row[0]) for row in rows}
    assert {f"q{queue}/{n}" for queue in (0, 1) for n in range(1, 31)} == {row[1] for row in rows}
    claimed = await world.ask(
        "select count(*)::text from objectry.idempotency where tenant_id = $1::integer"
    )
    assert [("60",)] == claimed
