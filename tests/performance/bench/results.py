"""What a run came to: figures by request, clients and server, and where the bars are."""

from statistics import median

import msgspec

from tests.performance.bench.machine import Machine
from tests.performance.bench.measure import Figure
from tests.performance.bench.requests import KINDS

PGBENCH = "pgbench"
OURS = "ours"
PGBENCH_BAR = 0.3  # of what pgbench gets of the same SQL
JUDGED_AT = 16  # clients, or the nearest there is


class Results(msgspec.Struct, kw_only=True):
    """A run. `figures`: request → clients → server → one figure for each round."""

    machine: Machine
    scale: str
    seconds: float
    rounds: int
    servers: dict[str, str]
    idle_mb: dict[str, float]
    loaded_in_s: float | None
    figures: dict[str, dict[int, dict[str, list[Figure]]]] = {}
    notes: list[str] = []

    def add(self, kind: str, clients: int, server: str, figure: Figure) -> None:
        """Note a measurement."""
        by_server = self.figures.setdefault(kind, {}).setdefault(clients, {})
        by_server.setdefault(server, []).append(figure)

    def middle(
        self, kind: str, clients: int, server: str, name: str = "per_second"
    ) -> float | None:
        """The median over the rounds of what a figure says, None where it says nothing."""
        figures = self.figures.get(kind, {}).get(clients, {}).get(server, [])
        found = [value for one in figures if (value := getattr(one, name)) is not None]
        return median(found) if found else None

    def ratio(self, kind: str, clients: int, server: str, ours: str = OURS) -> float | None:
        """How many times as many requests per second we answer."""
        mine, others = self.middle(kind, clients, ours), self.middle(kind, clients, server)
        return mine / others if mine is not None and others else None

    def spared(self, kind: str, clients: int, server: str, ours: str = OURS) -> float | None:
        """How many times as much processor time of server and database a request takes there.

        Other programs on the machine change it less than requests per second.
        """
        times: list[float] = []
        for name in (server, ours):
            mine = self.middle(kind, clients, name, "server_cpu_us")
            databases = self.middle(kind, clients, name, "database_cpu_us")
            if mine is None or databases is None:
                return None
            times.append(mine + databases)
        return times[0] / times[1] if times[1] else None

    def summary(self) -> dict[str, object]:
        """The run in one line: where, medians of what is promised, bars."""
        shown = ("per_second", "p50_ms", "p99_ms", "server_cpu_us", "database_cpu_us", "rss_mb")
        return {
            "machine": self.machine,
            "scale": self.scale,
            "rounds": self.rounds,
            "seconds": self.seconds,
            "servers": self.servers,
            "idle_mb": {name: round(value) for name, value in self.idle_mb.items()},
            "medians": {
                kind: {
                    clients: {
                        server: {
                            name: round(value, 2)
                            for name in shown
                            if (value := self.middle(kind, clients, server, name)) is not None
                        }
                        for server in by_server
                    }
                    for clients, by_server in by_clients.items()
                }
                for kind, by_clients in self.figures.items()
            },
            "bars": bars(self),
        }


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A bar of design/HOTPATH.md and where we are; `reached` is None where it was not measured."""

    request: str
    against: str
    wanted: float
    clients: int
    found: float | None

    @property
    def reached(self) -> bool | None:
        """Whether it was."""
        return None if self.found is None else self.found >= self.wanted


def bars(results: Results, ours: str = OURS) -> list[Bar]:
    """All bars, at the number of clients they are judged at."""
    judged: list[Bar] = []
    for name, by_clients in results.figures.items():
        clients = min(by_clients, key=lambda number: abs(number - JUDGED_AT))
        kind = KINDS[name]
        wanted = [("orm", kind.bar)] if kind.bar is not None else []
        for server, bar in (*wanted, (PGBENCH, PGBENCH_BAR)):
            judged.append(
                Bar(
                    request=kind.title,
                    against=server,
                    wanted=bar,
                    clients=clients,
                    found=results.ratio(name, clients, server, ours),
                )
            )
    return judged
