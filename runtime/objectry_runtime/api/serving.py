"""What is being served, and the call that each request makes of it."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from objectry.values.ids import new_id
from objectry_runtime.api.asgi import Headers
from objectry_runtime.files import Contents
from objectry_runtime.host.live import Live
from objectry_runtime.identity import Call, authenticate
from objectry_runtime.identity.call import Owners
from objectry_runtime.problems import Problem
from objectry_runtime.reports.press import Press
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.keyring import Keyring

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:/=+-]{1,128}")
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Serving(Protocol):
    """The one mutable thing of a server: `live` is replaced when a release is published.

    A request reads `live` once, through `build_call`, and keeps what it got. `services` names the
    services whose objects are served; empty means all.
    """

    live: Live
    executor: Executor
    keyring: Keyring
    time_zone: tzinfo
    services: frozenset[str]
    owners: Owners | None
    body_bytes_max: int
    press: Press
    contents: Contents
    file_bytes_max: int


def request_id(headers: Headers) -> str:
    """The caller's `X-Request-Id` where it can be trusted in logs and headers, else a new id."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id()


async def build_call(serving: Serving, headers: Headers, correlation: str) -> Call:
    """Who asks, of which release, at what moment: decided once for the whole request."""
    live, executor = serving.live, serving.executor
    principal = await authenticate(executor, headers.get("authorization", ""))
    now = datetime.now(UTC)
    return Call(
        live=live,
        executor=executor,
        keyring=serving.keyring,
        principal=principal,
        now=now,
        today=now.astimezone(serving.time_zone).date(),
        correlation=correlation,
        idempotency_key=_idempotency_key(headers),
        if_match=_if_match(headers),
        if_none_match=headers.get("if-none-match", ""),
        owners=serving.owners,
    )


def _if_match(headers: Headers) -> str:
    given = headers.get("if-match")
    if given == "":  # a condition was meant: without it the write could overwrite another's
        raise Problem(
            400,
            "bad_header",
            "A header can't be read.",
            "If-Match is empty. It takes the ETag of the record as it was read, or *.",
        )
    return given or ""


def _idempotency_key(headers: Headers) -> str:
    given = headers.get("idempotency-key")
    if given is None:
        return ""
    if not _IDEMPOTENCY_KEY.fullmatch(given):
        raise Problem(
            400,
            "bad_header",
            "A header can't be read.",
            "Idempotency-Key takes 1 to 255 visible ASCII characters, without spaces.",
        )
    return given
