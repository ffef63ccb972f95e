"""What lies before the Litestar app: the probes, the lifespan, and that app not made before needed.

Most servers answer records all day and never a page. Importing Litestar takes longer than all else
that a start does, so the first who asks for a page waits for that, and the others don't.
"""

import asyncio
import traceback
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import cast

import msgspec

from objectry_runtime.api.asgi import App, Receive, Scope, Send
from objectry_runtime.api.problems import to_problem
from objectry_runtime.api.responses import Response, problem_response, respond
from objectry_runtime.api.serving import Serving
from objectry_runtime.problems import Problem
from objectry_runtime.store.executor import Bound, DatabaseUnavailable, Rows

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
# Who probes is answered sooner than who waits for a record: a load balancer gives up early.
READY_SECONDS_MAX = 2.0
PROBES = frozenset({"/healthz", "/readyz"})


class Front:
    """The app for everything but records; `lifespan` is entered while it serves."""

    def __init__(
        self, serving: Serving, make_site: Callable[[], App], lifespan: Lifespan | None = None
    ) -> None:
        """`make_site` is called once, in a thread, when a page is first asked for."""
        self._serving = serving
        self._make_site = make_site
        self._lifespan = lifespan
        self._site: asyncio.Future[App] | None = None
        self._asked: asyncio.Future[Rows] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a probe, or let the site answer."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"] in PROBES:
            await self._probe(scope, send)
        else:
            site = await self._made()
            await site(scope, receive, send)

    async def _probe(self, scope: Scope, send: Send) -> None:
        correlation = cast("dict[str, str]", scope["state"])["correlation"]  # the gate's
        try:
            answer = await self._told(str(scope["path"]), str(scope["method"]))
        except Exception as error:  # rendered like every other error
            problem = to_problem(error, correlation, f"{scope['method']} {scope['path']!r}")
            answer = problem_response(problem, correlation)
        await respond(send, answer, correlation)

    async def _told(self, path: str, method: str) -> Response:
        if method != "GET":
            title = "The method is not allowed here."
            allowed = {"Allow": "GET, HEAD"}
            raise Problem(405, "method_not_allowed", title, f"{method} is not.", headers=allowed)
        if path == "/healthz":
            return Response(status=200, body=msgspec.json.encode({"status": "ok"}))
        await self._ask_database()
        return Response(status=200, body=msgspec.json.encode({"status": "ready"}))

    async def _ask_database(self) -> None:
        # One question at a time, however many probe: those that wait must not fill the executor.
        if self._asked is None or self._asked.done():
            self._asked = asyncio.ensure_future(self._serving.executor.read(Bound("select 1")))
        done, _ = await asyncio.wait({self._asked}, timeout=READY_SECONDS_MAX)
        if not done:
            raise DatabaseUnavailable(f"no answer within {READY_SECONDS_MAX:g} s")
        self._asked.result()

    async def _made(self) -> App:
        if self._site is None or (self._site.done() and self._site.exception() is not None):
            self._site = asyncio.ensure_future(asyncio.to_thread(self._make_site))
        # One who goes away must not stop what others wait for.
        return await asyncio.shield(self._site)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        started = False
        try:
            if self._lifespan is None:
                await send({"type": "lifespan.startup.complete"})
                await receive()
            else:
                async with self._lifespan():
                    await send({"type": "lifespan.startup.complete"})
                    started = True
                    await receive()
        except Exception:
            kind = "shutdown" if started else "startup"
            await send({"type": f"lifespan.{kind}.failed", "message": traceback.format_exc()})
            raise
        await send({"type": "lifespan.shutdown.complete"})
