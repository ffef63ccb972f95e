"""Rows and parameters of tens of megabytes come whole, and beside them small requests go on."""

import asyncio
import hashlib

import pytest

from objectry_runtime.store.executor import Bound
from tests.faults.world import World

pytestmark = pytest.mark.anyio

MEGABYTE = 1 << 20


async def test_results_of_50_megabytes_come_whole_beside_small_ones(world: World) -> None:
    """As one value, and as many rows."""
    await world.warm()
    value = Bound("select repeat('x', $1::integer)", (str(50 * MEGABYTE),))
    rows = Bound("select n, repeat(n::text, 100) from generate_series(1, 100000) n")
    big = asyncio.gather(world.executor.read(value), world.executor.read(rows))
    small = [world.read() for _ in range(100)] + [world.write() for _ in range(20)]
    assert [""] * 120 == await asyncio.gather(*small)
    [(text,)], many = await big
    assert text == b"x" * (50 * MEGABYTE)
    assert [(b"%d" % n, b"%d" % n * 100) for n in range(1, 100_001)] == list(many)
    assert "" == await world.read()


@pytest.mark.parametrize("contended", ["", "series"])
async def test_parameters_of_20_megabytes_arrive_whole_beside_small_ones(
    world: World, contended: str
) -> None:
    await world.warm()
    text = "".join(chr(97 + number % 26) for number in range(1000)) * (20 * MEGABYTE // 1000)
    heavy = Bound("select md5($1::text)", (text,))
    told = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    requests = [world.write(contended=contended) for _ in range(10)]
    requests += [world.write(then=[heavy], contended=contended), world.write(first=[heavy])]
    requests += [world.books.ask(world.executor, heavy, told) for _ in range(2)]
    requests += [world.write(contended=contended) for _ in range(10)]
    requests += [world.read() for _ in range(50)]
    assert [""] * 74 == await asyncio.gather(*requests)
    [[(first,)], [(second,)]] = await world.executor.write([heavy, heavy], keep=False)
    assert (told.encode(), told.encode()) == (first, second)


async def test_a_unit_that_sends_and_brings_much_does_not_lock_up(world: World) -> None:
    """Both ends send megabytes while neither has read the other's."""
    text = "y" * (8 * MEGABYTE)
    mirror = Bound("select $1::text", (text,))
    answers = await world.executor.write([mirror] * 4)
    assert [[(text.encode(),)]] * 4 == answers


async def test_a_huge_read_whose_caller_left_spoils_nothing(world: World) -> None:
    await world.warm()
    value = Bound("select repeat('x', $1::integer)", (str(50 * MEGABYTE),))
    for turns in (1, 5, 50):
        task = asyncio.create_task(world.executor.read(value))
        for _ in range(turns):
            await asyncio.sleep(0.001)
        task.cancel()
        told = await asyncio.gather(*(world.read() for _ in range(20)))
        assert [""] * 20 == told
        await asyncio.gather(task, return_exceptions=True)
    await world.recovered()
