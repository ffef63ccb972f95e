"""The record API: one ASGI app for all objects. An object is a dictionary entry, never a route."""

from collections.abc import Mapping

import msgspec

from objectry.metadata.model import ObjectModel
from objectry_runtime import command, query, workflow
from objectry_runtime.api import outputs, staleness, uploads
from objectry_runtime.api.address import Params, check_length, read_params, read_segments
from objectry_runtime.api.asgi import Headers, Receive, Scope, Send, read_headers
from objectry_runtime.api.body import ClientGone, check_content_type, read_body
from objectry_runtime.api.languages import but_language, with_languages
from objectry_runtime.api.problems import to_problem
from objectry_runtime.api.responses import Response, problem_response, respond
from objectry_runtime.api.serving import Serving, build_call, request_id
from objectry_runtime.api.visibility import find_object
from objectry_runtime.api.writes import read_dry_run
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem, not_found
from objectry_runtime.reports.printing import print_record

PREFIX = b"/api/v1"

READ = ("GET", "HEAD", "OPTIONS")
METHODS: Mapping[str, tuple[str, ...]] = {
    "feed": READ,
    "delegations": (*READ, "POST"),
    "delegation": ("DELETE", "OPTIONS"),
    "collection": (*READ, "POST"),
    "record": (*READ, "PATCH", "PUT", "DELETE"),
    "history": READ,
    "chain": READ,
    "conversions": READ,
    "open": READ,
    "approvals": READ,
    "duplicates": READ,
    "print": READ,
    "report": READ,
    "dashboard": READ,
    "file": READ,
    "files": ("POST", "OPTIONS"),
    "action": ("POST", "OPTIONS"),
    "collective": ("POST", "OPTIONS"),
}


class RecordApi:
    """`/api/v1`: decode the address, authenticate, find the object, hand over, answer."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong becomes a problem here and nowhere else."""
        headers = read_headers(scope)
        method, correlation = str(scope["method"]), request_id(headers)
        try:
            response = await self._answer(scope, receive, headers, method, correlation)
        except ClientGone:
            return
        except Exception as error:  # the edge: every error of the rooms below ends here
            place = f"{method} {scope['path']!r}"
            response = problem_response(to_problem(error, correlation, place), correlation)
        head, accepts = method == "HEAD", headers.get("accept-encoding", "")
        await respond(send, response, correlation, head=head, accept_encoding=accepts)

    async def _answer(
        self, scope: Scope, receive: Receive, headers: Headers, method: str, correlation: str
    ) -> Response:
        call = await build_call(self._serving, headers, correlation)
        raw_path, raw_query = _address(scope)
        check_length(raw_path, raw_query)
        segments = _named(call, read_segments(raw_path, PREFIX))
        if call.principal.lent and (method in READ or "actions" in segments[2:3]):
            # What others lent is for reading and for deciding (`workflow.act`), for nothing else.
            call = msgspec.structs.replace(call, principal=call.principal.with_lent())
        params = read_params(raw_query)
        kind, model = self._locate(call, segments)
        call = with_languages(call, headers, params)
        if kind != "print":  # a page has a language of its own
            params = but_language(params)
        if call.language and method == "PUT":
            detail = "PUT says the whole record. PATCH sets what it is in another language."
            raise Problem(400, "bad_query", "The query can't be read.", detail)
        allowed = _allowed(kind, model)
        if method == "OPTIONS":
            return Response(status=204, headers={"Allow": ", ".join(allowed)})
        if method not in allowed:
            raise _method_not_allowed(method, allowed)
        if model is not None and model.definition.single:
            await command.ensure_single(call, model)
        if kind == "files":
            return await uploads.take(self._serving, call, receive, headers, params)
        if kind == "file" and model is not None:
            return await uploads.give(self._serving, call, model.name, segments[1::2], params)
        if method in ("GET", "HEAD"):

            async def ask(call: Call) -> query.Answer:
                if kind in _MADE:
                    return await _MADE[kind](self._serving, call, segments[1], params)
                if kind == "print" and model is not None:
                    press = self._serving.press
                    return await print_record(call, press, model.name, segments[1], params)
                return await _read(call, kind, model, segments, params)

            answer = await staleness.read(self._serving.executor, headers, call, ask)
        else:
            call = read_dry_run(call, params)
            body = await read_body(receive, headers, self._serving.body_bytes_max)
            if body:
                check_content_type(method, headers)
            answer = await _write(call, kind, model, segments, method, body)
        return Response(status=answer.status, body=answer.body, headers=answer.headers)

    def _locate(self, call: Call, segments: tuple[str, ...]) -> tuple[str, ObjectModel | None]:
        match segments:
            case ("events",):
                return "feed", None
            case ("delegations",):
                return "delegations", None
            case ("delegations", _):
                return "delegation", None
            case ("files",):
                return "files", None
            case ("reports", _):
                return "report", None
            case ("dashboards", _):
                return "dashboard", None
            case (plural,):
                kind = "collection"
            case (plural, _):
                kind = "record"
            case (plural, "actions", _):
                kind = "collective"
            case (plural, _, kind) if kind in _BESIDE:
                pass
            case (plural, _, "open", _):
                kind = "open"
            case (plural, _, "files", _):
                kind = "file"
            case (plural, _, "actions", _):
                kind = "action"
            case (plural, *_):
                find_object(self._serving, call, plural)
                raise not_found()
            case _:
                raise not_found()
        model = find_object(self._serving, call, plural)
        if model.owner is not None and kind not in ("collection", "record"):
            raise not_found()  # a line has nothing else of its own: it is its owner's
        return kind, model


async def _read(
    call: Call, kind: str, model: ObjectModel | None, segments: tuple[str, ...], params: Params
) -> query.Answer:
    if kind == "delegations":
        return await workflow.delegations(call, params)
    if model is None:
        return await query.feed(call, params)
    if kind == "collection":
        return await query.list_records(call, model.name, params)
    if kind == "open":
        return await query.open_lines(call, model.name, segments[1], segments[3], params)
    return await _OF_RECORD[kind](call, model.name, segments[1], params)


_MADE = {"report": outputs.report, "dashboard": outputs.dashboard}
_OF_RECORD = {
    "record": query.get_record,
    "history": query.history,
    "chain": query.chain,
    "conversions": query.reservations,
    "duplicates": query.duplicates,
    "approvals": workflow.approvals,
}
# What stands beside a record, under an address of its own.
_BESIDE = frozenset(_OF_RECORD) - {"record"} | {"print"}


async def _write(
    call: Call,
    kind: str,
    model: ObjectModel | None,
    segments: tuple[str, ...],
    method: str,
    body: bytes,
) -> query.Answer:
    if kind == "delegations":
        return await workflow.lend(call, body)
    if kind == "delegation":
        return await workflow.take_back(call, segments[1])
    assert model is not None, "the feed is read-only"
    name = model.name
    if kind == "collection":
        return await command.create(call, name, body)
    if kind == "collective":
        return await workflow.act_together(call, name, segments[2], body or b"{}")
    if kind == "action":
        return await workflow.act(call, name, segments[1], segments[3], body or b"{}")
    if method == "DELETE":
        return await command.delete(call, name, segments[1])
    return await command.update(call, name, segments[1], body, replace=method == "PUT")


def _named(call: Call, segments: tuple[str, ...]) -> tuple[str, ...]:
    """The address with the record named that it is about, where there is only one."""
    model = call.live.model.by_plural(segments[0]) if segments else None
    if model is None or not model.definition.single:
        return segments
    return (segments[0], command.single_id(call, model.name), *segments[1:])


def _address(scope: Scope) -> tuple[bytes, bytes]:
    raw_path, raw_query = scope.get("raw_path"), scope.get("query_string", b"")
    assert isinstance(raw_path, bytes)
    assert isinstance(raw_query, bytes)
    return raw_path, raw_query


def _allowed(kind: str, model: ObjectModel | None) -> tuple[str, ...]:
    """Lines are written with the record that owns them: their own path only reads."""
    if model is not None and model.owner is not None:
        return READ
    if model is not None and model.definition.single:
        return tuple(one for one in METHODS[kind] if one != "DELETE")
    return METHODS[kind]


def _method_not_allowed(method: str, allowed: tuple[str, ...]) -> Problem:
    listed = ", ".join(allowed)
    return Problem(
        405,
        "method_not_allowed",
        "The method is not allowed here.",
        f"{method} is not; {listed} are.",
        headers={"Allow": listed},
    )
