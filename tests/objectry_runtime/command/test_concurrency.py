"""Many at once: no update lost, no number skipped, nothing half."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest

from objectry_runtime.command import create, update
from objectry_runtime.problems import Problem
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseUnavailable, Rows
from objectry_runtime.workflow import act
from tests.objectry_runtime.command.world import World, body, refusal, text

pytestmark = pytest.mark.anyio


async def test_updates_without_if_match_are_all_applied(world: World) -> None:
    ada = await world.make("customer", name="Ada")
    answers = await asyncio.gather(
        *(
            update(world.call(), "customer", ada["id"], text({"name": f"N{index}"}))
            for index in range(64)
        )
    )
    assert {200} == {one.status for one in answers}
    history = await world.history(ada["id"])
    assert list(range(1, 66)) == [one["version"] for one in history]
    assert {f"N{index}" for index in range(64)} == {one["record"]["name"] for one in history[1:]}


async def test_updates_with_if_match_have_one_winner(world: World) -> None:
    ada = await world.make("customer", name="Ada")
    outcomes = await asyncio.gather(
        *(
            update(world.call(if_match='"1"'), "customer", ada["id"], text({"name": f"N{index}"}))
            for index in range(16)
        ),
        return_exceptions=True,
    )
    refused = [refusal(one) for one in outcomes if isinstance(one, Problem)]
    assert [(412, "precondition_failed")] * 15 == refused
    assert 2 == len(await world.history(ada["id"]))


async def test_a_gapless_series_has_no_gap(world: World) -> None:
    await world.make("ticket", queue="other", token="taken")
    good = [create(world.call(), "ticket", text({"queue": "q"})) for _ in range(32)]
    bad = [
        create(world.call(), "ticket", text({"queue": "q", "token": "taken"})) for _ in range(16)
    ]
    mixed = [one for pair in zip(good, bad + bad[:0], strict=False) for one in pair] + good[16:]
    outcomes = await asyncio.gather(*mixed, return_exceptions=True)
    numbers = [body(one)["number"] for one in outcomes if not isinstance(one, BaseException)]
    assert {f"q/{index}" for index in range(1, 33)} == set(numbers)
    assert 32 == len(numbers)
    assert 16 == sum(isinstance(one, Problem) for one in outcomes)


async def test_one_transition_of_many_wins(world: World) -> None:
    paper = await world.make("paper")
    outcomes = await asyncio.gather(
        *(act(world.call(), "paper", paper["id"], "issue", b"{}") for _ in range(16)),
        return_exceptions=True,
    )
    won = [one for one in outcomes if not isinstance(one, BaseException)]
    assert ["P-2026-0001"] == [body(one)["number"] for one in won]
    assert [(409, "transition_refused")] * 15 == [
        refusal(one) for one in outcomes if isinstance(one, Problem)
    ]


async def test_parts_at_the_same_time_never_exceed_what_is_open(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    line = {"what": "Tea", "price": "1", "quantity": "10"}
    sale = await world.make("sale", customer=customer["id"], lines=[line])
    await world.do("sale", sale["id"], "agree")
    raw = text({"lines": [{"id": sale["lines"][0]["id"], "quantity": "3"}]})
    outcomes = await asyncio.gather(
        *(act(world.call(), "sale", sale["id"], "parcel", raw) for _ in range(16)),
        return_exceptions=True,
    )
    taken = [
        Decimal(item["pieces"])
        for one in outcomes
        if not isinstance(one, BaseException)
        for item in body(one)["items"]
    ]
    assert [Decimal(3)] * 3 == taken
    assert {(422, "validation_failed")} == {
        refusal(one) for one in outcomes if isinstance(one, Problem)
    }


async def test_bulks_over_the_same_series_do_not_wait_for_each_other(world: World) -> None:
    forth = text([{"queue": name} for name in "abcdefgh"])
    back = text([{"queue": name} for name in "hgfedcba"])
    answers = await asyncio.gather(
        *(create(world.call(), "ticket", raw) for raw in [forth, back] * 16)
    )
    numbers = {row["number"] for one in answers for row in body(one)["data"]}
    assert {f"{name}/{index}" for name in "abcdefgh" for index in range(1, 33)} == numbers


async def test_a_cancelled_write_leaves_all_or_nothing(world: World) -> None:
    async def attempt(index: int) -> None:
        call = create(world.call(), "ticket", text({"queue": "q", "token": f"t{index}"}))
        task = asyncio.create_task(call)
        await asyncio.sleep(index / 4000)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for index in range(24):
        await attempt(index)
    rows = await world.ask(
        "select (select count(*) from trade.ticket where tenant_id = $1::integer)::text, "
        "(select count(*) from objectry.history where tenant_id = $1::integer)::text, "
        "(select coalesce(max(value), 0) from objectry.series where tenant_id = $1::integer)::text"
    )
    assert 1 == len(set(rows[0]))


async def test_backends_that_die_in_the_middle_leave_nothing_half(
    world: World, trade: Database
) -> None:
    """What was acknowledged is there whole, nothing is there in part, no number is lost."""
    killed = 0

    def kill() -> int:
        with trade.connect_owner() as owner:
            found: int = owner.execute(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            ).fetchall()[0][0]
            return found

    async def attempt(index: int) -> str:
        raw = text({"queue": "q", "token": f"t{index}"})
        try:
            return str(body(await create(world.call(), "ticket", raw))["id"])
        except DatabaseUnavailable:
            return ""

    made: list[str] = []
    for wave in range(10):
        wanted = [asyncio.create_task(attempt(wave * 40 + index)) for index in range(40)]
        await asyncio.sleep(0.002 * wave)  # a little later in each wave
        killed += await asyncio.to_thread(kill)
        made += await asyncio.gather(*wanted)
    assert killed >= 10
    rows = await world.ask(
        "select t.id::text, t.number from trade.ticket t where t.tenant_id = $1::integer"
    )
    assert {one for one in made if one} <= {str(row[0]) for row in rows}
    assert {f"q/{index}" for index in range(1, len(rows) + 1)} == {row[1] for row in rows}
    counted = await world.ask(
        "select count(*)::text from objectry.history where tenant_id = $1::integer"
    )
    assert [(str(len(rows)),)] == counted


async def test_a_write_asks_once_and_writes_once(world: World) -> None:
    class Counting:
        """An executor that notes what goes through it."""

        def __init__(self) -> None:
            self.reads = 0
            self.units: list[int] = []

        async def read(self, statement: Bound) -> Rows:
            self.reads += 1
            return await inner.read(statement)

        async def write(
            self, unit: Sequence[Bound], *, keep: bool = True, contended: str = ""
        ) -> list[Rows]:
            self.units.append(len(unit))
            return await inner.write(unit, keep=keep, contended=contended)

    ada = await world.make("customer", name="Ada")
    missing = "0190a6d0-0000-7000-8000-000000000000"
    raw = {"customer": ada["id"], "lines": [{"what": "Tea", "price": "1"}] * 20}
    inner, counting = world.executor, Counting()
    call = msgspec.structs.replace(world.call(), executor=counting)
    told: list[tuple[int, list[int]]] = []
    sale = body(await create(call, "sale", text(raw)))
    told.append((counting.reads, counting.units))
    counting.reads, counting.units = 0, []
    await update(call, "sale", sale["id"], text({"note": "x"}))
    told.append((counting.reads, counting.units))
    counting.reads, counting.units = 0, []
    await create(call, "customer", text({"name": "Eve"}))
    told.append((counting.reads, counting.units))
    counting.reads, counting.units = 0, []
    with pytest.raises(Problem):
        await create(call, "sale", text({**raw, "customer": missing}))
    told.append((counting.reads, counting.units))
    assert [(1, [1]), (1, [1]), (0, [1]), (1, [])] == told
