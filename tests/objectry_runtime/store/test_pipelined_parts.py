"""The parts of the pipelined executor that need no server."""

import asyncio
import tracemalloc

import pytest

from objectry_runtime.store.executor import Bound, DatabaseError
from objectry_runtime.store.measures import LaneMeasures, Load
from objectry_runtime.store.pipelined.costs import STATEMENTS_MAX, Costs
from objectry_runtime.store.pipelined.groups import STATEMENTS_MAX as GROUPED_MAX
from objectry_runtime.store.pipelined.groups import UNITS_MAX, Grouping
from objectry_runtime.store.pipelined.prepared import PreparedStatements
from objectry_runtime.store.pipelined.request import Request, Step, step_of
from objectry_runtime.store.pipelined.sizes import sizes_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("size", range(1, 65))
def test_lanes_take_the_connections_there_are(size: int) -> None:
    """Three at least; reads, writes and interactive transactions always have one."""
    sizes = sizes_of(size)
    lanes = (sizes.read, sizes.dear, sizes.write, sizes.contended, sizes.interactive)
    assert max(3, size) == sum(lanes)
    assert min(sizes.read, sizes.write, sizes.interactive) >= 1
    assert (size >= 5) == (min(sizes.dear, sizes.contended) >= 1)


def test_a_cost_falls_quickly_and_rises_slowly() -> None:
    """A busy event loop makes single measurements long; the least is near the truth."""
    costs = Costs()
    costs.learn("a", 0.100)
    costs.learn("a", 0.002)
    costs.learn("a", 0.002)
    low = costs.of("a")
    costs.learn("a", 0.100)
    high = costs.of("a")
    assert low is not None
    assert high is not None
    assert (low < 0.03, high < 1.3 * low) == (True, True)


def test_who_was_slow_among_many_is_not_guessed() -> None:
    """All rise in proportion, by a fifth at most, and an unseen one learns nothing."""
    costs = Costs()
    costs.learn("a", 0.001)
    costs.learn("b", 0.002)
    costs.learn_shared(["a", "b", "new"], 10.0)
    known = [costs.of("a") or 0.0, costs.of("b") or 0.0]
    assert known == pytest.approx([0.00115, 0.0023])
    assert costs.of("new") is None


def test_costs_are_bounded() -> None:
    """The oldest texts are forgotten."""
    costs = Costs()
    for number in range(STATEMENTS_MAX + 1):
        costs.learn(str(number), 0.001)
    assert (None, True) == (costs.of("0"), costs.of("1") is not None)


def test_the_longest_unused_statement_is_closed() -> None:
    """Asking for one counts as use."""
    prepared = PreparedStatements(2)
    first = prepared.add("a")
    second = prepared.add("b")
    prepared.find("a")
    third = prepared.add("c")
    assert [second] == prepared.surplus(1)
    assert [first, None, third] == [prepared.find(sql) for sql in "abc"]


def test_what_one_exchange_uses_is_never_closed_before_it_ran() -> None:
    """Though it be more than may stay prepared."""
    prepared = PreparedStatements(1)
    for sql in "abc":
        prepared.add(sql)
    assert [] == prepared.surplus(3)
    assert ["a", "b"] == [closed.sql for closed in prepared.surplus(1)]


def test_a_dropped_statement_is_closed_and_prepared_anew() -> None:
    """Dropping it twice, or after it was made anew, changes nothing."""
    prepared = PreparedStatements(10)
    old = prepared.add("a")
    prepared.drop(old)
    new = prepared.add("a")
    prepared.drop(old)
    assert (new, [old]) == (prepared.find("a"), prepared.surplus(1))
    assert old.name != new.name


@pytest.mark.parametrize("hostile", ["a\0b", "\ud800"])
def test_what_can_not_be_sent_is_refused_before(hostile: str) -> None:
    """NUL and lone surrogates, by the SQLSTATE PostgreSQL has for it."""
    with pytest.raises(DatabaseError) as raised:
        step_of(Bound("select $1::text", ("fine", hostile)))
    assert "22021" == raised.value.sqlstate


def unit(statements: int = 1, *, alone: bool = False, undo: bool = False) -> Request:
    steps: list[Step] = [("select $1::text", [b"x"])] * statements
    request = Request(steps, asyncio.get_running_loop().create_future(), undo=undo)
    request.alone = alone
    return request


def taken(grouping: Grouping, waiting: list[Request]) -> int:
    """How many of those waiting would travel together."""
    most, joins = grouping.bounds(len(waiting))
    count = 0
    for request in waiting:
        if count == most or not joins(request):
            break
        count += 1
    return count


def new_grouping() -> Grouping:
    return Grouping(LaneMeasures("test", lambda: Load(0, 0, 0)))


async def test_a_group_has_a_bound_in_units_and_in_statements() -> None:
    """So that it ends before PostgreSQL looks for deadlocks."""
    grouping = new_grouping()
    assert UNITS_MAX == taken(grouping, [unit() for _ in range(40)])
    assert GROUPED_MAX // 5 == taken(grouping, [unit(5) for _ in range(40)])


async def test_heavy_repeated_and_dry_units_travel_alone() -> None:
    """At the head of the queue, and behind others."""
    for single in (unit(GROUPED_MAX + 1), unit(alone=True), unit(undo=True)):
        assert [1, 2] == [
            taken(new_grouping(), [single, unit(), unit()]),
            taken(new_grouping(), [unit(), unit(), single]),
        ]


async def test_groups_shrink_with_failures_and_grow_with_successes() -> None:
    """One that fails halves them; they come back one by one, and slowly from nothing."""
    grouping = new_grouping()
    waiting = [unit() for _ in range(40)]
    sizes: list[int] = []

    def ends(units: int, *, failed: bool) -> None:
        exchange = grouping.exchange([unit() for _ in range(units)], lambda _: None)
        exchange.failed = failed
        grouping.learn(exchange)
        sizes.append(taken(grouping, waiting))

    for _ in range(5):
        ends(2, failed=True)
    ends(1, failed=True)
    for _ in range(20):
        ends(1, failed=False)
    ends(2, failed=False)
    assert [8, 4, 2, 1, 1, 1] == sizes[:6]
    assert (1, 2, 3) == (sizes[20], sizes[25], sizes[26])


def test_costs_keep_no_texts() -> None:
    """A client that makes many long statements does not make the process keep them."""
    costs = Costs()
    tracemalloc.start()
    try:
        for number in range(STATEMENTS_MAX):
            costs.learn(f"{number} " * 2_000, 0.001)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000
