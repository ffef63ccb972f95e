"""The mounted ASGI record API, the Litestar routes, problem+json, OpenAPI."""

from objectry_runtime.api.errors import ERRORS, ErrorCode
from objectry_runtime.api.gate import Gate
from objectry_runtime.api.serving import Serving, build_call
from objectry_runtime.api.site import build_site
from objectry_runtime.api.traffic import Counted, Traffic

__all__ = [
    "ERRORS",
    "Counted",
    "ErrorCode",
    "Gate",
    "Serving",
    "Traffic",
    "build_call",
    "build_site",
]
