"""The few ASGI types that this room speaks."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import cast

Scope = MutableMapping[str, object]
Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = dict[str, str]

# What anything here asks about; a browser sends thrice as many, and each would cost a little.
READ_HEADERS = (
    "accept",
    "accept-encoding",
    "accept-language",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-request-id",
)
_NAMES = {name.encode("ascii"): name for name in READ_HEADERS}


def read_headers(scope: Scope) -> Headers:
    """Those of `READ_HEADERS` that the request has; repeated ones are joined as RFC 9110 says."""
    # ASGI says what these are, and that names are in lower case; checking each pair of each
    # request would say it again.
    raw = cast("Iterable[tuple[bytes, bytes]]", scope["headers"])
    headers: Headers = {}
    for name_bytes, value_bytes in raw:
        name = _NAMES.get(name_bytes)
        if name is not None:
            value = value_bytes.decode("latin-1").strip()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
