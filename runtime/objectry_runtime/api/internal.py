"""`/internal/v1`: the door for other services of the installation, known by their signature."""

from collections.abc import Iterable
from typing import cast

from objectry_runtime.api.asgi import Receive, Scope, Send, read_headers
from objectry_runtime.api.body import ClientGone, read_body
from objectry_runtime.api.problems import to_problem
from objectry_runtime.api.responses import Response, problem_response, respond
from objectry_runtime.api.serving import Serving, request_id
from objectry_runtime.peers.endpoint import answer
from objectry_runtime.peers.signature import HEADER
from objectry_runtime.problems import Problem

BODY_BYTES_MAX = 16 * 1024 * 1024


class InternalApi:
    """Answers signed questions."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one question; whatever goes wrong is a problem, as everywhere."""
        headers, path = read_headers(scope), str(scope["path"])
        correlation = request_id(headers)
        try:
            if scope["method"] != "POST":
                raise Problem(405, "method_not_allowed", "The method is not allowed here.")
            body = await read_body(receive, headers, BODY_BYTES_MAX)
            told = await answer(self._serving, {HEADER: _signature(scope)}, path, body)
            response = Response(status=200, body=told)
        except ClientGone:
            return
        except Exception as error:  # the edge: every error of the rooms below ends here
            problem = to_problem(error, correlation, f"{scope['method']} {path!r}")
            response = problem_response(problem, correlation)
        await respond(send, response, correlation)


def _signature(scope: Scope) -> str:
    raw = cast("Iterable[tuple[bytes, bytes]]", scope["headers"])
    found = [value.decode("latin-1") for name, value in raw if name == HEADER.encode()]
    return found[0] if len(found) == 1 else ""
