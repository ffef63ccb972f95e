"""Lines that a caller may not read: not lost by who sends what they see, and not told of."""

from typing import Any

import pytest

from objectry_runtime.command import create, update
from objectry_runtime.problems import Problem
from objectry_runtime.query.single import get_record
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, Executor
from objectry_runtime.workflow import act
from tests.objectry_runtime.command.world import body, text
from tests.world import new_call, publish

pytestmark = pytest.mark.anyio

JOBS = """
service: shop
---
role: seller
---
object: job
service: shop
fields:
  name:  {type: text}
  limit: {type: integer, default: 100}
  tasks: {type: table, of: task}
  total: {type: integer, formula: sum(tasks.hours)}
workflow:
  field: status
  initial: open
  states: {open: {}, done: {}}
  transitions:
    finish: {from: open, to: done}
conversions:
  bill:
    to: bill
    map: {name: name}
    lines: {from: tasks, to: rows, quantity: hours, map: {hours: hours}}
permissions:
  seller: {read: true, create: true, update: true, transitions: "*", conversions: "*"}
---
object: task
service: shop
fields:
  name:   {type: text, unique: true}
  secret: {type: boolean}
  hours:  {type: integer, default: 1}
checks:
  - {rule: hours <= parent.limit, message: Over the limit., field: hours}
permissions:
  seller: {read: not secret, create: true, update: true, delete: true}
---
object: bill
service: shop
fields:
  name: {type: text}
  rows: {type: table, of: bill_row}
permissions:
  seller: {read: true}
---
object: bill_row
service: shop
fields:
  hours: {type: integer}
"""

STRANGER = "0190a6d0-0000-7000-8000-000000000000"
Tasks = list[dict[str, Any]]


class Shop:
    """A job with tasks, some of them secret (or not said not to be: a null admits nobody)."""

    def __init__(self, live: Any, executor: Executor) -> None:
        self.live, self.executor = live, executor

    def call(self, role: str) -> Any:
        return new_call(self.live, self.executor, role)

    async def job(self, tasks: str) -> tuple[str, dict[str, str]]:
        """A job with tasks of these names, the upper ones unreadable; its id, theirs by name."""
        rows: Tasks = [
            {"name": one, "secret": {"N": None}.get(one, one.isupper()), "hours": 10 + place}
            for place, one in enumerate(tasks)
        ]
        made = body(await create(self.call("admin"), "job", text({"name": "j", "tasks": rows})))
        return made["id"], {task["name"]: task["id"] for task in made["tasks"]}

    async def says(self, job: str, tasks: Tasks | None, *, put: bool = False) -> dict[str, Any]:
        document = {} if tasks is None else {"tasks": tasks}
        raw = text({"name": "j", **document})
        return dict(body(await update(self.call("seller"), "job", job, raw, replace=put)))

    async def there(self, job: str) -> str:
        """The names of all tasks in order."""
        told = body(await get_record(self.call("admin"), "job", job, []))
        return "".join(task["name"] for task in told["tasks"])

    async def refused(self, job: str, values: dict[str, Any]) -> tuple[int, list[Any]]:
        with pytest.raises(Problem) as problem:
            await update(self.call("seller"), "job", job, text(values))
        return problem.value.status, list(problem.value.errors)


@pytest.fixture
def shop(database: Database, executor: Executor) -> Shop:
    return Shop(publish(database, JOBS), executor)


@pytest.mark.parametrize("put", [False, True], ids=["PATCH", "PUT"])
@pytest.mark.parametrize(
    ("before", "said", "after"),
    [
        ("aXb", "ab", "aXb"),
        ("aXNb", "ab", "aXNb"),
        ("XaYb", "ba", "XbaY"),
        ("aXb", "b", "Xb"),
        ("abX", "a", "aX"),
        ("aXb", "", "X"),
        ("aXb", "nab", "naXb"),
        ("aXbY", "anb", "aXnbY"),
        ("X", "n", "Xn"),
    ],
)
async def test_what_a_caller_says_of_lines_loses_none_it_does_not_see(
    shop: Shop, before: str, said: str, after: str, put: bool
) -> None:
    job, ids = await shop.job(before)
    tasks: Tasks = [{"id": ids[one], "name": one} if one in ids else {"name": one} for one in said]
    if put:
        tasks = [{**task, "secret": False, "hours": 1} for task in tasks]
    else:
        tasks = [task if "id" in task else {**task, "secret": False} for task in tasks]
    told = await shop.says(job, tasks, put=put)
    assert (said, after) == (
        "".join(task["name"] for task in told["tasks"]),
        await shop.there(job),
    )
    rows = await shop.executor.read(positions(job))
    assert [str(place) for place in range(1, len(after) + 1)] == [
        (row[0] or b"").decode() for row in rows
    ]


async def test_sums_count_unseen_lines_and_saying_the_same_again_writes_nothing(
    shop: Shop,
) -> None:
    job, ids = await shop.job("aXb")
    first = await get_record(shop.call("seller"), "job", job, [])
    raw = text({"tasks": [{"id": ids["a"]}, {"id": ids["b"]}]})
    again = await update(shop.call("seller"), "job", job, raw)
    assert (33, first.headers["ETag"]) == (body(again)["total"], again.headers["ETag"])


async def test_a_put_that_leaves_the_lines_out_takes_away_what_its_caller_sees(shop: Shop) -> None:
    job, _ = await shop.job("aXb")
    assert [] == (await shop.says(job, None, put=True))["tasks"]
    assert "X" == await shop.there(job)


async def test_the_id_of_an_unseen_line_is_no_id(shop: Shop) -> None:
    job, ids = await shop.job("aXb")
    told = [
        await shop.refused(job, {"tasks": [{"id": ids["a"]}, {"id": one, "hours": 2}]})
        for one in (ids["X"], STRANGER)
    ]
    assert (422, told[0]) == (told[0][0], told[1])
    assert ["/tasks/1/id"] == [error.pointer for error in told[0][1]]
    parts: list[tuple[int, list[Any]]] = []
    for one in (ids["X"], STRANGER):
        raw = text({"lines": [{"id": one, "quantity": 1}]})
        with pytest.raises(Problem) as problem:
            await act(shop.call("seller"), "job", job, "bill", raw)
        parts.append((problem.value.status, list(problem.value.errors)))
    assert (422, parts[0]) == (parts[0][0], parts[1])


async def test_what_is_wrong_with_an_unseen_line_names_no_line(shop: Shop) -> None:
    job, ids = await shop.job("Xab")
    told = await shop.refused(job, {"limit": 11})
    assert [("/tasks/1/hours", "check")] == [(one.pointer, one.code) for one in told[1]]
    assert (422, [("", "not_possible")]) == _codes(
        await shop.refused(job, {"limit": 9, "tasks": []})
    )
    taken = {"tasks": [{"id": ids["a"], "name": "X"}, {"id": ids["b"]}]}
    assert (422, [("/tasks/0/name", "unique")]) == _codes(await shop.refused(job, taken))


async def test_transitions_and_whole_conversions_take_unseen_lines_along(shop: Shop) -> None:
    job, _ = await shop.job("aXb")
    billed = body(await act(shop.call("seller"), "job", job, "bill", b"{}"))
    assert [10, 11, 12] == [row["hours"] for row in billed["rows"]]
    done = body(await act(shop.call("seller"), "job", job, "finish", b"{}"))
    assert (33, 2, "aXb") == (done["total"], len(done["tasks"]), await shop.there(job))


def _codes(told: tuple[int, list[Any]]) -> tuple[int, list[tuple[str, str]]]:
    return told[0], [(one.pointer, one.code) for one in told[1]]


def positions(job: str) -> Bound:
    return Bound(
        "select position::text from shop.task where parent_id = $1::uuid order by position", (job,)
    )
