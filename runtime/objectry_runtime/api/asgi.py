"""The few ASGI types that this room speaks."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import cast

Scope = MutableMapping[str, object]
Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = dict[str, str]


def read_headers(scope: Scope) -> Headers:
    """The request's headers by lower-case name; repeated ones are joined as RFC 9110 says."""
    # ASGI says so; checking each pair of each request would say it again.
    raw = cast("Iterable[tuple[bytes, bytes]]", scope["headers"])
    headers: Headers = {}
    for name_bytes, value_bytes in raw:
        name = name_bytes.decode("latin-1").lower()
        value = value_bytes.decode("latin-1").strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
