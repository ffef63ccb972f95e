"""Idempotency: one effect per key. The claim, the effect and the answer are kept together."""

import hashlib
from collections.abc import Mapping

import msgspec

from objectry_runtime.identity.call import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer, entity_tag
from objectry_runtime.query.facts import StoredAnswer
from objectry_runtime.query.prefetch import IdempotencyScope
from objectry_runtime.store.executor import Bound

CONSTRAINT = "idempotency_pkey"
KEY_LENGTH_MAX = 255


def scope_of(call: Call, method: str, path: str) -> IdempotencyScope | None:
    """What the call's key is unique in; None where it gave none."""
    key = call.idempotency_key
    if not key:
        return None
    if len(key) > KEY_LENGTH_MAX or not key.isprintable():
        detail = f"Idempotency-Key takes up to {KEY_LENGTH_MAX} printable characters."
        raise Problem(400, "bad_header", "A header can't be read.", detail)
    return IdempotencyScope(method=method, path=path, key=key)


def hash_of(call: Call, body: bytes) -> str:
    """What tells two requests apart: their bodies, and the rights that their answers obey."""
    hashed = hashlib.blake2b(body, digest_size=32)
    # Another key of the same principal may show less: it must not get the answer of this one.
    hashed.update(msgspec.json.encode(["roles", *sorted(call.principal.roles)]))
    return hashed.hexdigest()


def claim(call: Call, scope: IdempotencyScope, body_hash: str) -> Bound:
    """The first statement of a unit: a second one with the same key waits here for the first."""
    return Bound(
        "insert into objectry.idempotency (tenant_id, principal, method, path, key, body_hash, "
        "created_at) values ($1::integer, $2::uuid, $3::text, $4::text, $5::text, "
        "decode($6::text, 'hex'), $7::timestamptz)",
        (*_key(call, scope), body_hash, call.now.isoformat()),
    )


def remember(
    call: Call,
    scope: IdempotencyScope,
    read: Bound,
    *,
    status: int,
    headers: Mapping[str, str],
    bulk: bool,
    count: int,
    fallback: str,
) -> Bound:
    """The last statement of a unit: reads the answer and keeps it beside the claim.

    Where the caller may not read all `count` records, `fallback` is the answer.
    """
    place = len(read.params)
    status_at, headers_at, fallback_at, *key_at = (f"${place + n}" for n in range(1, 9))
    text = "'{\"data\":[' || string_agg(a.body, ',') || ']}'" if bulk else "min(a.body)"
    return Bound(
        f"with answer(body, version) as materialized ({read.sql}), whole(body, version) as "
        f"(select case when count(*) = {count} then {text} else {fallback_at}::text end, "
        f"case when count(*) = {0 if bulk else 1} then min(a.version) end from answer a), "
        "kept as (update objectry.idempotency i set "
        f"status = {status_at}::integer, headers = {headers_at}::jsonb || "
        "jsonb_build_object('version', coalesce(w.version, '')), "
        "body = w.body from whole w where i.tenant_id = "
        f"{key_at[0]}::integer and i.principal = {key_at[1]}::uuid and i.method = "
        f"{key_at[2]}::text and i.path = {key_at[3]}::text and i.key = {key_at[4]}::text) "
        "select body, version from answer",
        (
            *read.params,
            str(status),
            msgspec.json.encode(headers).decode(),
            fallback,
            *_key(call, scope),
        ),
    )


def replay(stored: StoredAnswer, body_hash: str) -> Answer:
    """The first answer again; the same key with another body is refused."""
    if stored.body_hash != body_hash:
        detail = (
            "This Idempotency-Key was used with another body, or by an API key with other roles."
            " A new request takes a new key."
        )
        raise Problem(422, "idempotency_mismatch", "The key belongs to another request.", detail)
    headers, body = dict(stored.headers), stored.body.encode()
    version = headers.pop("version", "")
    if version:
        headers["ETag"] = entity_tag(version, body)
    headers["Content-Type"] = "application/json"
    return Answer(status=stored.status, body=body, headers=headers)


def _key(call: Call, scope: IdempotencyScope) -> tuple[str, str, str, str, str]:
    principal = call.principal
    return (str(principal.tenant), principal.user, scope.method, scope.path, scope.key)
