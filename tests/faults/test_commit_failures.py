"""A unit that fails at its COMMIT is never acknowledged, and hurts no other."""

import asyncio

import pytest

from objectry_runtime.store.executor import DatabaseError
from tests.faults.books import put
from tests.faults.world import ORPHAN, World

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("series", ["", "one", "four"])
async def test_of_600_units_75_fail_at_commit_and_525_are_kept(world: World, series: str) -> None:
    """Each of the 75 is told its own failure; reads beside them are answered."""
    await world.warm()

    def contended(number: int) -> str:
        return {"": "", "one": "all", "four": f"series {number % 4}"}[series]

    def unit(number: int) -> asyncio.Future[str]:
        then = [ORPHAN] if number % 8 == 0 else []
        return asyncio.ensure_future(world.write(then=then, contended=contended(number)))

    units = [unit(number) for number in range(600)]
    reads = [asyncio.ensure_future(world.read()) for _ in range(200)]
    told = await asyncio.gather(*units)
    assert ["23503" if number % 8 == 0 else "" for number in range(600)] == told
    assert [""] * 200 == await asyncio.gather(*reads)


@pytest.mark.parametrize("contended", ["", "series"])
async def test_the_violated_constraint_is_named(world: World, contended: str) -> None:
    await world.warm()
    token = world.books.token()
    neighbours = asyncio.gather(*(world.write(contended=contended) for _ in range(10)))
    with pytest.raises(DatabaseError) as raised:
        await world.executor.write([put(token), ORPHAN], contended=contended)
    world.books.absent.add(token)
    assert ("23503", "pair_other_fkey") == (raised.value.sqlstate, raised.value.constraint)
    assert [""] * 10 == await neighbours


@pytest.mark.parametrize("contended", ["", "series"])
async def test_a_dry_run_hears_what_commit_would_have_said(world: World, contended: str) -> None:
    """Nothing of it stays, nor of its neighbours less than everything."""
    await world.warm()
    runs = [
        world.write(then=[ORPHAN] if bad else [], keep=keep, contended=contended)
        for _ in range(20)
        for bad in (False, True)
        for keep in (False, True)
    ]
    assert ["", "", "23503", "23503"] * 20 == await asyncio.gather(*runs)
