"""The demo story: entered through the command path, once, and worth looking at."""

from collections import Counter

import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.services.demo import load
from objectry_runtime.store.database import Database
from objectry_runtime.store.pool import PoolExecutor
from tests.suite.world import User, publish, suite_release

pytestmark = pytest.mark.anyio


async def test_the_story_is_told_once(database: Database, executor: PoolExecutor) -> None:
    """Documents in every state, something overdue today; a second start changes nothing."""
    demo = User(publish(database, suite_release()), executor, "admin")
    assert await load(demo.new_call)
    told = {
        name: Counter(row["status"] for row in await demo.list(name))
        for name in ("customer", "offer", "order", "delivery_note", "invoice", "payment")
    }
    expected = {
        "customer": {"active": 11, "suspended": 1},
        "offer": {
            "accepted": 5,
            "sent": 2,
            "submitted": 1,
            "draft": 1,
            "expired": 1,
            "rejected": 1,
        },
        "order": {"fulfilled": 3, "confirmed": 2, "draft": 1},
        "delivery_note": {"delivered": 4, "shipped": 1, "draft": 1},
        "invoice": {"paid": 1, "issued": 3, "draft": 1},
        "payment": {"allocated": 2, "received": 1},
    }
    assert expected == told
    overdue = await demo.list("invoice", days_overdue__gt="0", sort="due_date")
    assert [63, 16] == [row["days_overdue"] for row in overdue]
    issued = await demo.list("invoice", number__isnull="false", sort="invoice_date")
    numbers = [row["number"].rsplit("-", 1)[1] for row in issued]
    assert ["00001", "00002", "00003", "00004"] == numbers

    assert not await load(demo.new_call)
    assert 12 == len(await demo.list("customer"))


async def test_another_project_gets_no_demo_data(
    database: Database, executor: PoolExecutor
) -> None:
    """Where the suite's objects are not, there is nothing to tell."""
    loaded = load_documents({"a.yaml": "service: desk\n---\nobject: ticket\nservice: desk\n"
                                       "fields:\n  subject: {type: text}\n"})  # fmt: skip
    assert () == tuple(loaded.findings)
    demo = User(publish(database, make_release(loaded.definitions)), executor, "admin")
    assert not await load(demo.new_call)
