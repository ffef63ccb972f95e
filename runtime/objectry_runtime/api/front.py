"""What lies before the Litestar app: probes, metrics, the lifespan; that app is made when needed.

Most servers answer records all day and never a page. Importing Litestar takes longer than all else
that a start does, so the first who asks for a page waits for that, and the others don't.
"""

import asyncio
import traceback
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import cast

import msgspec

from objectry_runtime.api.asgi import App, Receive, Scope, Send, read_headers
from objectry_runtime.api.problems import to_problem
from objectry_runtime.api.responses import Response, problem_response, respond
from objectry_runtime.api.serving import Serving
from objectry_runtime.api.traffic import Traffic
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.store.executor import Bound, DatabaseUnavailable, Rows

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
# Who probes is answered sooner than who waits for a record: a load balancer gives up early.
READY_SECONDS_MAX = 2.0
OURS = frozenset({"/healthz", "/readyz", "/metrics"})


class Front:
    """The app for everything but records; `lifespan` is entered while it serves."""

    def __init__(
        self,
        serving: Serving,
        traffic: Traffic,
        make_site: Callable[[], App],
        lifespan: Lifespan | None = None,
    ) -> None:
        """`make_site` is called once, in a thread, when a page is first asked for."""
        self._serving = serving
        self._traffic = traffic
        self._make_site = make_site
        self._lifespan = lifespan
        self._site: asyncio.Future[App] | None = None
        self._asked: asyncio.Future[Rows] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer whom machines ask, or let the site answer."""
        if scope["type"] == "lifespan":
            await answer_lifespan(self._lifespan or nullcontext, receive, send)
        elif scope["path"] in OURS:
            await self._answer(scope, send)
        else:
            site = await self._made()
            await site(scope, receive, send)

    async def _answer(self, scope: Scope, send: Send) -> None:
        state = cast("dict[str, object]", scope["state"])  # the gate's
        correlation = str(state["correlation"])
        try:
            answer = await self._told(scope, cast("Call | None", state.get("call")))
        except Exception as error:  # rendered like every other error
            problem = to_problem(error, correlation, f"{scope['method']} {scope['path']!r}")
            answer = problem_response(problem, correlation)
        await respond(send, answer, correlation)

    async def _told(self, scope: Scope, call: Call | None) -> Response:
        method, path = scope["method"], scope["path"]
        if method != "GET":
            title = "The method is not allowed here."
            allowed = {"Allow": "GET, HEAD"}
            raise Problem(405, "method_not_allowed", title, f"{method} is not.", headers=allowed)
        if path == "/healthz":
            return Response(status=200, body=msgspec.json.encode({"status": "ok"}))
        if path == "/readyz":
            await self._ask_database()
            return Response(status=200, body=msgspec.json.encode({"status": "ready"}))
        from objectry_runtime.api.metrics import scrape  # dear to import, and only needed here

        assert call is not None, "the gate lets nobody else pass"
        accept = read_headers(scope).get("accept", "")
        return scrape(self._serving, self._traffic, call, accept)

    async def _ask_database(self) -> None:
        # One question at a time, however many probe: those that wait must not fill the executor.
        if self._asked is None or self._asked.done():
            self._asked = asyncio.ensure_future(self._serving.executor.read(Bound("select 1")))
            self._asked.add_done_callback(_heard)
        done, _ = await asyncio.wait({self._asked}, timeout=READY_SECONDS_MAX)
        if not done:
            raise DatabaseUnavailable(f"no answer within {READY_SECONDS_MAX:g} s")
        self._asked.result()

    async def _made(self) -> App:
        if self._site is None or (self._site.done() and self._site.exception() is not None):
            self._site = asyncio.ensure_future(asyncio.to_thread(self._make_site))
        # One who goes away must not stop what others wait for.
        return await asyncio.shield(self._site)


async def answer_lifespan(lifespan: Lifespan, receive: Receive, send: Send) -> None:
    """The server's lifespan: `lifespan` is entered while it serves."""
    await receive()
    started = False
    try:
        async with lifespan():
            await send({"type": "lifespan.startup.complete"})
            started = True
            await receive()
    except Exception:
        kind = "shutdown" if started else "startup"
        await send({"type": f"lifespan.{kind}.failed", "message": traceback.format_exc()})
        raise
    await send({"type": "lifespan.shutdown.complete"})


def _heard(asked: asyncio.Future[Rows]) -> None:
    """Whoever probed may have gone before the answer came; asyncio then need not complain."""
    if not asked.cancelled():
        asked.exception()
