"""Who asks, when, of which release, over which executor: what every stage of a request gets."""

from datetime import date, datetime

import msgspec

from objectry_runtime.host.live import Live
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.keyring import Keyring


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking. `tenant` comes from the credential alone."""

    tenant: int
    tenant_name: str
    user: str  # uuid
    name: str
    roles: frozenset[str]

    @property
    def is_admin(self) -> bool:
        """The role `admin` may do everything."""
        return "admin" in self.roles


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request's context. `now` and `today` are bound once, `today` in the tenant's zone."""

    live: Live
    executor: Executor
    keyring: Keyring
    principal: Principal
    now: datetime
    today: date
    correlation: str
    idempotency_key: str = ""
    if_match: str = ""
    if_none_match: str = ""
    dry_run: bool = False
