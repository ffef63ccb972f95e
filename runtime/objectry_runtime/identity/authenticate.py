"""From an `Authorization` header to a principal, or the one 401 for everything that is wrong."""

import hashlib
import hmac
import time
from collections.abc import Callable
from weakref import WeakKeyDictionary

import msgspec

from objectry_runtime.identity.call import Principal
from objectry_runtime.identity.keys import ApiKey, parse_key
from objectry_runtime.problems import Problem
from objectry_runtime.store.executor import Bound, Executor

BELIEVED_SECONDS = 0.9  # a revoked key stops working within a second
BELIEVED_MAX = 10_000

_roles = msgspec.json.Decoder(list[str])
_lent = msgspec.json.Decoder(dict[str, str])


class ProvenKeys:
    """The credentials that were proven a moment ago; each is asked for again after
    `BELIEVED_SECONDS`. Only their hashes are kept: no secret stays in memory for it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[bytes, tuple[float, Principal]] = {}

    async def find(self, executor: Executor, authorization: str) -> Principal | None:
        """The principal of a header; None where its key is unknown, revoked, expired or wrong."""
        index = hashlib.sha256(authorization.encode()).digest()
        known = self._known.get(index)
        now = self._clock()
        if known is not None and now < known[0]:
            return known[1]
        scheme, _, credential = authorization.partition(" ")
        key = parse_key(credential.strip()) if scheme.lower() == "bearer" else None
        principal = await _look_up(executor, key) if key is not None else None
        if principal is None:
            self._known.pop(index, None)
            return None
        if len(self._known) >= BELIEVED_MAX:
            self._known.clear()
        # From before the look-up: a revocation that committed meanwhile is not believed longer.
        self._known[index] = (now + BELIEVED_SECONDS, principal)
        return principal


_proven: WeakKeyDictionary[Executor, ProvenKeys] = WeakKeyDictionary()


async def authenticate(executor: Executor, authorization: str) -> Principal:
    """Who sends `Authorization: Bearer <api key>`; Problem 401, the same for every reason."""
    proven = _proven.get(executor)
    if proven is None:
        proven = _proven[executor] = ProvenKeys()
    principal = await proven.find(executor, authorization)
    if principal is None:
        raise unauthorized()
    return principal


def forget_proven(executor: Executor) -> None:
    """Ask anew who everybody is: what they may do has changed."""
    _proven.pop(executor, None)


def unauthorized() -> Problem:
    """Missing, malformed, unknown, expired, revoked: a caller can't tell which."""
    return Problem(
        401,
        "unauthorized",
        "Credentials are missing or not valid.",
        "Send Authorization: Bearer <api key>.",
        headers={"WWW-Authenticate": "Bearer"},
    )


async def _look_up(executor: Executor, key: ApiKey) -> Principal | None:
    rows = await executor.read(Bound(_FIND, (key.prefix,)))
    found: Principal | None = None
    for row in rows:
        hash_hex, tenant, tenant_name, user, name, roles, lent = _texts(row)
        if hmac.compare_digest(bytes.fromhex(hash_hex), key.hash):
            found = Principal(
                tenant=int(tenant),
                tenant_name=tenant_name,
                user=user,
                name=name,
                roles=frozenset(_roles.decode(roles)),
                lent=_lent.decode(lent),
            )
    return found


def _texts(row: tuple[bytes | None, ...]) -> tuple[str, ...]:
    return tuple("" if value is None else value.decode() for value in row)


_FIND = """
select encode(k.hash, 'hex'), k.tenant_id::text, t.name, p.id::text, p.name,
       array_to_json(k.roles)::text, coalesce((
         select json_object_agg(d.role, d.lender order by d.created_at)::text
         from objectry.delegation d
         where d.tenant_id = p.tenant_id and d.borrower = p.id and d.revoked_at is null
           and d.from_at <= now() and d.until_at > now() and d.role <> all(k.roles)
           and exists (
             select from objectry.api_key own
             join objectry.principal lender
               on lender.tenant_id = own.tenant_id and lender.id = own.principal
             where own.tenant_id = d.tenant_id and own.principal = d.lender
               and d.role = any(own.roles) and own.revoked_at is null
               and (own.expires_at is null or own.expires_at > now())
               and lender.disabled_at is null)), '{}')
from objectry.api_key k
join objectry.principal p on p.tenant_id = k.tenant_id and p.id = k.principal
join objectry.tenant t on t.id = k.tenant_id
where k.prefix = $1::text and k.revoked_at is null and p.disabled_at is null
  and (k.expires_at is null or k.expires_at > now())
"""
