"""What is told of replicas to Prometheus (`docs/reference/metrics.md`), by the label `host`."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from objectry_runtime.store.executor import Executor
from objectry_runtime.store.hosts.replica import Replica

_LABELS = ("host",)


def registry_of(primary: Executor, replicas: Sequence[Replica]) -> CollectorRegistry:
    """A registry that reads them at each scrape, after what the primary's executor tells."""
    registry = CollectorRegistry()
    registry.register(_Reader(primary, replicas))
    return registry


class _Reader(Collector):
    def __init__(self, primary: Executor, replicas: Sequence[Replica]) -> None:
        self._primary = primary
        self._replicas = replicas

    def collect(self) -> Iterable[Metric]:
        yield from self._primary.registry.collect()
        up = GaugeMetricFamily(
            "objectry_replica_up", "1 while the replica may be asked.", labels=_LABELS
        )
        lag = GaugeMetricFamily(
            "objectry_replica_lag_seconds", "How old what it shows may be at most.", labels=_LABELS
        )
        busy = GaugeMetricFamily("objectry_replica_busy", "Reads under way.", labels=_LABELS)
        reads = CounterMetricFamily(
            "objectry_replica_reads", "Reads answered by the replica.", labels=_LABELS
        )
        passed_on = CounterMetricFamily(
            "objectry_replica_passed_on",
            "Reads that failed there and were asked of the primary.",
            labels=_LABELS,
        )
        for replica in self._replicas:
            name, age = (replica.name,), replica.age()
            up.add_metric(name, age is not None)
            if age is not None:
                lag.add_metric(name, age)
            busy.add_metric(name, replica.busy)
            reads.add_metric(name, replica.reads)
            passed_on.add_metric(name, replica.passed_on)
        yield from (up, lag, busy, reads, passed_on)
