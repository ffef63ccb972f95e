"""Requests that a server must refuse, each with the status that it declares for them."""

import random
from collections.abc import Awaitable, Callable, Mapping, Set

from tests.performance.soak.wire import Answer, Wire

Hostile = Callable[[Wire, random.Random], Awaitable[Answer]]

WRONG_KEY = "Bearer ok_aaaaaaaa_" + "A" * 43


def _asking(
    method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> Hostile:
    async def ask(wire: Wire, _: random.Random) -> Answer:
        return await wire.ask(method, path, body, headers)

    return ask


async def _garbage(wire: Wire, chance: random.Random) -> Answer:
    wire.close()
    return await wire.send(chance.randbytes(200) + b"\r\n\r\n")


async def _long_head(wire: Wire, _: random.Random) -> Answer:
    wire.close()
    return await wire.send(b"GET /api/v1/customers HTTP/1.1\r\nX: " + b"x" * 600_000 + b"\r\n\r\n")


HOSTILE: Mapping[str, tuple[Hostile, Set[int]]] = {
    "no credentials": (_asking("GET", "/api/v1/customers", None, {"Authorization": ""}), {401}),
    "wrong key": (_asking("GET", "/api/v1/customers", None, {"Authorization": WRONG_KEY}), {401}),
    "unknown object": (_asking("GET", "/api/v1/customer"), {404}),
    "unknown record": (
        _asking("GET", "/api/v1/customers/0190a000-0000-7000-8000-00000000000a"),
        {404},
    ),
    "no JSON": (_asking("POST", "/api/v1/customers", b"{'name': 1}"), {400}),
    "deep JSON": (_asking("POST", "/api/v1/customers", b"[" * 50_000), {400}),
    "wrong fields": (_asking("POST", "/api/v1/customers", {"nome": "x", "name": 7}), {422}),
    "NUL in a text": (_asking("POST", "/api/v1/customers", {"name": "a\0b"}), {422}),
    "wrong type": (
        _asking("POST", "/api/v1/customers", b"name=x", {"Content-Type": "text/plain"}),
        {415},
    ),
    "wrong method": (_asking("DELETE", "/api/v1/customers"), {405}),
    "unknown filter": (_asking("GET", "/api/v1/customers?nome=x"), {400}),
    "endless address": (_asking("GET", "/api/v1/customers?name=" + "x" * 20_000), {414}),
    "injection": (_asking("GET", "/api/v1/customers?name=%27;drop%20table%20x;--"), {200}),
    "bad cursor": (_asking("GET", "/api/v1/customers?cursor=xyz"), {400}),
    "garbage": (_garbage, {400}),
    "endless head": (_long_head, {431}),
}


async def leave_early(wire: Wire, key: str) -> None:
    """Promise a body, send half of it, and go."""
    head = (
        "POST /api/v1/customers HTTP/1.1\r\nHost: soak\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\nContent-Length: 1000\r\n\r\n"
    )
    await wire.leave(head.encode() + b'{"name": "half')
