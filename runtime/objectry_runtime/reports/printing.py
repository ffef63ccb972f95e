"""`GET /{plural}/{id}/print`: one record through a print template, as HTML or PDF."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from objectry.metadata.model.pages import LayoutDef
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import policy
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.list_request import once
from objectry_runtime.query.permits import permits
from objectry_runtime.query.refusal import bad_query, near, quoted
from objectry_runtime.query.single import get_record
from objectry_runtime.reports.job import Format, Job, Limits, Result
from objectry_runtime.reports.material import company_of, expansion, filled
from objectry_runtime.reports.press import Press, unavailable
from objectry_runtime.reports.words import words

PARAMETERS = ("layout", "format", "lang")
FORMATS: Mapping[str, str] = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
LANG_MAX = 35
# A document is shown where our pages are: whatever is in it, it can't run or fetch anything.
_CLOSED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox"
_LANG = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


async def print_record(
    call: Call, press: Press, object_name: str, key: str, params: Sequence[tuple[str, str]]
) -> Answer:
    """The document; what the caller may not read of the record is empty in it."""
    given = once(params)
    for name in given:
        if name not in PARAMETERS:
            hint = near(name, PARAMETERS)
            raise bad_query(f"There is no parameter {quoted(name)} for a print.{hint}")
    rights = policy(call.live, object_name, call.principal.roles)
    layout = _layout(call, object_name, given.get("layout", ""))
    format = _format(given.get("format", "pdf"))
    lang = _lang(given.get("lang") or next(iter(call.languages), call.usual_language))
    expand = expansion(call, object_name, layout.body)
    found = await get_record(call, object_name, key, (("expand", expand),) if expand else ())
    if rights.rule("print") is False:
        raise _forbidden(object_name)
    record: dict[str, Any] = msgspec.json.decode(found.body)
    if not await permits(call, object_name, str(record["id"]), "print"):
        raise _forbidden(object_name)
    record = filled(call, object_name, record)
    context: dict[str, Any] = {
        "record": record,
        "company": await company_of(call, record),
        "user": {"id": call.principal.user, "name": call.principal.name},
        "today": call.today.isoformat(),
        "now": call.now.isoformat(),
        "lang": lang,
        "paper": layout.paper,
        "words": dict(words(lang)),
    }
    job = Job(template=layout.body, context=context, format=format, limits=Limits())
    result = await press.run(job)
    if result.fault:
        raise _failed(layout, result)
    name = _NOT_IN_FILE_NAMES.sub("-", str(record.get("number") or record["id"]))
    headers = {
        "Content-Type": FORMATS[format],
        "Content-Disposition": f'inline; filename="{name}.{format}"',
        "Content-Security-Policy": _CLOSED,
    }
    return Answer(status=200, body=result.body, headers=headers)


def _layout(call: Call, object_name: str, name: str) -> LayoutDef:
    """The print layout of a name; the only one where none is named."""
    layouts = {
        one.name: one
        for one in call.live.release.definitions.layouts.values()
        if one.object == object_name and one.kind == "print"
    }
    if name in layouts:
        return layouts[name]
    listed = ", ".join(sorted(layouts))
    if not layouts:
        detail = f"No print layout is declared for {object_name}."
        raise Problem(404, "not_found", "There is no such thing.", detail)
    if name:
        raise bad_query(
            f"layout: {object_name} has no print layout {quoted(name)}."
            f"{near(name, layouts) or f' One of: {listed}.'}"
        )
    if len(layouts) > 1:
        raise bad_query(f"layout: {object_name} has several print layouts: {listed}.")
    return next(iter(layouts.values()))


def _format(text: str) -> Format:
    if text not in FORMATS:
        raise bad_query(f"format: {quoted(text)} is none of {', '.join(FORMATS)}.")
    return cast("Format", text)


def _lang(text: str) -> str:
    if len(text) <= LANG_MAX and _LANG.fullmatch(text):
        return text
    raise bad_query(f"lang: {quoted(text)} is no language, such as de or en-GB.")


def _forbidden(object_name: str) -> Problem:
    detail = f"None of your roles may `print` this {object_name}."
    return Problem(403, "forbidden", "You may not do this.", detail)


def _failed(layout: LayoutDef, result: Result) -> Problem:
    if result.fault == "unavailable":
        return unavailable()
    detail = f"{layout.name}: {result.detail}."
    if result.fault == "limit":
        title = "The document takes too much time or memory, or gets too long."
        return Problem(422, "template_limit", title, detail)
    return Problem(422, "template_failed", "The print template has a mistake.", detail)
