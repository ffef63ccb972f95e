"""`GET /metrics`: what a Prometheus server reads. Imported when it first asks, not at start."""

from collections.abc import Iterable, Iterator

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from objectry_runtime.api.responses import Response
from objectry_runtime.api.serving import Serving
from objectry_runtime.api.traffic import BOUNDS_S, STATUSES, Counts, Traffic
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem

_LABELS = ("method", "kind")


def scrape(serving: Serving, traffic: Traffic, call: Call, accept: str) -> Response:
    """All metrics at this moment, in the format that the `Accept` header asks for.

    For the role `admin` alone: how much is going on is nobody else's business.
    """
    if not call.principal.is_admin:
        raise Problem(403, "forbidden", "You may not do this.", "Metrics are for the role admin.")
    encode, content_type = choose_encoder(accept)
    body = encode(_Everything(serving, traffic))
    return Response(status=200, body=body, headers={"Content-Type": content_type})


def families(serving: Serving, traffic: Traffic) -> Iterator[Metric]:
    """Every metric there is: HTTP, release, executor, process."""
    yield from _http(traffic)
    release = serving.live.release.id
    yield InfoMetricFamily(
        "objectry_release",
        "The live release, as the label `release`; the value is 1.",
        value={"release": release},
    )
    yield from serving.executor.registry.collect()
    yield from _PROCESS.collect()


class _Everything(Collector):
    """What the encoders take: something that collects."""

    def __init__(self, serving: Serving, traffic: Traffic) -> None:
        self._serving = serving
        self._traffic = traffic

    def collect(self) -> Iterable[Metric]:
        return families(self._serving, self._traffic)


def _http(traffic: Traffic) -> Iterator[Metric]:
    requests = CounterMetricFamily(
        "objectry_http_requests",
        "Requests answered, by `method`, `kind` and class of `status`.",
        labels=(*_LABELS, "status"),
    )
    seconds = HistogramMetricFamily(
        "objectry_http_request_seconds",
        "Seconds from a request's head to the end of its answer, by `method` and `kind`.",
        labels=_LABELS,
    )
    for labels, counts in sorted(traffic.counts.items()):
        for status, count in zip(STATUSES, counts.statuses, strict=True):
            if count:
                requests.add_metric((*labels, status), count)
        seconds.add_metric(labels, _cumulative(counts), counts.seconds)
    yield requests
    yield seconds
    yield GaugeMetricFamily(
        "objectry_http_requests_in_flight",
        "Requests not answered yet, this one included.",
        value=traffic.in_flight,
    )


def _cumulative(counts: Counts) -> list[tuple[str, float]]:
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), counts.buckets, strict=True):
        total += count
        buckets.append((bound, total))
    return buckets


_PROCESS = CollectorRegistry()
for _make in (ProcessCollector, PlatformCollector, GCCollector):
    _make(registry=_PROCESS)
