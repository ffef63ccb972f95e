"""API keys for the command line: made and revoked as the database's owner."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from rapidfuzz import process

from objectry_runtime.cli.failure import Failure
from objectry_runtime.identity import create_key, revoke_key
from objectry_runtime.publishing import live_release
from objectry_runtime.services.database import open_identities
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.pool import PoolExecutor

Result = TypeVar("Result")
NAME_LENGTH_MAX = 100


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """An API key as it may be shown."""

    prefix: str
    name: str
    tenant: str
    roles: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    state: str  # works | expired | revoked


def make_key(
    settings: Settings,
    name: str,
    roles: tuple[str, ...],
    tenant: str,
    expires: datetime | None,
) -> str:
    """Make a key; the tenant is made where it is new."""
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        raise Failure(f"A key's name has 1 to {NAME_LENGTH_MAX} printable characters.")
    if not 1 <= len(tenant) <= NAME_LENGTH_MAX or not tenant.isprintable():
        raise Failure(f"A tenant's name has 1 to {NAME_LENGTH_MAX} printable characters.")
    expires_at = expires.replace(tzinfo=UTC) if expires is not None else None
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Failure("The key would have expired already.", "Name a time to come.")
    with open_identities(settings) as database:
        _check_roles(database, roles)
        number = _tenant(database, tenant)
        return _with_owner(
            database,
            lambda executor: create_key(executor, name, roles, number, expires_at=expires_at),
        )


def list_keys(settings: Settings) -> list[KeyRow]:
    """All keys, the newest first."""
    with open_identities(settings) as database, database.connect_owner() as connection:
        rows = connection.execute(
            "select k.prefix, p.name, t.name, p.roles, k.created_at, k.expires_at,"
            " case when k.revoked_at is not null then 'revoked'"
            " when k.expires_at <= now() then 'expired' else 'works' end"
            " from objectry.api_key k"
            " join objectry.principal p on p.tenant_id = k.tenant_id and p.id = k.principal"
            " join objectry.tenant t on t.id = k.tenant_id order by k.created_at desc"
        ).fetchall()
    return [
        KeyRow(
            prefix=prefix,
            name=name,
            tenant=tenant,
            roles=tuple(roles),
            created_at=created_at,
            expires_at=expires_at,
            state=state,
        )
        for prefix, name, tenant, roles, created_at, expires_at, state in rows
    ]


def revoke(settings: Settings, prefix: str) -> None:
    """Revoke one key; a whole key pasted by mistake is taken by its prefix."""
    parts = prefix.split("_")
    prefix = parts[1] if len(parts) >= 3 and parts[0] == "ok" else prefix
    with open_identities(settings) as database:
        if not _with_owner(database, lambda executor: revoke_key(executor, prefix)):
            raise Failure(
                f'No key that still works has the prefix "{prefix}".', "`objectry key list`"
            )


def _with_owner(database: Database, work: Callable[[Executor], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        executor = PoolExecutor(database.owner_dsn, size=1)
        await executor.open()
        try:
            return await work(executor)
        finally:
            await executor.close()

    return asyncio.run(run())


def _check_roles(database: Database, roles: tuple[str, ...]) -> None:
    """A mistyped role is a key that may do nothing: said now, while it is cheap to mend."""
    found = live_release(database)
    if found is None:
        return  # nothing is published yet: roles can't be known
    known = ["admin", *found[0].definitions.roles]
    for role in roles:
        if role not in known:
            near = process.extractOne(role, known, score_cutoff=60.0)
            hint = f'Did you mean "{near[0]}"? ' if near else ""
            raise Failure(f'There is no role "{role}".', f"{hint}There are: {', '.join(known)}.")


def _tenant(database: Database, name: str) -> int:
    with database.connect_owner() as connection, connection.transaction():
        connection.execute("lock table objectry.tenant in share row exclusive mode")
        row = connection.execute("select id from objectry.tenant where name = %s", (name,))
        found = row.fetchone()
        if found is None:
            found = connection.execute(
                "insert into objectry.tenant (id, name)"
                " select max(id) + 1, %s from objectry.tenant returning id",
                (name,),
            ).fetchone()
        assert found is not None, "an insert returns its row"
        return int(found[0])
