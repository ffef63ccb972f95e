"""API keys: `ok_<8 characters>_<43 characters>`. The first part finds a key, the second proves."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime

import msgspec

from objectry.values.ids import new_id
from objectry_runtime.store.executor import Bound, Executor

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
PREFIX_LENGTH = 8
DEFAULT_TENANT = 1
_KEY = re.compile(r"ok_([a-z0-9]{8})_([A-Za-z0-9_-]{43})")


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as it was sent, not yet believed; `hash` is of the secret part."""

    prefix: str
    hash: bytes


def parse_key(text: str) -> ApiKey | None:
    """A key by its form, or None."""
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    return ApiKey(prefix=found.group(1), hash=_hash(found.group(2)))


async def create_key(
    executor: Executor,
    name: str,
    roles: Sequence[str],
    tenant: int = DEFAULT_TENANT,
    *,
    expires_at: datetime | None = None,
) -> str:
    """Make a key for the principal `name` (made with it) and return it: it is shown this once.

    What is stored can't be turned back into it. Needs the owner's executor.
    """
    prefix = "".join(secrets.choice(ALPHABET) for _ in range(PREFIX_LENGTH))
    secret = secrets.token_urlsafe(32)
    await executor.write(
        [
            Bound(_INSERT_PRINCIPAL, (str(tenant), new_id(), name, _array(roles))),
            Bound(
                _INSERT_KEY,
                (
                    str(tenant),
                    prefix,
                    _hash(secret).hex(),
                    _array(roles),
                    expires_at.isoformat() if expires_at else None,
                    name,
                ),
            ),
        ]
    )
    return f"ok_{prefix}_{secret}"


async def revoke_key(executor: Executor, prefix: str) -> bool:
    """Revoke the key with this prefix; whether there was one that still worked."""
    (rows,) = await executor.write([Bound(_REVOKE, (prefix,))])
    return bool(rows)


def _hash(secret: str) -> bytes:
    # The secret has 256 random bits: a fast hash is as good as a slow one, and much cheaper.
    return hashlib.sha256(secret.encode()).digest()


def _array(items: Sequence[str]) -> str:
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in sorted(set(items)))
    return "{" + ",".join(f'"{item}"' for item in quoted) + "}"


# A principal has the roles of its first key; a key has roles of its own, so that a second key for
# the same name neither widens nor narrows the first.
_INSERT_PRINCIPAL = """
insert into objectry.principal (tenant_id, id, name, roles)
values ($1::integer, $2::uuid, $3::text, $4::text[])
on conflict (tenant_id, name) do nothing
"""
_INSERT_KEY = """
insert into objectry.api_key (tenant_id, prefix, hash, principal, roles, expires_at)
select $1::integer, $2::text, decode($3::text, 'hex'), p.id, $4::text[], $5::timestamptz
from objectry.principal p where p.tenant_id = $1::integer and p.name = $6::text
"""
_REVOKE = """
update objectry.api_key set revoked_at = now()
where prefix = $1::text and revoked_at is null returning 1
"""
