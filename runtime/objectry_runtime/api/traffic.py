"""What passes through the server, counted: an ASGI app around the whole of it.

Plain numbers on the one event loop, a microsecond for a request; `api.metrics` turns them into what
Prometheus reads, and only when it asks.
"""

from bisect import bisect_left
from collections.abc import Awaitable, Mapping
from time import perf_counter

from objectry_runtime.api.asgi import App, Message, Receive, Scope, Send

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# `none`: the client went away before it was answered.
STATUSES = ("none", "1xx", "2xx", "3xx", "4xx", "5xx")
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
OTHER = "other"

_API, _META, _FEED = "/api/v1/", "/api/v1/meta/", "/api/v1/events"
# What an address below /api/v1 asks for, by its number of slashes and the method.
_RECORD_KINDS: Mapping[tuple[int, str], str] = {
    (3, "GET"): "list",
    (3, "HEAD"): "list",
    (3, "POST"): "create",
    (4, "GET"): "get",
    (4, "HEAD"): "get",
    (4, "PATCH"): "update",
    (4, "PUT"): "replace",
    (4, "DELETE"): "delete",
    (5, "GET"): "history",
    (5, "HEAD"): "history",
    (6, "POST"): "action",
}
_PAGE_KINDS: Mapping[str, str] = {
    "/healthz": "probe",
    "/readyz": "probe",
    "/metrics": "metrics",
    "/openapi.json": "openapi",
    "/docs": "docs",
}
KINDS = tuple(
    dict.fromkeys((*_RECORD_KINDS.values(), "feed", "meta", *_PAGE_KINDS.values(), OTHER))
)


class Counts:
    """The requests of one method and kind."""

    __slots__ = ("buckets", "seconds", "statuses")

    def __init__(self) -> None:
        self.statuses = [0] * len(STATUSES)
        self.buckets = [0] * (len(BOUNDS_S) + 1)  # each its own: sums are made when asked
        self.seconds = 0.0


class Traffic:
    """All requests since the start, by method and kind: both from closed lists."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.counts: dict[tuple[str, str], Counts] = {}

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one request; `status` is 0 where nothing was answered."""
        key = (method if method in METHODS else OTHER, kind_of(method, path))
        counts = self.counts.get(key)
        if counts is None:
            counts = self.counts[key] = Counts()
        counts.statuses[status // 100] += 1
        counts.buckets[bisect_left(BOUNDS_S, seconds)] += 1
        counts.seconds += seconds


def kind_of(method: str, path: str) -> str:
    """What a request asks for, by its address alone: nothing of it is anybody's own word."""
    if path.startswith(_API):
        if path.startswith(_META):
            return "meta"
        if path == _FEED:
            return "feed"
        return _RECORD_KINDS.get((path.count("/"), method), OTHER)
    return _PAGE_KINDS.get(path, OTHER)


class Counted:
    """An app whose requests are counted."""

    def __init__(self, app: App, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on as it is."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        traffic, status = self._traffic, 0

        def noting(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]  # type: ignore[assignment]  # an int, says ASGI
            return send(message)

        traffic.in_flight += 1
        began = perf_counter()
        try:
            await self._app(scope, receive, noting)
        finally:
            traffic.in_flight -= 1
            traffic.answered(
                str(scope["method"]), str(scope["path"]), status, perf_counter() - began
            )
