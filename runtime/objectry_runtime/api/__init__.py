"""The mounted ASGI record API, the Litestar routes, problem+json, OpenAPI."""

from objectry_runtime.api.errors import ERRORS, ErrorCode
from objectry_runtime.api.front import Front
from objectry_runtime.api.gate import Gate
from objectry_runtime.api.serving import Serving, build_call
from objectry_runtime.api.traffic import Counted, Traffic

__all__ = [
    "ERRORS",
    "Counted",
    "ErrorCode",
    "Front",
    "Gate",
    "Serving",
    "Traffic",
    "build_call",
]
