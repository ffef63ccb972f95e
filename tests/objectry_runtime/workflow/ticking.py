"""A server's clock in a process of its own, to be killed: takes what is due in one tenant's office.

`python -m tests.objectry_runtime.workflow.ticking <dsn of the owner> <moment>`
"""

import asyncio
import sys
from datetime import datetime

import msgspec

from objectry_runtime.problems import Problem
from objectry_runtime.publishing import live_release
from objectry_runtime.store.database import Database
from objectry_runtime.workflow.timers import take_due
from tests.executors import new_executor
from tests.objectry_runtime.command.world import World, make_live


def fail(transition: str, id: str, problem: Problem) -> None:
    raise problem


async def tick(dsn: str, now: datetime) -> None:
    database = Database.of(dsn)
    found = live_release(database)
    assert found is not None
    pool = new_executor(database.runtime_dsn, size=2)
    await pool.open()
    call = World(make_live(*found), pool).call()
    call = msgspec.structs.replace(call, now=now, today=now.date())
    await take_due(call, frozenset(), fail)
    await pool.close()


if __name__ == "__main__":
    asyncio.run(tick(sys.argv[1], datetime.fromisoformat(sys.argv[2])))
