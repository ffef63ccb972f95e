"""The demo story: entered through the command path, once, and worth looking at."""

import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.problems import Problem
from objectry_runtime.services.demo import load
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.suite.world import ROOT, User, publish, suite_release

pytestmark = pytest.mark.anyio


async def test_the_story_is_told_once(database: Database, executor: Executor) -> None:
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


async def test_another_project_gets_no_demo_data(database: Database, executor: Executor) -> None:
    """Where the suite's objects are not, there is nothing to tell."""
    loaded = load_documents({"a.yaml": "service: desk\n---\nobject: ticket\nservice: desk\n"
                                       "fields:\n  subject: {type: text}\n"})  # fmt: skip
    assert () == tuple(loaded.findings)
    demo = User(publish(database, make_release(loaded.definitions)), executor, "admin")
    assert not await load(demo.new_call)


INTERRUPTED = """
import asyncio, os, signal, sys
from objectry_runtime.problems import Problem
from objectry_runtime.services.demo import load
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.executors import new_executor
from tests.suite.world import ROOT, User, publish, suite_release

async def main():
    database = Database(*sys.argv[1:3])
    executor = new_executor(database.runtime_dsn, size=2)
    await executor.open()
    demo = User(publish(database, suite_release()), executor, "admin")
    calls = 0

    def new_call():
        nonlocal calls
        calls += 1
        if calls == 60:
            print("half-way", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return demo.new_call()

    await load(new_call)

asyncio.run(main())
"""


async def test_a_story_that_is_interrupted_is_told_whole_the_next_time(
    database: Database, executor: Executor
) -> None:
    """Whoever is killed half-way has told nothing, and uses up no number."""
    killed = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, database.owner_dsn, database.runtime_dsn],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        timeout=120,
    )
    assert (-signal.SIGKILL, b"half-way\n") == (killed.returncode, killed.stdout)
    demo = User(publish(database, suite_release()), executor, "admin")
    assert [] == await demo.list("product")
    assert await load(demo.new_call)
    assert 12 == len(await demo.list("customer"))
    offers = await demo.list("offer", sort="number")
    assert [f"{index:05}" for index in range(1, 12)] == [
        row["number"].rsplit("-", 1)[1] for row in offers
    ]
    assert not await load(demo.new_call)


async def test_what_the_story_can_not_tell_is_said_and_leaves_nothing(
    database: Database, executor: Executor
) -> None:
    """A project that changed the suite learns why; a refusal in the middle undoes all before."""
    demo = User(publish(database, suite_release()), executor, "admin")
    await demo.create("product", sku="WB-11", name="Taken", unit="piece", price="1.00")
    with pytest.raises(Problem) as refused:
        await load(demo.new_call)
    assert ["unique"] == [one.code for one in refused.value.errors]
    assert ["WB-11"] == [row["sku"] for row in await demo.list("product")]
