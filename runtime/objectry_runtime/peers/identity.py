"""Who may sign in: told by the service that keeps it, kept by the others.

Tenants, principals and keys (their hashes, never a key) are few and change seldom: they are told
whole, and only when they differ from what the asker has. A service whose identity service is away
goes on with what it has.
"""

import asyncio
import hashlib
import logging

import msgspec

from objectry_runtime.peers.client import PeerAway, PeerClient
from objectry_runtime.peers.messages import IdentityAnswer, IdentityRequest
from objectry_runtime.store.database import Database, DatabaseUnusable
from objectry_runtime.store.executor import Bound, Executor

EVERY_S = 0.5  # beside what is believed for a moment, a revoked key works so much longer elsewhere
AWAY_S = 2.0
TABLES = {
    "tenant": ("id", "name", "time_zone", "created_at"),
    "principal": ("tenant_id", "id", "name", "roles", "created_at", "disabled_at"),
    "api_key": (
        *("tenant_id", "prefix", "hash", "principal", "roles"),
        *("created_at", "expires_at", "revoked_at"),
    ),
}
_KEYS = {"tenant": ("id",), "principal": ("tenant_id", "id"), "api_key": ("tenant_id", "prefix")}

log = logging.getLogger("objectry.peers")


async def identities(executor: Executor, request: IdentityRequest) -> IdentityAnswer:
    """All there is, or its hash alone where the asker has it already."""
    texts: dict[str, bytes] = {}
    for table, columns in TABLES.items():
        rows = await executor.read(
            Bound(
                f"select coalesce(json_agg(r order by {', '.join(_KEYS[table])}), '[]')::text "
                f"from (select {', '.join(columns)} from objectry.{table}) r"
            )
        )
        texts[table] = rows[0][0] or b"[]"
    digest = hashlib.sha256(b"\n".join(texts.values())).hexdigest()
    if digest == request.known:
        return IdentityAnswer(hash=digest)
    tables = {table: msgspec.json.decode(text) for table, text in texts.items()}
    return IdentityAnswer(hash=digest, tables=tables)


async def keep_identities(client: PeerClient, service: str, database: Database) -> None:
    """Follow the service that keeps them, until cancelled."""
    known, away = "", False
    while True:
        try:
            request = IdentityRequest(known=known)
            found = await client.ask(service, "identity", request, IdentityAnswer)
            if found.hash != known:
                await asyncio.to_thread(_take, database, found)
                known = found.hash
            away = False
        except (PeerAway, DatabaseUnusable) as error:
            if not away:
                log.warning("who may sign in is not heard of now, what was stays: %s", error)
            away = True
        except Exception:  # whatever it is, who could sign in still can
            log.exception("who may sign in can't be taken over, trying again")
            away = True
        await asyncio.sleep(AWAY_S if away else EVERY_S)


def _take(database: Database, found: IdentityAnswer) -> None:
    """Make the tables here what they are there. The runtime's role may not: it is the owner's."""
    with database.connect_owner() as connection, connection.transaction():
        for table, columns in TABLES.items():
            keys = ", ".join(_KEYS[table])
            renewed = ", ".join(
                f"{one} = excluded.{one}" for one in columns if one not in _KEYS[table]
            )
            rows = msgspec.json.encode(found.tables[table]).decode()
            connection.execute(
                f"insert into objectry.{table} ({', '.join(columns)}) select {', '.join(columns)} "
                f"from json_populate_recordset(null::objectry.{table}, %s::json) "
                f"on conflict ({keys}) do update set {renewed}".encode(),
                (rows,),
            )
