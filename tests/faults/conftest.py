"""Fault tests run on every executor there is, in a world that keeps books of what was promised."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Iterator

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.kinds import EXECUTORS
from tests.conftest import temporary_database
from tests.faults.world import World, entered, lay_tables

SECONDS = 60  # nothing waits for ever: no test of this folder may take longer


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"seconds(n): may take n seconds instead of {SECONDS}")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> None:
    """A test that waits for ever fails instead."""
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return
    marker = pyfuncitem.get_closest_marker("seconds")
    seconds = marker.args[0] if marker else SECONDS

    @functools.wraps(test)
    async def guarded(**arguments: object) -> None:
        async with asyncio.timeout(seconds):
            await test(**arguments)

    pyfuncitem.obj = guarded


@pytest.fixture(params=sorted(EXECUTORS))
def kind(request: pytest.FixtureRequest) -> str:
    """The name of an executor."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def fault_database(server_dsn: str, template_database: str) -> Iterator[Database]:
    """A migrated database with the tables these tests write to; each world has its own tokens."""
    with temporary_database(server_dsn, template_database) as database:
        lay_tables(database)
        yield database


@pytest.fixture
async def world(kind: str, fault_database: Database) -> AsyncIterator[World]:
    """An open executor of that kind with its books; afterwards they must be in order."""
    async with entered(kind, fault_database) as world:
        yield world
