"""Where scenarios are told: a database made for them and dropped after, a tenant for each."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
from psycopg import sql

from objectry.metadata.model import Definitions
from objectry.registry import Release
from objectry.values.ids import new_id
from objectry_runtime.host.live import Live
from objectry_runtime.identity import Principal
from objectry_runtime.publishing import ensure_first_release, live_release
from objectry_runtime.services.runtime import bind
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database, OwnerConnection
from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.keyring import Keyring
from objectry_runtime.store.migrate import migrate
from objectry_runtime.store.pool import PoolExecutor

FOLDER = "scenarios"  # in the state folder: an embedded server that no real data ever sees
CONNECTIONS = 4
# Nothing here is worth a wait for the disk.
_CARELESS = ("fsync", "synchronous_commit", "full_page_writes")


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
async def open_stage(settings: Settings, release: Release) -> AsyncIterator[Stage]:
    """The stage for the block."""
    with _database(settings.state / FOLDER) as database:
        migrate(database)
        ensure_first_release(database, release, author="objectry test")
        found = live_release(database)
        assert found is not None, "a release was just published"
        executor = PoolExecutor(database.runtime_dsn, size=CONNECTIONS)
        await executor.open()
        try:
            with database.connect_owner() as owner:
                keyring = Keyring(os.urandom(32))
                yield Stage(bind(*found, settings), executor, keyring, settings, owner)
        finally:
            await executor.close()


@contextmanager
def _database(folder: Path) -> Iterator[Database]:
    with EmbeddedPostgres(folder) as server:
        name = f"scenarios_{uuid.uuid4().hex[:12]}"
        with server.database("postgres").connect_owner() as owner:
            for setting in _CARELESS:
                owner.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
            owner.execute("select pg_reload_conf()")
            owner.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            try:
                yield server.database(name)
            finally:
                drop = sql.SQL("drop database {} with (force)")
                owner.execute(drop.format(sql.Identifier(name)))


def chosen(definitions: Definitions, names: tuple[str, ...]) -> list[str]:
    """The scenarios to tell: those named, else all, in the order of the files."""
    return list(names or definitions.scenarios)
