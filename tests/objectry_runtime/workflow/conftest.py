"""The small business, for tests of transitions and conversions, and an office that bills."""

from collections.abc import AsyncIterator, Iterator

import pytest

from objectry_runtime.publishing import ensure_first_release, live_release
from objectry_runtime.store.database import Database
from tests.conftest import temporary_database
from tests.executors import new_executor
from tests.objectry_runtime.command.fixtures import trade, world
from tests.objectry_runtime.command.world import World, make_live
from tests.objectry_runtime.workflow.paperwork import release

__all__ = ["office", "paperwork", "trade", "world"]


@pytest.fixture(scope="session")
def paperwork(server_dsn: str, template_database: str) -> Iterator[Database]:
    """A database in which the office is published."""
    with temporary_database(server_dsn, template_database) as database:
        ensure_first_release(database, release(), "test")
        yield database


@pytest.fixture
async def office(paperwork: Database) -> AsyncIterator[World]:
    """A tenant of the office."""
    pool = new_executor(paperwork.runtime_dsn, size=8)
    await pool.open()
    live = live_release(paperwork)
    assert live is not None
    yield World(make_live(*live), pool)
    await pool.close()
