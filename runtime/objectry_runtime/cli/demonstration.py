"""`serve --demo`: demo data, and an API key that stays the same from one start to the next."""

import asyncio
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from objectry_runtime.cli.greeting import say
from objectry_runtime.identity import Call, Principal, authenticate, create_key
from objectry_runtime.problems import Problem
from objectry_runtime.services.demo import load
from objectry_runtime.services.runtime import Runtime
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.pool import PoolExecutor

NAME = "demo"
KEY_FILE = "demo.key"


def prepare_demo(runtime: Runtime, database: Database, settings: Settings) -> str:
    """Load the demo data where there is none, and return the demo's API key."""
    return asyncio.run(_prepare(runtime, database, settings.state / KEY_FILE))


async def _prepare(runtime: Runtime, database: Database, key_file: Path) -> str:
    executor: Executor = PoolExecutor(database.runtime_dsn, size=2)
    await executor.open()
    try:
        key, principal = await _key(executor, database, key_file)

        def new_call() -> Call:
            now = datetime.now(UTC)
            return Call(
                live=runtime.live,
                executor=executor,
                keyring=runtime.keyring,
                principal=principal,
                now=now,
                today=now.astimezone(runtime.time_zone).date(),
                correlation=f"demo-{uuid.uuid4()}",
            )

        if await load(new_call):
            say("Loaded the demo data.")
        return key
    finally:
        await executor.close()


async def _key(executor: Executor, database: Database, path: Path) -> tuple[str, Principal]:
    """The key of the last start where it still works, else a new one, kept for the next start.

    A demo's key in a file that only its user may read: a convenience that nothing else gets.
    """
    if path.exists():
        kept = path.read_text(encoding="ascii", errors="replace").strip()
        try:
            return kept, await authenticate(executor, f"Bearer {kept}")
        except Problem:
            pass  # revoked, or of another database: a new one is made
    owner = PoolExecutor(database.owner_dsn, size=1)
    await owner.open()
    try:
        key = await create_key(owner, NAME, ["admin"])
    finally:
        await owner.close()
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
    return key, await authenticate(executor, f"Bearer {key}")
