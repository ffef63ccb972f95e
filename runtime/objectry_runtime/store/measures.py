"""What an executor does, counted: plain numbers on the one event loop.

`store.scraped` turns them into what Prometheus reads, and only when it asks.
"""

from bisect import bisect_left
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

BOUNDS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Load(NamedTuple):
    """A lane at this moment: connections open, of them with work under way, requests waiting."""

    connections: int
    busy: int
    queued: int


class Spread:
    """How long something took: counts between bounds, and the sum."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS_S) + 1)  # each its own: sums are made when asked
        self.seconds = 0.0

    def add(self, seconds: float, times: int = 1) -> None:
        """Count one, or several that took as long."""
        self.buckets[bisect_left(BOUNDS_S, seconds)] += times
        self.seconds += seconds * times


class LaneMeasures:
    """One lane: a group of connections that serves one kind of request.

    `waited`: from asking to being sent; `ran`: from being sent to the answer; `sent_again`:
    requests sent a second time because of others; `grouped`: units that shared a transaction;
    `groups_undone`: such transactions that failed, so that each of their units was sent alone;
    `connected`: connections made; `lost`: of them broken; `timeouts`: requests given up because
    no connection was free.
    """

    def __init__(self, name: str, load: Callable[[], Load]) -> None:
        self.name = name
        self.load = load
        self.waited = Spread()
        self.ran = Spread()
        self.sent_again = 0
        self.grouped = 0
        self.groups_undone = 0
        self.connected = 0
        self.lost = 0
        self.timeouts = 0


class Measures:
    """All lanes of one executor."""

    def __init__(self) -> None:
        self.lanes: dict[str, LaneMeasures] = {}

    def lane(self, name: str, load: Callable[[], Load]) -> LaneMeasures:
        """The measures of a lane by its name; they go on when an executor is opened again."""
        lane = self.lanes.get(name)
        if lane is None:
            lane = self.lanes[name] = LaneMeasures(name, load)
        lane.load = load
        return lane

    @cached_property
    def registry(self) -> "CollectorRegistry":
        """What Prometheus reads. Imported when first asked for: the library is slow to load."""
        from objectry_runtime.store.scraped import registry_of

        return registry_of(self)
