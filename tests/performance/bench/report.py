"""The tables: who answered how much, what it cost, and which bars were reached."""

from collections.abc import Iterator, Sequence

from tests.performance.bench.requests import KINDS
from tests.performance.bench.results import OURS, Results, bars

SECONDS_MIN = 1.0  # what was measured for less says nothing about bars
# Heading, figure, decimal places.
_COLUMNS = (
    ("requests/s", "per_second", 0),
    ("p50 ms", "p50_ms", 2),
    ("p99 ms", "p99_ms", 2),
    ("server us", "server_cpu_us", 0),
    ("database us", "database_cpu_us", 0),
    ("client us", "client_cpu_us", 0),
    ("statements", "statements", 1),
    ("RSS MB", "rss_mb", 0),
)


def report(results: Results) -> str:
    """The whole of it, as text for people."""
    return "\n".join([*_header(results), "", *_figures(results), "", *_bars(results)])


def _header(results: Results) -> Iterator[str]:
    machine = results.machine
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    settings = ", ".join(f"{name}={value}" for name, value in machine.settings.items())
    changed = f" with {machine.changed_files} changed files" if machine.changed_files else ""
    yield f"{machine.at}, commit {machine.commit}{changed}"
    yield f"{machine.interpreter}; {packages}"
    yield f"{machine.cpu}, {machine.cores} cores, load average {machine.load_average} at the start"
    yield f"PostgreSQL {machine.postgresql}: {settings}"
    made = f", made in {results.loaded_in_s:.0f} s" if results.loaded_in_s is not None else ""
    yield (
        f"data: {results.scale}{made}; medians of {results.rounds} interleaved rounds of "
        f"{results.seconds:g} s each"
    )
    for name, said in results.servers.items():
        idle = results.idle_mb.get(name)
        yield f"{name}: {said}" + (f"; {idle:.0f} MB before the first request" if idle else "")
    yield "pgbench: the very SQL that ours sends, from as many clients"
    yield "us: processor time per request; ours x: our requests per second by theirs;"
    yield "CPU x: their processor time (server and database) per request by ours"
    yield from results.notes


def _figures(results: Results) -> Iterator[str]:
    for name, by_clients in results.figures.items():
        rows: list[list[str]] = []
        for clients, by_server in sorted(by_clients.items()):
            for server in by_server:
                ratio = results.ratio(name, clients, server)
                cells = [
                    "" if value is None else f"{value:.{places}f}"
                    for _, figure, places in _COLUMNS
                    for value in [results.middle(name, clients, server, figure)]
                ]
                times = ["", ""]
                if server != OURS and ratio is not None:
                    spared = results.spared(name, clients, server)
                    times = [f"{ratio:.2f}", "" if spared is None else f"{spared:.2f}"]
                rows.append([str(clients), server, *cells, *times])
        titles = [title for title, *_ in _COLUMNS]
        yield from _table(["clients", KINDS[name].title, *titles, "ours x", "CPU x"], rows)
        yield ""


def _bars(results: Results) -> Iterator[str]:
    if results.seconds < SECONDS_MIN:
        yield "too short to be a measurement: no bars"
        return
    rows = [
        [
            bar.request,
            f"{bar.wanted:g} x {bar.against}",
            "" if bar.found is None else f"{bar.found:.2f}",
            str(bar.clients),
            {None: "not measured", True: "reached", False: "MISSED"}[bar.reached],
        ]
        for bar in bars(results)
    ]
    yield from _table(["bar", "wanted", "found", "clients", ""], rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    for row in (heads, *rows):
        yield "  ".join(
            cell.ljust(width) if at < 2 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
