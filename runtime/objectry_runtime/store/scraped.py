"""An executor's measures as Prometheus reads them (`docs/reference/metrics.md`)."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from objectry_runtime.store.measures import BOUNDS_S, LaneMeasures, Load, Measures, Spread

_LABELS = ("lane",)
_GAUGES = (
    ("connections", "Connections open."),
    ("connections_busy", "Connections with work under way."),
    ("queued", "Requests waiting for a connection."),
)
_SPREADS = (
    ("wait_seconds", "Time a request waited before it was sent."),
    ("statement_seconds", "Time from sending a request to its answer."),
)
_COUNTERS = (
    ("sent_again", "Requests sent a second time because of what others did."),
    ("grouped", "Units that shared a transaction with others."),
    ("groups_undone", "Shared transactions that failed; each unit was sent again alone."),
    ("connects", "Connections made."),
    ("connections_lost", "Connections that broke."),
    ("timeouts", "Requests given up because no connection was free in time."),
)


def registry_of(measures: Measures) -> CollectorRegistry:
    """A registry that reads these measures at each scrape."""
    registry = CollectorRegistry()
    registry.register(_Reader(measures))
    return registry


class _Reader(Collector):
    def __init__(self, measures: Measures) -> None:
        self._measures = measures

    def collect(self) -> Iterable[Metric]:
        lanes = [self._measures.lanes[name] for name in sorted(self._measures.lanes)]
        yield from _gauges(lanes)
        yield from _spreads(lanes)
        yield from _counters(lanes)


def _gauges(lanes: list[LaneMeasures]) -> Iterator[Metric]:
    loads: list[Load] = [lane.load() for lane in lanes]
    for place, (name, text) in enumerate(_GAUGES):
        family = GaugeMetricFamily(f"objectry_db_{name}", text, labels=_LABELS)
        for lane, load in zip(lanes, loads, strict=True):
            family.add_metric((lane.name,), load[place])
        yield family


def _spreads(lanes: list[LaneMeasures]) -> Iterator[Metric]:
    for name, text in _SPREADS:
        family = HistogramMetricFamily(f"objectry_db_{name}", text, labels=_LABELS)
        for lane in lanes:
            spread = lane.waited if name == "wait_seconds" else lane.ran
            family.add_metric((lane.name,), _cumulative(spread), spread.seconds)
        yield family


def _counters(lanes: list[LaneMeasures]) -> Iterator[Metric]:
    for name, text in _COUNTERS:
        family = CounterMetricFamily(f"objectry_db_{name}", text, labels=_LABELS)
        for lane in lanes:
            family.add_metric((lane.name,), _count(lane, name))
        yield family


def _count(lane: LaneMeasures, name: str) -> int:
    match name:
        case "connects":
            return lane.connected
        case "connections_lost":
            return lane.lost
        case "sent_again":
            return lane.sent_again
        case "grouped":
            return lane.grouped
        case "groups_undone":
            return lane.groups_undone
        case _:
            return lane.timeouts


def _cumulative(spread: Spread) -> list[tuple[str, float]]:
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), spread.buckets, strict=True):
        total += count
        buckets.append((bound, total))
    return buckets
