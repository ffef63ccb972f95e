"""One address for services that live apart: `/api/v1/{plural}` goes to the service that has it.

A small streaming reverse proxy: nothing is read whole, nothing is changed but the headers that are
of one connection only. `/services/{name}/…` reaches one service as it is.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import cast

import httpx

from objectry_runtime.api.asgi import App, Receive, Scope, Send, read_headers
from objectry_runtime.api.body import ClientGone
from objectry_runtime.api.front import answer_lifespan
from objectry_runtime.api.problems import to_problem
from objectry_runtime.api.responses import Response, problem_response, respond
from objectry_runtime.api.serving import request_id
from objectry_runtime.peers.client import PeerAway, PeerClient
from objectry_runtime.peers.messages import ServedAnswer, ServedRequest
from objectry_runtime.problems import Problem, not_found

LOOK_S = 2.0  # how often each service is asked what it serves
READ_S_MAX = 120.0
CONNECT_S_MAX = 2.0
_HOPS = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding "
    b"upgrade host".split()
)
_SERVICES, _API = "services", ("api", "v1")

log = logging.getLogger("objectry.gateway")


class Gateway:
    """The app of the gateway; `addresses` is service → base URL."""

    def __init__(self, addresses: Mapping[str, str], client: PeerClient) -> None:
        self._addresses = addresses
        self._client = client
        self._plurals: dict[str, str] = {}  # plural → service
        self._http: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        if scope["type"] == "lifespan":
            await answer_lifespan(self._running, receive, send)
            return
        headers = read_headers(scope)
        correlation = request_id(headers)
        try:
            if scope["path"] in ("/healthz", "/readyz"):
                await respond(send, Response(status=200, body=b'{"status":"ok"}'), correlation)
                return
            await self._pass_on(scope, receive, send)
        except ClientGone:
            return
        except Exception as error:  # the edge: rendered like every other error
            problem = to_problem(error, correlation, f"{scope['method']} {scope['path']!r}")
            await respond(send, problem_response(problem, correlation), correlation)

    async def look(self, service: str) -> None:
        """Ask a service what it serves now; one that is away keeps its paths."""
        try:
            served = await self._client.ask(service, "served", ServedRequest(), ServedAnswer)
        except PeerAway:
            return
        self._plurals = {p: s for p, s in self._plurals.items() if s != service}
        self._plurals.update(dict.fromkeys(served.services.get(service, ()), service))

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[None]:
        limits = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
        timeout = httpx.Timeout(READ_S_MAX, connect=CONNECT_S_MAX)
        async with httpx.AsyncClient(limits=limits, timeout=timeout, trust_env=False) as http:
            http.headers.clear()  # what the caller sends is what is sent
            self._http = http
            looking = asyncio.create_task(self._keep_looking())
            try:
                yield
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
                await self._client.close()

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.gather(*(self.look(service) for service in self._addresses))
            await asyncio.sleep(LOOK_S)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        service, raw_path = await self._route(scope)
        query = scope.get("query_string", b"")
        assert isinstance(query, bytes)
        target = httpx.URL(self._addresses[service]).copy_with(
            raw_path=raw_path + (b"?" + query if query else b"")
        )
        assert self._http is not None, "the lifespan has begun"
        given = cast("Iterable[tuple[bytes, bytes]]", scope["headers"])
        headers = [(name, value) for name, value in given if name not in _HOPS]
        has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in given)
        content = _body(receive) if has_body else None
        request = self._http.build_request(
            str(scope["method"]), target, headers=headers, content=content
        )
        try:
            answer = await self._http.send(request, stream=True)
        except httpx.HTTPError as error:
            raise _away(service) from error
        try:
            await _pass_back(answer, send)
        finally:
            await answer.aclose()

    async def _route(self, scope: Scope) -> tuple[str, bytes]:
        raw = scope["raw_path"]
        assert isinstance(raw, bytes)
        match str(scope["path"]).strip("/").split("/"):
            case [services, name, *_] if services == _SERVICES and name in self._addresses:
                return name, raw[len(f"/{_SERVICES}/{name}") :] or b"/"
            case [api, version, plural, *_] if (api, version) == _API:
                return await self._having(plural), raw
            case _:
                raise not_found()

    async def _having(self, plural: str) -> str:
        if plural not in self._plurals:  # a new release, or the gateway is new itself
            await asyncio.gather(*(self.look(service) for service in self._addresses))
        found = self._plurals.get(plural)
        if found is None:
            detail = (
                f'No service that answers now has "{plural}". What is of one service (its metadata,'
                " its events) stands at /services/{name}/…"
            )
            raise Problem(404, "not_found", "There is no such thing.", detail)
        return found


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone  # half a body must not pass for a whole one
        yield cast("bytes", message.get("body", b""))
        more = bool(message.get("more_body", False))


async def _pass_back(answer: httpx.Response, send: Send) -> None:
    headers = [(name.lower(), value) for name, value in answer.headers.raw]
    await send(
        {
            "type": "http.response.start",
            "status": answer.status_code,
            "headers": [pair for pair in headers if pair[0] not in _HOPS and pair[0] != b"date"],
        }
    )
    async for part in answer.aiter_raw():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _away(service: str) -> Problem:
    return Problem(
        503,
        "service_away",
        "Another service does not answer.",
        f"The service `{service}` can't be reached now. A write takes the same Idempotency-Key.",
        headers={"Retry-After": "1"},
    )


def create_gateway(addresses: Mapping[str, str], client: PeerClient) -> App:
    """The ASGI app."""
    return Gateway(addresses, client)
