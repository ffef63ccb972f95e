"""The running server's state: another release takes the place of the one before, wholly."""

import asyncio
import gc
import weakref
from pathlib import Path

import pytest

from objectry_runtime.publishing import apply, ensure_first_release, make_plan
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import read_settings
from objectry_runtime.store.database import Database
from tests.objectry_runtime.publishing.shop import FIRST, WITH_TASK, release

pytestmark = pytest.mark.anyio


async def until_served(runtime: Runtime, wanted: str) -> None:
    async with asyncio.timeout(20):
        while runtime.live.release.id != wanted:
            await asyncio.sleep(0.01)


async def test_the_release_before_is_forgotten(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what a server had set apart from collection when it got ready."""
    monkeypatch.setattr("objectry_runtime.services.runtime.FORGET_AFTER_S", 0.01)
    ensure_first_release(database, release(FIRST), "test")
    settings = read_settings(tmp_path, {"OBJECTRY_DATABASE_URL": database.owner_dsn})
    runtime = Runtime(settings, database, require_live(database, settings))
    runtime.live.model.scope("offer").follow("customer")  # a ring: scopes find others by the model
    before = weakref.ref(runtime.live.model)
    gc.freeze()
    try:
        async with runtime.running():
            wanted = release(WITH_TASK)
            plan = await asyncio.to_thread(make_plan, database, wanted)
            await asyncio.to_thread(apply, database, wanted, plan, author="test")
            await until_served(runtime, wanted.id)
            async with asyncio.timeout(20):
                while before() is not None:
                    await asyncio.sleep(0.01)
        assert set(runtime.live.model.objects()) == {"customer", "offer", "task"}
    finally:
        gc.unfreeze()
