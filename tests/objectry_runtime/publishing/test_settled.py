"""A plan looks at what differs, and finds what a look at everything would find."""

from collections.abc import Collection

import psycopg
import pytest
from sqlalchemy import MetaData

from objectry.compiler.tables import compile_tables
from objectry.metadata.model import Model
from objectry.planner import Plan
from objectry.registry import StorageMap
from objectry_runtime.publishing import apply, live_release, make_plan
from objectry_runtime.publishing.formulas import MARK
from objectry_runtime.store.database import Database
from tests.objectry_runtime.publishing.shop import FIRST, WITH_CODE, WITH_NOTE, WITH_TASK, release

ORDER = """
service: shop
label: Shop
---
object: plan
service: shop
fields: {rate: {type: decimal, scale: 2}}
---
object: order
service: shop
fields:
  plan: {type: link, to: plan}
  rate: {type: decimal, scale: 2}
  lines: {type: table, of: order_line}
---
object: order_line
service: shop
fields:
  hours: {type: decimal, scale: 2}
  price: {type: decimal, scale: 2, formula: hours * parent.rate}
"""
# The line's own definition stays: its formula now reads a link, through its owner.
LIVE_RATE = ORDER.replace(
    "  rate: {type: decimal, scale: 2}\n  lines",
    "  rate: {type: decimal, scale: 2, formula: plan.rate}\n  lines",
)


def publish(database: Database, text: str) -> bool:
    wanted = release(text)
    return apply(database, wanted, make_plan(database, wanted), author="test")


def settled(database: Database) -> set[str]:
    found = live_release(database)
    assert found is not None
    return set(found[1].settled)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The objects whose tables each plan compiled."""
    seen: list[set[str]] = []

    def watched(
        model: Model, storage: StorageMap, objects: Collection[str] | None = None
    ) -> MetaData:
        seen.append(set(model.objects() if objects is None else objects))
        return compile_tables(model, storage, objects)

    monkeypatch.setattr("objectry_runtime.publishing.plan.compile_tables", watched)
    return seen


@pytest.fixture
def whole(database: Database, monkeypatch: pytest.MonkeyPatch) -> "Whole":
    return Whole(database, monkeypatch)


class Whole:
    """The plan of a program that takes nobody's word for what is settled."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self._database = database
        self._monkeypatch = monkeypatch

    def plan(self, text: str) -> Plan:
        with self._monkeypatch.context() as patch:
            patch.setattr("objectry_runtime.publishing.settled.fingerprint", lambda: "another")
            return make_plan(self._database, release(text))


def test_only_what_differs_is_compiled(database: Database, compiled: list[set[str]]) -> None:
    """Once everything is looked at, later what is new or changed; with nothing new, nothing."""
    publish(database, FIRST)
    compiled.clear()
    for text in (FIRST, WITH_TASK, WITH_NOTE):
        make_plan(database, release(text))
    assert [set(), {"offer", "task"}, {"offer"}] == compiled
    publish(database, WITH_TASK)
    compiled.clear()
    publish(database, f"{WITH_TASK}---\nobject: room\nservice: shop\n")
    assert [{"room"}, {"room"}] == compiled
    assert {"customer", "offer", "task", "room"} == settled(database)


def test_another_program_looks_for_itself(
    database: Database, compiled: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may want other tables for the same definitions; having looked, it need not do so again."""
    publish(database, FIRST)
    monkeypatch.setattr("objectry_runtime.publishing.settled.fingerprint", lambda: "newer")
    compiled.clear()
    assert not publish(database, FIRST)
    make_plan(database, release(FIRST))
    assert [{"customer", "offer"}, {"customer", "offer"}, set()] == compiled


@pytest.mark.parametrize(
    "drift",
    [
        "drop index shop.offer__customer__idx",
        "alter table shop.offer drop constraint offer__customer__fk",
        "alter table shop.offer drop column note",
        "alter table shop.offer add column by_hand text not null",
        "alter table shop.offer add constraint offer__note__key unique (tenant_id, note)",
        "alter table shop.customer alter column name type varchar(20)",
        "drop table shop.offer",
        f"comment on column shop.offer.double is '{MARK}'",
    ],
)
def test_what_somebody_did_to_a_table_is_found(
    database: Database, owner: psycopg.Connection, whole: Whole, drift: str
) -> None:
    """By hand, or by an apply of another release that was cut short."""
    text = f"{WITH_NOTE}  double: {{type: money, formula: total * 2}}\n"
    publish(database, text)
    owner.execute(drift.encode())
    found = make_plan(database, release(text))
    assert found.steps
    assert whole.plan(text) == found


def test_rows_are_still_asked_of_what_changes(
    database: Database, owner: psycopg.Connection, whole: Whole
) -> None:
    """What can't be done to rows that are there is refused as ever."""
    publish(database, WITH_NOTE)
    owner.execute(
        "insert into shop.customer (tenant_id, id, version, owner, created_at, created_by, "
        "updated_at, updated_by, name) select 1, c.o, 1, c.o, now(), c.o, now(), c.o, 'C' "
        "from (select gen_random_uuid() o) c"
    )
    text = WITH_CODE.replace(
        "required: true}\n---", "required: true}\n  rank: {type: date, required: true}\n---"
    )
    found = make_plan(database, release(text))
    assert ["add column shop.customer.rank, always filled"] == [
        one.summary for one in found.refused
    ]
    assert whole.plan(text) == found


def test_parts_of_one_document_are_looked_at_together(
    database: Database, whole: Whole, compiled: list[set[str]]
) -> None:
    publish(database, ORDER)
    compiled.clear()
    found = make_plan(database, release(LIVE_RATE))
    assert [{"order", "order_line"}] == compiled
    assert whole.plan(LIVE_RATE) == found
    publish(database, LIVE_RATE)
    live = live_release(database)
    assert live is not None
    assert "price" not in live[1].objects["order_line"].columns


def test_what_is_left_of_an_object_that_goes_is_seen_to(database: Database, whole: Whole) -> None:
    """A table no longer in use lets go of one that is settled."""
    publish(database, WITH_NOTE)
    text = FIRST[: FIRST.index("---\nobject: offer")]
    found = make_plan(database, release(text))
    assert ["shop.offer (no longer used) lets go of shop.customer"] == [
        step.summary for step in found.steps
    ]
    assert whole.plan(text) == found
