"""A running server hears of a new release, whatever happens to its connection."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module

import psycopg
import pytest

from objectry.registry import Release, StorageMap
from objectry_runtime.host import PluginProblem
from objectry_runtime.publishing import apply, ensure_first_release, make_plan, watch
from objectry_runtime.store.database import Database
from tests.objectry_runtime.publishing.shop import FIRST, WITH_NOTE, WITH_TASK, release

pytestmark = pytest.mark.anyio

# The package gives the function of the same name.
WATCHING = import_module("objectry_runtime.publishing.watch")


def publish(database: Database, text: str) -> None:
    wanted = release(text)
    apply(database, wanted, make_plan(database, wanted), author="test")


class Server:
    """Takes up releases, as a running server does."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[tuple[Release, StorageMap]] = asyncio.Queue()

    async def take(self, release: Release, storage: StorageMap) -> None:
        await self.taken.put((release, storage))

    async def next(self, seconds: float = 10) -> str:
        found, storage = await asyncio.wait_for(self.taken.get(), seconds)
        assert set(found.definitions.objects) == set(storage.objects)
        return found.id


@pytest.fixture
async def server(database: Database) -> AsyncIterator[Server]:
    """A server on the first release that looks by itself once a minute only."""
    await asyncio.to_thread(ensure_first_release, database, release(FIRST), "test")
    server = Server()
    watching = asyncio.create_task(watch(database, server.take, release(FIRST), every=60))
    yield server
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def listening(owner: psycopg.Connection) -> int:
    """The backend that listens, once it looked for the first time."""
    for _ in range(500):
        found = owner.execute(
            "select pid from pg_stat_activity where datname = current_database() "
            "and state = 'idle' and query like '%objectry.live%' and pid <> pg_backend_pid()"
        ).fetchone()
        if found:
            return int(found[0])
        await asyncio.sleep(0.01)
    raise AssertionError("nobody listens")


async def test_each_release_is_taken_up_when_it_becomes_live(
    database: Database, owner: psycopg.Connection, server: Server
) -> None:
    await listening(owner)
    taken: list[str] = []
    for text in (WITH_NOTE, WITH_TASK, FIRST):
        await asyncio.to_thread(publish, database, text)
        taken.append(await server.next(2))
    assert [release(text).id for text in (WITH_NOTE, WITH_TASK, FIRST)] == taken
    assert server.taken.empty()


async def test_a_release_published_while_the_connection_was_lost_is_taken_up(
    database: Database, owner: psycopg.Connection, server: Server
) -> None:
    pid = await listening(owner)
    owner.execute("select pg_terminate_backend(%s, 5000)", (pid,))
    await asyncio.to_thread(publish, database, WITH_NOTE)
    assert release(WITH_NOTE).id == await server.next()


async def test_a_release_nobody_told_of_is_found_by_looking(
    database: Database, owner: psycopg.Connection
) -> None:
    await asyncio.to_thread(publish, database, FIRST)
    await asyncio.to_thread(publish, database, WITH_NOTE)
    server = Server()
    current = release(WITH_NOTE)
    watching = asyncio.create_task(watch(database, server.take, current, every=0.05))
    await listening(owner)
    owner.execute("update objectry.live set sequence = 1")
    assert release(FIRST).id == await server.next()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_what_became_live_since_the_server_looked_is_taken_up_at_once(
    database: Database,
) -> None:
    await asyncio.to_thread(publish, database, FIRST)
    await asyncio.to_thread(publish, database, WITH_NOTE)
    server = Server()
    watching = asyncio.create_task(watch(database, server.take, release(FIRST), every=60))
    assert release(WITH_NOTE).id == await server.next()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_a_release_that_can_not_be_taken_up_does_not_end_the_watch(
    database: Database, owner: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread(publish, database, FIRST)
    server = Server()

    async def take(found: Release, storage: StorageMap) -> None:
        if "task" in found.definitions.objects:
            raise ValueError("no room for tasks")
        await server.take(found, storage)

    watching = asyncio.create_task(watch(database, take, release(FIRST), every=60))
    await listening(owner)
    await asyncio.to_thread(publish, database, WITH_TASK)
    await asyncio.to_thread(publish, database, WITH_NOTE)
    assert release(WITH_NOTE).id == await server.next()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert "no room for tasks" in caplog.text


async def test_a_release_that_could_not_be_taken_up_is_tried_again(
    database: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else has to be published, and nobody to restart the server; once is enough."""
    monkeypatch.setattr(WATCHING, "AGAIN_FIRST_S", 0.01)
    await asyncio.to_thread(publish, database, FIRST)
    server = Server()
    refusals = iter((PluginProblem(()), ValueError("not yet")))

    async def take(found: Release, storage: StorageMap) -> None:
        for refusal in refusals:
            raise refusal
        await server.take(found, storage)

    watching = asyncio.create_task(watch(database, take, release(FIRST), every=0.01))
    await listening(owner)
    await asyncio.to_thread(publish, database, WITH_TASK)
    assert release(WITH_TASK).id == await server.next()
    await asyncio.to_thread(publish, database, WITH_NOTE)
    assert release(WITH_NOTE).id == await server.next()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert server.taken.empty()


async def test_what_is_no_longer_live_is_not_tried_again(
    database: Database, owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a server could go back to a release that another has replaced."""
    monkeypatch.setattr(WATCHING, "AGAIN_FIRST_S", 0.2)
    await asyncio.to_thread(publish, database, FIRST)
    server = Server()
    tried: list[str] = []

    async def take(found: Release, storage: StorageMap) -> None:
        tried.append(found.id)
        if "task" in found.definitions.objects:
            raise ValueError("no room for tasks")
        await server.take(found, storage)

    watching = asyncio.create_task(watch(database, take, release(FIRST), every=60))
    await listening(owner)
    await asyncio.to_thread(publish, database, WITH_TASK)
    await asyncio.to_thread(publish, database, WITH_NOTE)
    assert release(WITH_NOTE).id == await server.next()
    after = len(tried)
    await asyncio.sleep(0.5)  # longer than the next try would have waited
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert (release(WITH_NOTE).id, after) == (tried[-1], len(tried))
