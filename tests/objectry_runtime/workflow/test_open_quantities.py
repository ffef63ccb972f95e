"""Open quantities hold whoever writes: edits of targets and sources, releases taken back."""

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
import pytest

from objectry_runtime.command import update
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.services.verification import Trouble, verify
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, Rows
from objectry_runtime.workflow import act
from tests.objectry_runtime.command.world import World, body, errors, refusal, text

pytestmark = pytest.mark.anyio

Record = dict[str, Any]
OVER = "open_quantity"


async def agreed(world: World, *quantities: str) -> Record:
    """A sale that is still open to changes, agreed once."""
    customer = await world.make("customer", name="Ada")
    lines = [{"what": "Tea", "price": "1", "quantity": one} for one in quantities]
    sale = await world.make("sale", customer=customer["id"], lines=lines)
    return dict(await world.do("sale", sale["id"], "agree"))


async def parcel(world: World, sale: Record, *quantities: str) -> Record:
    parts = [
        {"id": line["id"], "quantity": one}
        for line, one in zip(sale["lines"], quantities, strict=False)
    ]
    return dict(await world.do("sale", sale["id"], "parcel", lines=parts))


def items(record: Record, *pieces: str | None) -> list[Record]:
    """The items of a parcel with other quantities; None leaves one out."""
    return [
        {"id": item["id"], "pieces": one}
        for item, one in zip(record["items"], pieces, strict=True)
        if one is not None
    ]


async def refused(world: World, object_name: str, id: str, **values: Any) -> Problem:
    with pytest.raises(Problem) as problem:
        await world.change(object_name, id, **values)
    return problem.value


async def reopened(world: World, sale: Record) -> Record:
    return dict(await world.do("sale", sale["id"], "reopen"))


async def test_a_target_can_be_raised_to_what_is_open_and_no_further(world: World) -> None:
    sale = await agreed(world, "5", "5")
    first, _ = await parcel(world, sale, "1", "1"), await parcel(world, sale, "2", "2")
    problem = await refused(world, "parcel", first["id"], items=items(first, "3", "3.01"))
    assert {"/items/1/pieces": OVER} == errors(problem)
    assert "Only 3.00 is open for this line." == problem.errors[0].message
    raised = await world.change("parcel", first["id"], items=items(first, "3", "3"))
    assert ["3.00", "3.00"] == [item["pieces"] for item in raised["items"]]
    with pytest.raises(Problem) as nothing:
        await world.do("sale", sale["id"], "parcel", lines=[{"id": sale["lines"][0]["id"]}])
    assert (409, "nothing_open") == refusal(nothing.value)


async def test_all_lines_that_exceed_are_told_at_once_and_put_is_no_way_round(world: World) -> None:
    sale = await agreed(world, "5", "5")
    made = await parcel(world, sale, "1", "1")
    raw = text({"items": items(made, "6", "7")})
    with pytest.raises(Problem) as problem:
        await update(world.call(), "parcel", made["id"], raw, replace=True)
    assert {"/items/0/pieces": OVER, "/items/1/pieces": OVER} == errors(problem.value)


async def test_lowering_a_target_opens_what_it_held(world: World) -> None:
    sale = await agreed(world, "5")
    made = await parcel(world, sale, "5")
    await world.change("parcel", made["id"], items=items(made, "2"))
    again = await parcel(world, sale, "3")
    assert ["3.00"] == [item["pieces"] for item in again["items"]]
    assert {"/items/0/pieces": OVER} == errors(
        await refused(world, "parcel", made["id"], items=items(made, "2.5"))
    )


async def test_a_source_keeps_what_was_taken(world: World) -> None:
    sale = await agreed(world, "5", "5")
    await parcel(world, sale, "2", "3")
    sale = await reopened(world, sale)
    tea, cup = ({"id": line["id"]} for line in sale["lines"])
    less = [{**tea, "quantity": "1.99"}, {**cup, "quantity": "2"}]
    problem = await refused(world, "sale", sale["id"], lines=less)
    assert {"/lines/0/quantity": OVER, "/lines/1/quantity": OVER} == errors(problem)
    assert "2.00 of this line was converted already; it can't have less." == (
        problem.errors[0].message
    )
    gone = await refused(world, "sale", sale["id"], lines=[tea])
    assert {"/lines": OVER} == errors(gone)
    just = [{**tea, "quantity": "2"}, {**cup, "quantity": "3"}]
    assert ["2.00", "3.00"] == [
        line["quantity"] for line in (await world.change("sale", sale["id"], lines=just))["lines"]
    ]


async def test_what_was_given_back_holds_no_source_and_is_not_taken_twice(world: World) -> None:
    sale = await agreed(world, "5", "5")
    made = await parcel(world, sale, "5", "5")
    await world.do("parcel", made["id"], "return")
    sale = await reopened(world, sale)
    await world.change("sale", sale["id"], lines=[{"id": sale["lines"][0]["id"]}])
    with pytest.raises(Problem) as problem:
        await world.do("parcel", made["id"], "resend")
    assert {"/items/1/pieces": OVER} == errors(problem.value)
    assert "Only 0.00 is open for this line." == problem.value.errors[0].message
    await world.change("parcel", made["id"], items=items(made, "5", None))
    assert "packed" == (await world.do("parcel", made["id"], "resend"))["status"]


async def test_a_release_taken_back_is_refused_where_others_took_it(world: World) -> None:
    sale = await agreed(world, "5")
    first = await parcel(world, sale, "5")
    await world.do("parcel", first["id"], "return")
    second = await parcel(world, sale, "4")
    with pytest.raises(Problem) as problem:
        await world.do("parcel", first["id"], "resend")
    assert {"/items/0/pieces": OVER} == errors(problem.value)
    await world.do("parcel", second["id"], "return")
    await world.do("parcel", first["id"], "resend")


async def test_whole_lines_are_not_taken_back_twice(world: World) -> None:
    sale = await agreed(world, "5")
    first = await world.do("sale", sale["id"], "sheet")
    await world.change("sheet", first["id"], void=True)
    second = await world.do("sale", sale["id"], "sheet")
    assert {"/rows/0": OVER} == errors(await refused(world, "sheet", first["id"], void=False))
    # A null releases nothing either.
    assert {"/rows/0": OVER} == errors(await refused(world, "sheet", first["id"], void=None))
    sale = await reopened(world, sale)
    assert {"/lines": OVER} == errors(await refused(world, "sale", sale["id"], lines=[]))
    await world.remove("sheet", second["id"])
    await world.change("sheet", first["id"], void=False)


async def test_a_dry_run_and_a_key_say_the_same(world: World) -> None:
    sale = await agreed(world, "5")
    first = await parcel(world, sale, "5")
    await world.do("parcel", first["id"], "return")
    await parcel(world, sale, "4")
    for call in (world.call(dry_run=True), world.call(idempotency_key="k")):
        with pytest.raises(Problem) as problem:
            await act(call, "parcel", first["id"], "resend", b"{}")
        assert (422, "validation_failed") == refusal(problem.value)


async def test_only_writes_that_may_exceed_pay(world: World) -> None:
    """Neither objects of no conversion nor edits that raise nothing run a statement more."""

    class Counting:
        units: list[int]

        async def read(self, statement: Bound) -> Rows:
            return await world.executor.read(statement)

        async def write(
            self, unit: list[Bound], *, keep: bool = True, contended: str = ""
        ) -> list[Rows]:
            self.units.append(len(unit))
            return await world.executor.write(unit, keep=keep, contended=contended)

    counting = Counting()
    counting.units = []
    sale = await agreed(world, "5")
    made = await parcel(world, sale, "2")
    call = msgspec.structs.replace(world.call(), executor=counting)
    customer = await world.make("customer", name="Eve")
    await update(call, "customer", customer["id"], text({"name": "Eva"}))
    await update(call, "parcel", made["id"], text({"remark": "x"}))
    await update(call, "parcel", made["id"], text({"items": items(made, "1")}))
    await act(call, "parcel", made["id"], "return", b"{}")
    assert [1, 1, 3, 1] == counting.units  # the parcel that has less is a source of boxes
    await act(call, "parcel", made["id"], "resend", b"{}")
    assert 4 == counting.units[-1]


async def deadlocks(world: World) -> int:
    await asyncio.sleep(1.1)  # a backend tells its counters at most once a second
    await world.executor.read(Bound("select pg_stat_force_next_flush()"))
    rows = await world.executor.read(
        Bound("select deadlocks::text from pg_stat_database where datname = current_database()")
    )
    return int(rows[0][0] or b"0")


async def taken(world: World, sale: Record) -> Decimal:
    rows = await world.ask(
        "select coalesce(sum(l.pieces), 0)::text from objectry.conversion_line c "
        "join trade.parcel p on p.tenant_id = c.tenant_id and p.id = c.target_id "
        "join trade.parcel_item l on l.tenant_id = c.tenant_id and l.id = c.target_line_id "
        "where c.tenant_id = $1::integer and c.source_id = $2::uuid and p.status <> 'returned'",
        sale["id"],
    )
    return Decimal(str(rows[0][0]))


async def test_raises_at_the_same_time_never_exceed(world: World) -> None:
    sale = await agreed(world, "40")
    made = [await parcel(world, sale, "1") for _ in range(32)]
    outcomes = await asyncio.gather(
        *(
            update(world.call(), "parcel", one["id"], text({"items": items(one, "2")}))
            for one in made
        ),
        return_exceptions=True,
    )
    assert [(422, "validation_failed")] * 24 == [
        refusal(one) for one in outcomes if isinstance(one, Problem)
    ]
    assert 8 == sum(not isinstance(one, BaseException) for one in outcomes)
    assert Decimal(40) == await taken(world, sale)


async def test_twenty_parts_at_once_take_what_there_is_and_no_more(world: World) -> None:
    """Each of twenty takes 1.5 of 20: thirteen are made, and what one gives back is taken."""
    sale = await agreed(world, "20")
    line = sale["lines"][0]["id"]
    part = text({"lines": [{"id": line, "quantity": "1.5"}]})

    async def twenty() -> list[Answer]:
        outcomes = await asyncio.gather(
            *(act(world.call(), "sale", sale["id"], "parcel", part) for _ in range(20)),
            return_exceptions=True,
        )
        made = [one for one in outcomes if isinstance(one, Answer)]
        refused = [refusal(one) for one in outcomes if isinstance(one, Problem)]
        assert [(422, "validation_failed")] * (20 - len(made)) == refused
        return made

    made = await twenty()
    assert 13 == len(made)
    assert Decimal("19.5") == await taken(world, sale)
    for one in made[:3]:
        await world.do("parcel", body(one)["id"], "return")
    await world.remove("parcel", body(made[3])["id"])
    assert 4 == len(await twenty())
    assert Decimal("19.5") == await taken(world, sale)


async def test_everything_at_once_neither_exceeds_nor_waits_in_a_circle(world: World) -> None:
    """Conversions, raises of few records by many, sources lowered, parcels boxed and resent."""
    sale = await agreed(world, "30")
    made = [await parcel(world, sale, "2") for _ in range(4)]
    sale = await reopened(world, sale)
    await world.do("sale", sale["id"], "agree")
    before = await deadlocks(world)
    line = sale["lines"][0]["id"]
    part = text({"lines": [{"id": line, "quantity": "2"}]})
    work: list[Coroutine[None, None, Answer]] = []
    for index in range(24):
        one = made[index % 4]
        pieces = str(2 + index % 5)
        work += [
            act(world.call(), "sale", sale["id"], "parcel", part),
            update(world.call(), "parcel", one["id"], text({"items": items(one, pieces)})),
            act(world.call(), "parcel", one["id"], "box", b"{}"),
            act(world.call(), "parcel", one["id"], ("return", "resend")[index % 2], b"{}"),
            update(world.call(), "sale", sale["id"], text({"note": str(index)})),
        ]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    strange = [
        one
        for one in outcomes
        if isinstance(one, BaseException)
        and not (isinstance(one, Problem) and one.status in (409, 422))
    ]
    assert [] == strange
    assert Decimal(30) >= await taken(world, sale)
    assert before == await deadlocks(world)


async def test_a_source_lowered_while_a_target_is_raised(world: World) -> None:
    sale = await agreed(world, "10")
    made = await parcel(world, sale, "5")
    sale = await reopened(world, sale)
    line = {"id": sale["lines"][0]["id"]}

    async def race(round: int) -> list[object]:
        return list(
            await asyncio.gather(
                update(world.call(), "parcel", made["id"], text({"items": items(made, "8")})),
                update(
                    world.call(), "sale", sale["id"], text({"lines": [{**line, "quantity": "6"}]})
                ),
                return_exceptions=True,
            )
        )

    for round in range(8):
        outcomes = await race(round)
        assert 1 == sum(isinstance(one, Problem) for one in outcomes), outcomes
        has = Decimal((await world.get("sale", sale["id"]))["lines"][0]["quantity"])
        assert has >= await taken(world, sale)
        await world.change("parcel", made["id"], items=items(made, "5"))
        await world.change("sale", sale["id"], lines=[{**line, "quantity": "10"}])


async def test_many_raises_of_one_record_get_their_turn(world: World) -> None:
    """By its number, and until it is decided under the lock: its source is held first."""
    sale = await agreed(world, "40")
    made = await parcel(world, sale, "40")
    box = await world.do(
        "parcel", made["id"], "box", lines=[{"id": made["items"][0]["id"], "quantity": "1"}]
    )
    raises = [str(1 + index) for index in range(1, 33)]
    outcomes = await asyncio.gather(
        *(
            update(world.call(), "box", box["number"], text({"items": items(box, one)}))
            for one in raises
        ),
        return_exceptions=True,
    )
    assert [] == [one for one in outcomes if isinstance(one, BaseException)]
    assert {"1.00", *(f"{one}.00" for one in raises)} == {
        version["record"]["items"][0]["pieces"] for version in await world.history(box["id"])
    }


async def test_verify_agrees(world: World, trade: Database) -> None:
    """What edits allow is clean; what goes behind their back is found, of whole lines too."""
    sale = await agreed(world, "5", "5")
    first = await world.do("sale", sale["id"], "sheet")
    await world.change("sheet", first["id"], void=True)
    await world.do("sale", sale["id"], "sheet")
    made = await parcel(world, sale, "1", "1")
    await world.change("parcel", made["id"], items=items(made, "5", None))

    def told() -> list[str]:
        troubles: list[Trouble] = []
        list(verify(trade, world.live, troubles.append))
        mine = [one for one in troubles if one.tenant == str(world.tenant)]
        return sorted(" ".join(one.message.split()[2:]) for one in mine)

    assert [] == told()
    with psycopg.connect(trade.owner_dsn, autocommit=True) as owner:
        owner.execute("update trade.sheet set void = false where tenant_id = %s", [world.tenant])
        owner.execute(
            "update trade.parcel_item set pieces = 6.00 where tenant_id = %s", [world.tenant]
        )
    assert ["has 1, conversion sheet took 2"] * 2 + [
        "has 5.00, conversion parcel took 6.00"
    ] == told()
