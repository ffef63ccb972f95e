"""One database with the small business in it, a tenant of its own for every test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from objectry_runtime.publishing import ensure_first_release, live_release
from objectry_runtime.store.database import Database
from tests.conftest import temporary_database
from tests.executors import new_executor
from tests.objectry_runtime.command.world import World, make_live, release


@pytest.fixture(scope="session")
def trade(server_dsn: str, template_database: str) -> Iterator[Database]:
    """A database in which the small business is published."""
    with temporary_database(server_dsn, template_database) as database:
        ensure_first_release(database, release(), "test")
        yield database


@pytest.fixture
async def world(trade: Database) -> AsyncIterator[World]:
    """A tenant of the small business."""
    pool = new_executor(trade.runtime_dsn, size=8)
    await pool.open()
    live = live_release(trade)
    assert live is not None
    yield World(make_live(*live), pool)
    await pool.close()
