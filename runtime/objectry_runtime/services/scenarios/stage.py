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

    def tenant(self, number: int) -> "People":
        """A tenant of its own, with nobody in it yet."""
        name = f"scenario-{number}"
        self.owner.execute("insert into objectry.tenant (id, name) values (%s, %s)", (number, name))
        return People(self.owner, number, name)


class People:
    """Who acts in one tenant: a principal for each role, made when first asked for."""

    def __init__(self, owner: OwnerConnection, tenant: int, tenant_name: str) -> None:
        self._owner = owner
        self._tenant = tenant
        self._tenant_name = tenant_name
        self._known: dict[str, Principal] = {}

    def who(self, name: str) -> Principal:
        """The person of a role; `role#2` is another one who has it."""
        if name not in self._known:
            role = name.partition("#")[0]
            made = Principal(
                tenant=self._tenant,
                tenant_name=self._tenant_name,
                user=new_id(),
                name=name,
                roles=frozenset({role}),
            )
            self._owner.execute(
                "insert into objectry.principal (tenant_id, id, name, roles)"
                " values (%s, %s, %s, %s)",
                (self._tenant, made.user, name, [role]),
            )
            self._known[name] = made
        return self._known[name]


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
