"""Lines with permissions of their own: being allowed to change the record is not enough."""

from typing import Any

import pytest

from objectry_runtime.command import create, update
from objectry_runtime.problems import Problem
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.objectry_runtime.command.world import body, errors, text
from tests.world import new_call, publish

pytestmark = pytest.mark.anyio

FOLDERS = """
service: office
---
role: reader
---
role: adder
---
role: editor
---
role: remover
---
role: cleaner
---
object: folder
service: office
fields:
  name:   {type: text}
  sheets: {type: table, of: sheet}
permissions:
  reader:  {read: true, create: true, update: true}
  adder:   {read: true, create: true, update: true}
  editor:  {read: true, create: true, update: true}
  remover: {read: true, create: true, update: true}
  cleaner: {read: true, create: true, update: true}
---
object: sheet
service: office
fields:
  title:  {type: text}
  signed: {type: boolean, default: false}
permissions:
  reader:  {read: true}
  adder:   {read: true, create: true}
  editor:  {read: true, update: true}
  remover: {read: true, delete: true}
  cleaner: {read: true, create: not signed, update: not signed, delete: not signed}
"""


class Office:
    """A folder with a signed sheet and another, and people who try things with it."""

    def __init__(self, live: Any, executor: Executor) -> None:
        self.live, self.executor = live, executor

    async def folder(self) -> tuple[str, list[str]]:
        """A new folder and the ids of its sheets: signed, not signed."""
        sheets = [{"title": "a", "signed": True}, {"title": "b"}]
        call = new_call(self.live, self.executor, "admin")
        made = body(await create(call, "folder", text({"name": "f", "sheets": sheets})))
        return made["id"], [sheet["id"] for sheet in made["sheets"]]

    async def tries(self, role: str, folder: str, sheets: list[dict[str, Any]]) -> object:
        """What becomes of the sheets, or what is wrong with that."""
        call = new_call(self.live, self.executor, role)
        try:
            told = body(await update(call, "folder", folder, text({"sheets": sheets})))
        except Problem as problem:
            return problem.status, errors(problem)
        return [sheet["title"] for sheet in told["sheets"]]


@pytest.fixture
def office(database: Database, executor: Executor) -> Office:
    return Office(publish(database, FOLDERS), executor)


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("reader", set[str]()),
        ("adder", {"adds"}),
        ("editor", {"edits"}),
        ("remover", {"removes"}),
        ("cleaner", {"adds", "edits", "removes"}),
        ("admin", {"adds", "edits", "removes"}),
    ],
)
async def test_each_way_to_change_lines_needs_its_own_right(
    office: Office, role: str, may: set[str]
) -> None:
    expected: dict[str, object] = {"adds": ["a", "b", "n"], "edits": ["a", "c"], "removes": ["a"]}
    got: dict[str, object] = {}
    for what in expected:
        folder, (first, second) = await office.folder()
        kept, other = {"id": first}, {"id": second}
        sheets: list[dict[str, Any]] = {
            "adds": [kept, other, {"title": "n"}],
            "edits": [kept, {"id": second, "title": "c"}],
            "removes": [kept],
        }[what]
        got[what] = await office.tries(role, folder, sheets)
        refused = isinstance(got[what], tuple)
        assert refused == (what not in may), (what, got[what])
    assert {what: expected[what] for what in may} == {what: got[what] for what in may}


async def test_a_line_rule_holds_before_and_after(office: Office) -> None:
    folder, (signed, other) = await office.folder()
    attempts: list[list[dict[str, Any]]] = [
        [{"id": other}],
        [{"id": signed, "title": "x"}, {"id": other}],
        [{"id": signed}, {"id": other, "signed": True}],
        [{"id": signed}, {"id": other}, {"title": "n", "signed": True}],
    ]
    for sheets in attempts:
        assert isinstance(await office.tries("cleaner", folder, sheets), tuple), sheets
    assert ["a", "z"] == await office.tries(
        "cleaner", folder, [{"id": signed}, {"id": other, "title": "z"}]
    )


async def test_a_new_record_brings_no_lines_its_maker_may_not_make(office: Office) -> None:
    made: dict[str, bool] = {}
    for role in ("reader", "adder"):
        call = new_call(office.live, office.executor, role)
        try:
            await create(call, "folder", text({"name": "f", "sheets": [{"title": "n"}]}))
            made[role] = True
        except Problem:
            made[role] = False
    assert {"reader": False, "adder": True} == made
