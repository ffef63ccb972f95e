"""The Litestar app: OpenAPI, documentation, metadata. No record passes through here.

Imported when a page is first asked for (`front`): a start doesn't pay for Litestar.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from objectry_runtime.api import docs_page, meta, meta_reactions
from objectry_runtime.api.asgi import App
from objectry_runtime.api.errors import ERRORS
from objectry_runtime.api.languages import language_of
from objectry_runtime.api.openapi import openapi_document
from objectry_runtime.api.problems import to_problem
from objectry_runtime.api.responses import COMMON, problem_response
from objectry_runtime.api.responses import Response as Ours
from objectry_runtime.api.serving import Serving, build_call
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem

# The parameters of Litestar's generic are its user, auth and state, none of which we use.
SiteRequest = Request[Any, Any, Any]
SiteResponse = Response[bytes]
FORM_BYTES_MAX = 4096


def build_site(serving: Serving) -> App:
    """The app for every page."""

    @get("/openapi.json")
    async def openapi_json(request: SiteRequest) -> SiteResponse:
        return _answer(request, Ours(status=200, body=openapi_document(serving, _call(request))))

    @get("/docs")
    async def docs(request: SiteRequest) -> SiteResponse:
        authorization = request.headers.get("authorization", "")
        if not authorization:
            return _html(request, docs_page.sign_in_page(), 401)
        return await _docs(request, authorization)

    @post("/docs")
    async def docs_signed_in(request: SiteRequest) -> SiteResponse:
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length[:9]) > FORM_BYTES_MAX:
            return _html(request, docs_page.sign_in_page("That is no API key."), 401)
        form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=8)
        key = form.get("key", [""])[0].strip()
        return await _docs(request, f"Bearer {key}")

    async def _docs(request: SiteRequest, authorization: str) -> SiteResponse:
        headers = {"authorization": authorization}
        try:
            call = await build_call(serving, headers, _correlation(request))
        except Problem as problem:
            if problem.status != 401:
                raise
            return _html(request, docs_page.sign_in_page("This key is not valid."), 401)
        document: dict[str, Any] = msgspec.json.decode(openapi_document(serving, call))
        return _html(request, docs_page.docs_page(document))

    @get("/errors/{name:str}")
    async def error_page(request: SiteRequest, name: FromPath[str]) -> SiteResponse:
        for error in ERRORS.values():
            if name in (error.slug, error.code):
                status = f"HTTP {error.status}, code {error.code}"
                return _html(request, docs_page.text_page(error.title, (status, error.advice)))
        raise Problem(404, "not_found", "There is no such thing.", f'No error is called "{name}".')

    @get("/api/v1/meta/releases")
    async def releases(request: SiteRequest) -> SiteResponse:
        return _json(request, await meta.list_releases(_call(request)))

    return Litestar(  # type: ignore[return-value]  # its ASGI types are TypedDicts, ours mappings
        [
            openapi_json,
            docs,
            docs_signed_in,
            error_page,
            *(_listing(serving, kind, tell) for kind, tell in _LISTS.items()),
            *(_showing(serving, kind, tell) for kind, tell in _ONES.items()),
            releases,
        ],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=FORM_BYTES_MAX,
        exception_handlers={Exception: _problem},
    )


_LISTS = {
    "objects": meta.list_objects,
    "layouts": meta.list_layouts,
    "reports": meta.list_reports,
    "dashboards": meta.list_dashboards,
    "notifications": meta_reactions.list_notifications,
    "automations": meta_reactions.list_automations,
    "scenarios": meta_reactions.list_scenarios,
}
_ONES = {
    "objects": meta.show_object,
    "schemas": meta.show_schemas,
    "layouts": meta.show_layout,
    "reports": meta.show_report,
    "dashboards": meta.show_dashboard,
    "notifications": meta_reactions.show_notification,
    "automations": meta_reactions.show_automation,
    "scenarios": meta_reactions.show_scenario,
}


def _listing(
    serving: Serving, kind: str, tell: Callable[[Serving, Call], dict[str, Any]]
) -> HTTPRouteHandler:
    @get(f"/api/v1/meta/{kind}")
    async def listing(request: SiteRequest) -> SiteResponse:
        return _json(request, tell(serving, _call(request)))

    return listing


def _showing(
    serving: Serving, kind: str, tell: Callable[[Serving, Call, str], dict[str, Any]]
) -> HTTPRouteHandler:
    @get(f"/api/v1/meta/{kind}/{{name:str}}")
    async def showing(request: SiteRequest, name: FromPath[str]) -> SiteResponse:
        return _json(request, tell(serving, _call(request), name))

    return showing


def _problem(request: SiteRequest, error: Exception) -> SiteResponse:
    """Every error of this app as problem+json, like the record API's."""
    if isinstance(error, HTTPException):
        error = _known(error, request.method)
    correlation = _correlation(request)
    place = f"{request.method} {request.url.path!r}"
    return _answer(request, problem_response(to_problem(error, correlation, place), correlation))


def _known(error: HTTPException, method: str) -> Problem:
    match error.status_code:
        case 404:
            return Problem(404, "not_found", "There is no such thing.", "No page has this path.")
        case 405:
            return Problem(
                405,
                "method_not_allowed",
                "The method is not allowed here.",
                f"{method} is not.",
                headers=error.headers,
            )
        case 413:
            return Problem(413, "body_too_large", "The body is too large.", error.detail)
        case status:
            return Problem(status, "bad_request", "The request can't be read.", error.detail)


def _call(request: SiteRequest) -> Call:
    call: Call = request.scope["state"]["call"]
    return call


def _correlation(request: SiteRequest) -> str:
    correlation: str = request.scope["state"]["correlation"]
    return correlation


def _json(request: SiteRequest, document: dict[str, Any]) -> SiteResponse:
    headers = {"Content-Language": language_of(_call(request))}
    return _answer(request, Ours(status=200, body=msgspec.json.encode(document), headers=headers))


def _html(request: SiteRequest, page: str, status: int = 200) -> SiteResponse:
    headers = {
        "Content-Security-Policy": docs_page.CONTENT_SECURITY_POLICY,
        "Referrer-Policy": "no-referrer",
    }
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="objectry"'
    answer = Ours(
        status=status,
        body=page.encode(),
        headers=headers,
        content_type="text/html",  # Litestar adds the charset,
    )
    return _answer(request, answer)


def _answer(request: SiteRequest, answer: Ours) -> SiteResponse:
    common = {name.decode("latin-1"): value.decode("latin-1") for name, value in COMMON}
    return Response(
        content=answer.body,
        status_code=answer.status,
        headers={**common, "x-request-id": _correlation(request), **answer.headers},
        media_type=answer.content_type,
    )
