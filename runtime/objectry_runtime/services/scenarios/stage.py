"""Where scenarios are told: a tenant for each, in a database that is thrown away."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from objectry.registry import Release
from objectry.values.ids import new_id
from objectry_runtime.host.live import Live
from objectry_runtime.identity import Principal
from objectry_runtime.publishing import live_release
from objectry_runtime.services.runtime import bind
from objectry_runtime.services.scenarios.copies import copied
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import OwnerConnection
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.keyring import Keyring
from objectry_runtime.store.pool import PoolExecutor

FOLDER = "scenarios"  # in the state folder: an embedded server that no real data ever sees
CONNECTIONS = 4


class Stage(msgspec.Struct, frozen=True):
    """The published definitions on an empty database, and who may act there."""

    live: Live
    executor: Executor
    keyring: Keyring
    settings: Settings
    owner: OwnerConnection

    def tenant(self, number: int) -> dict[str, Principal]:
        """A tenant of its own, with one principal for each role, by role."""
        roles = ["admin", *self.live.release.definitions.roles]
        name = f"scenario-{number}"
        self.owner.execute("insert into objectry.tenant (id, name) values (%s, %s)", (number, name))
        made: dict[str, Principal] = {}
        for role in dict.fromkeys(roles):
            made[role] = Principal(
                tenant=number,
                tenant_name=name,
                user=new_id(),
                name=role,
                roles=frozenset({role}),
            )
        with self.owner.cursor() as cursor:
            cursor.executemany(
                "insert into objectry.principal (tenant_id, id, name, roles)"
                " values (%s, %s, %s, %s)",
                [(number, one.user, one.name, list(one.roles)) for one in made.values()],
            )
        return made


@asynccontextmanager
async def open_stage(settings: Settings, release: Release) -> AsyncGenerator[Stage]:
    """The stage for the block."""
    with copied(settings.state / FOLDER, release) as database:
        found = live_release(database)
        assert found is not None, "a release was published"
        executor = PoolExecutor(database.runtime_dsn, size=CONNECTIONS)
        await executor.open()
        try:
            with database.connect_owner() as owner:
                keyring = Keyring(os.urandom(32))
                yield Stage(bind(*found, settings), executor, keyring, settings, owner)
        finally:
            await executor.close()
