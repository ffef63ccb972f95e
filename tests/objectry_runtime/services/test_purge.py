"""Answers to idempotency keys are kept for a while, then purged without anybody waiting."""

import asyncio
from pathlib import Path

import psycopg
import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.services.purge import BATCH, keep_purging, purge_answers
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import read_settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor

pytestmark = pytest.mark.anyio

FILL = """
insert into objectry.idempotency (tenant_id, principal, method, path, key, body_hash, created_at)
select 1, gen_random_uuid(), 'POST', '/', 'k', '', now() - %s::interval from generate_series(1, %s)
"""


def fill(owner: psycopg.Connection, age: str, rows: int) -> None:
    owner.execute(FILL, [age, rows])
    owner.commit()


def left(owner: psycopg.Connection) -> int:
    row = owner.execute("select count(*) from objectry.idempotency").fetchone()
    owner.commit()
    assert row is not None
    return int(row[0])


async def test_only_old_answers_go_in_batches(
    owner: psycopg.Connection, executor: Executor
) -> None:
    fill(owner, "31 days", 2 * BATCH + 7)
    fill(owner, "29 days", 5)
    assert 2 * BATCH + 7 == await purge_answers(executor, 30)
    assert 5 == left(owner)
    assert (5, 0) == (await purge_answers(executor, 28), await purge_answers(executor, 28))


async def test_what_somebody_holds_is_not_waited_for(
    owner: psycopg.Connection, executor: Executor, database: Database
) -> None:
    fill(owner, "31 days", 3)
    with psycopg.connect(database.owner_dsn) as holder:
        holder.execute("select 1 from objectry.idempotency limit 1 for update")
        assert 2 == await asyncio.wait_for(purge_answers(executor, 30), 5)
    assert 1 == await purge_answers(executor, 30)


async def gone(owner: psycopg.Connection) -> None:
    async with asyncio.timeout(20):
        while left(owner):
            await asyncio.sleep(0.02)


async def test_it_is_done_again_and_again_whatever_fails(
    owner: psycopg.Connection, executor: Executor, caplog: pytest.LogCaptureFixture
) -> None:
    owner.execute("alter table objectry.idempotency rename to away")
    owner.commit()
    purging = asyncio.create_task(keep_purging(executor, 30, every=0.01))
    async with asyncio.timeout(20):
        while "could not be purged yet" not in caplog.text:
            await asyncio.sleep(0.01)
    owner.execute("alter table objectry.away rename to idempotency")
    fill(owner, "31 days", 3)
    await gone(owner)
    fill(owner, "31 days", 3)
    await gone(owner)
    assert not purging.done()
    purging.cancel()
    await asyncio.gather(purging, return_exceptions=True)


async def test_a_server_purges_when_it_starts(
    owner: psycopg.Connection, database: Database, tmp_path: Path
) -> None:
    settings = read_settings(tmp_path, {"OBJECTRY_LIMITS_IDEMPOTENCY_DAYS": "10"})
    loaded = load_documents({"a.yaml": "service: desk\n---\nobject: note\nservice: desk\n"
                                       "fields:\n  text: {type: text}\n"})  # fmt: skip
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    fill(owner, "11 days", 3)
    async with Runtime(settings, database, require_live(database, settings)).running():
        await gone(owner)
