"""The shop, published, with a store to put records into."""

from collections.abc import Callable

import psycopg
import pytest

from objectry_runtime.host.live import Live
from objectry_runtime.identity import Call
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.world import Store, new_call, publish


@pytest.fixture
def live(database: Database) -> Live:
    """The shop's live release."""
    return publish(database)


@pytest.fixture
def store(owner: psycopg.Connection, live: Live) -> Store:
    """Where records come from."""
    return Store(owner, live)


@pytest.fixture
def call(live: Live, executor: Executor) -> Callable[..., Call]:
    """A request of a caller with the given roles."""
    return lambda *roles, **more: new_call(live, executor, *roles, **more)
