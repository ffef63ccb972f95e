"""API keys, as careful as ours and as fast: looked up once, then believed for a moment."""

import hashlib
import hmac
import time
from datetime import UTC, datetime
from uuid import UUID

from litestar.exceptions import NotAuthorizedException
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.performance.baselines.tables import api_key

BELIEVED_SECONDS = 0.9
_FIND = select(api_key.c.hash, api_key.c.principal, api_key.c.roles, api_key.c.expires_at).where(
    api_key.c.prefix == bindparam("prefix"), api_key.c.revoked_at.is_(None)
)


class Keys:
    """The keys that were proven a moment ago."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._known: dict[bytes, tuple[float, UUID]] = {}

    async def user(self, authorization: str) -> UUID:
        """Who sends this header, who must be an administrator; 401 otherwise."""
        key = authorization.removeprefix("Bearer ")
        hashed = hashlib.sha256(key[12:].encode()).digest()
        known = self._known.get(hashed)
        now = time.monotonic()
        if known is not None and now < known[0]:
            return known[1]
        async with self._engine.connect() as connection:
            row = (await connection.execute(_FIND, {"prefix": key[3:11]})).one_or_none()
        if row is None or not hmac.compare_digest(row.hash, hashed):
            raise NotAuthorizedException
        if row.expires_at is not None and row.expires_at <= datetime.now(UTC):
            raise NotAuthorizedException
        if "admin" not in row.roles:
            raise NotAuthorizedException
        user: UUID = row.principal
        self._known[hashed] = (now + BELIEVED_SECONDS, user)
        return user
