"""The outer ASGI app: who may pass, and which app answers.

Records go straight to the record API, past Litestar's routing; all else is Litestar's, with the
call already authenticated in the scope's state. Nothing but the probes and the sign-in page of
`/docs` answers without credentials, not even a 404.
"""

from objectry_runtime.api.address import check_length, read_params, read_segments
from objectry_runtime.api.asgi import App, Message, Receive, Scope, Send, read_headers
from objectry_runtime.api.encoding import compressing
from objectry_runtime.api.languages import with_languages
from objectry_runtime.api.problems import to_problem
from objectry_runtime.api.records import RecordApi
from objectry_runtime.api.responses import problem_response, respond
from objectry_runtime.api.serving import Serving, build_call, request_id

OPEN = frozenset({"/healthz", "/readyz", "/docs", "/docs/"})
API, META, INTERNAL = "/api/v1", "/api/v1/meta", "/internal/v1"


class Gate:
    """The app that the server runs."""

    def __init__(self, serving: Serving, site: App) -> None:
        self._serving = serving
        self._records = RecordApi(serving)
        self._site = site
        self._internal: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the app it is for."""
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        path = str(scope["path"])
        if _below(path, API) and not _below(path, META):
            await self._records(scope, receive, send)
            return
        if self._serving.owners is not None and _below(path, INTERNAL):
            await self._neighbours(scope, receive, send)
            return
        headers = read_headers(scope)
        correlation = request_id(headers)
        state = scope.setdefault("state", {})
        assert isinstance(state, dict)
        state["correlation"] = correlation
        try:
            call = None
            if path not in OPEN:
                call = await build_call(self._serving, headers, correlation)
            raw_path, raw_query = scope["raw_path"], scope.get("query_string", b"")
            assert isinstance(raw_path, bytes)
            assert isinstance(raw_query, bytes)
            check_length(raw_path, raw_query)
            read_segments(raw_path, b"")
            params = read_params(raw_query)
            if call is not None:
                state["call"] = with_languages(call, headers, params)
        except Exception as error:  # the edge: rendered like every other error
            problem = to_problem(error, correlation, f"{scope['method']} {path!r}")
            head = scope["method"] == "HEAD"
            await respond(send, problem_response(problem, correlation), correlation, head=head)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        if accepts := headers.get("accept-encoding"):
            send = compressing(send, accepts)
        await self._site(scope, receive, send)

    async def _neighbours(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._internal is None:
            from objectry_runtime.api.internal import InternalApi  # only where services live apart

            self._internal = InternalApi(self._serving)
        await self._internal(scope, receive, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
            return
        await self._site(scope, receive, send)


def _without_body(send: Send) -> Send:
    """What HEAD gets: the answer of GET, its length included, but not its body."""

    async def silent(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return silent


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
