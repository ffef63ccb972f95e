"""The OpenAPI document of one caller: built once per release and set of roles."""

import msgspec

from objectry.compiler.schemas import openapi
from objectry_runtime.api.documents import visible_to
from objectry_runtime.api.outputs import report_for
from objectry_runtime.api.pages import Sight, seen_dashboard
from objectry_runtime.api.serving import Serving
from objectry_runtime.identity import Call

KEPT_MAX = 64  # documents kept per release: one per set of roles that asked


def openapi_document(serving: Serving, call: Call) -> bytes:
    """The OpenAPI 3.1 document as this caller may see it."""
    key = ("api.openapi", call.principal.roles, serving.services)
    kept = call.live.compiled.get(key)
    if isinstance(kept, bytes):
        return kept
    definitions, sight = call.live.release.definitions, Sight(serving, call)
    reports = (report_for(one, sight) for one in definitions.reports.values())
    document = openapi(
        call.live.model,
        version=call.live.release.id,
        visible=visible_to(serving, call),
        reports=[one for one in reports if one is not None],
        dashboards=[
            one
            for one in definitions.dashboards.values()
            if seen_dashboard(one, definitions.reports, sight, whole=False) is not None
        ],
    )
    body = msgspec.json.encode(document)
    if sum(1 for known in call.live.compiled if known[0] == "api.openapi") < KEPT_MAX:
        call.live.compiled[key] = body
    return body
