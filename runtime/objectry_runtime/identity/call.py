"""Who asks, when, of which release, over which executor: what every stage of a request gets."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

import msgspec

from objectry_runtime.host.live import Live
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.keyring import Keyring


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking. `tenant` comes from the credential alone.

    `lent` are the roles that others lent them for a time, and who did: they count where it is said
    so (`with_lent`), and nowhere else.
    """

    tenant: int
    tenant_name: str
    user: str  # uuid
    name: str
    roles: frozenset[str]
    lent: Mapping[str, str] = {}

    def with_lent(self) -> "Principal":
        """The same with the roles that were lent to them."""
        return msgspec.structs.replace(self, roles=self.roles.union(self.lent))

    def without_lent(self) -> "Principal":
        """The same with no roles but their own."""
        return msgspec.structs.replace(self, roles=self.roles.difference(self.lent))

    @property
    def is_admin(self) -> bool:
        """The role `admin` may do everything."""
        return "admin" in self.roles


class Owners(Protocol):
    """The services that own what lives in other databases."""

    async def fetch(
        self, live: Live, executor: Executor, tenant: int, ids: Mapping[str, Sequence[str]]
    ) -> bool:
        """Bring replicas of records (by object) here; whether any was missing and came.

        Raises a Problem where an owner can't be asked, or says that one was deleted.
        """
        ...


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
    languages: tuple[str, ...] = ()  # that the caller reads, the best first
    language: str = ""  # that the caller asked for by name, and writes
    owners: Owners | None = None  # where everything lives here there are none to ask

    @property
    def usual_language(self) -> str:
        """The language that labels and values are in where nothing says another."""
        return str(self.live.settings.get("company", {}).get("language") or "en")

    @property
    def translated_to(self) -> tuple[str, ...]:
        """The languages to look for before the usual one, each before what it is a kind of."""
        wanted: list[str] = []
        for language in self.languages:
            for tag in dict.fromkeys((language, language.partition("-")[0])):
                if tag == self.usual_language:
                    return tuple(wanted)
                wanted.append(tag)
        return tuple(wanted)
