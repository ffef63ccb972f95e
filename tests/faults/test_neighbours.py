"""Requests that share a connection, an exchange or a transaction do not share their failures."""

import asyncio

import pytest

from objectry_runtime.store.executor import Bound
from tests.faults.books import UNAVAILABLE
from tests.faults.world import DIVIDES_BY_ZERO, ORPHAN, World

pytestmark = pytest.mark.anyio

NEIGHBOURS = 8
# How a read can fail, and what is said of it: while it is prepared, bound, run, or before.
BAD_READS = {
    "syntax": (Bound("selekt 1"), "42601"),
    "name": (Bound("select no_such_column from faults.token"), "42703"),
    "value": (Bound("select $1::integer", ("one",)), "22P02"),
    "run": (DIVIDES_BY_ZERO, "22012"),
    "late": (Bound("select 1 / (100 - n) from generate_series(1, 200) n"), "22012"),
    "rights": (Bound("select * from pg_authid"), "42501"),
    "nul": (Bound("select $1::text", ("a\0b",)), "22021"),
    "surrogate": (Bound("select $1::text", ("\ud800",)), "22021"),
    "missing": (Bound("select * from faults.no_such_table"), "42P01"),
}


@pytest.mark.parametrize("bad", sorted(BAD_READS))
async def test_a_failing_read_at_any_position_fails_alone(world: World, bad: str) -> None:
    await world.warm()
    statement, sqlstate = BAD_READS[bad]
    for position in range(NEIGHBOURS + 1):
        requests = [world.read() for _ in range(NEIGHBOURS)]
        requests.insert(position, world.books.ask(world.executor, statement, "never"))
        told = await asyncio.gather(*requests)
        expected = [""] * NEIGHBOURS
        expected.insert(position, sqlstate)
        assert expected == told


async def test_of_many_reads_exactly_the_bad_ones_fail(world: World) -> None:
    await world.warm()
    bad = list(BAD_READS.values())
    requests = [
        world.books.ask(world.executor, bad[number % len(bad)][0], "never")
        if number % 3 == 0
        else world.read()
        for number in range(300)
    ]
    told = await asyncio.gather(*requests)
    assert [number % 3 == 0 for number in range(300)] == [said != "" for said in told]
    assert UNAVAILABLE not in told


async def test_parameters_that_do_not_fit_hurt_nobody_else(world: World) -> None:
    """A mistake of ours is told to whoever made it."""
    await world.warm()
    broken = Bound("select $1::text || $2::text", ("one",))
    requests = [world.read() for _ in range(NEIGHBOURS)]
    requests.insert(4, world.books.ask(world.executor, broken, "never"))
    told = await asyncio.gather(*requests)
    assert [""] * NEIGHBOURS == told[:4] + told[5:]
    assert "" != told[4]


BAD_STATEMENTS = {
    "run": (DIVIDES_BY_ZERO, "22012"),
    "commit": (ORPHAN, "23503"),
    "prepare": (Bound("selekt 1"), "42601"),
    "bind": (Bound("select $1::integer", ("one",)), "22P02"),
    "nul": (Bound("select $1::text", ("a\0b",)), "22021"),
}


@pytest.mark.parametrize("bad", sorted(BAD_STATEMENTS))
@pytest.mark.parametrize("contended", ["", "series"])
async def test_a_failing_unit_at_any_position_fails_alone(
    world: World, bad: str, contended: str
) -> None:
    """More units than connections, so that some wait and may be taken together."""
    await world.warm()
    statement, sqlstate = BAD_STATEMENTS[bad]
    many = 3 * NEIGHBOURS
    for position in range(0, many, 3):
        before = [statement] if position % 2 else []
        after = [] if before else [statement]
        units = [world.write(contended=contended) for _ in range(many)]
        units.insert(position, world.write(first=before, then=after, contended=contended))
        told = await asyncio.gather(*units)
        assert ([""] * many, sqlstate) == (told[:position] + told[position + 1 :], told[position])


async def test_units_that_all_fail_are_each_told_their_own(world: World) -> None:
    await world.warm()
    bad = list(BAD_STATEMENTS.values())
    units = [world.write(then=[bad[number % len(bad)][0]]) for number in range(100)]
    assert [bad[number % len(bad)][1] for number in range(100)] == await asyncio.gather(*units)


@pytest.mark.parametrize("contended", ["", "series"])
async def test_half_of_the_units_fail_and_the_other_half_is_kept(
    world: World, contended: str
) -> None:
    await world.warm()
    units = [
        world.write(then=[DIVIDES_BY_ZERO] if number % 2 else [], contended=contended)
        for number in range(400)
    ]
    assert ["", "22012"] * 200 == await asyncio.gather(*units)


async def test_each_statement_of_a_unit_gets_its_own_answer(world: World) -> None:
    """Also among many units that wait together."""

    async def one(number: int) -> list[object]:
        unit = [Bound("select $1::text", (f"{number} {part}",)) for part in range(3)]
        return [rows[0][0] for rows in await world.executor.write(unit)]

    answers = await asyncio.gather(*(one(number) for number in range(200)))
    assert [[b"%d %d" % (number, part) for part in range(3)] for number in range(200)] == answers
