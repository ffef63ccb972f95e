"""What the server takes while it runs, and whether it takes more and more."""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import psycopg

from tests.performance.soak.weather import Weather

MIB = 1024 * 1024
# After the warm-up the median may grow by this much from the first to the last third.
RSS_GROWTH_MIB_MAX = 12.0
FDS_GROWTH_MAX = 4.0


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the server; `connections` is None while the database is away."""

    at: float
    rss_mib: float
    fds: int
    threads: int
    connections: int | None


async def sample(pid: int, weather: Weather, every: float, end: float) -> list[Sample]:
    """Look at the process every so often."""
    began = time.monotonic()
    samples: list[Sample] = []
    while time.monotonic() < end:
        now = time.monotonic()
        try:
            connections = await asyncio.to_thread(weather.connections)
        except psycopg.OperationalError:
            connections = None
        samples.append(look(pid, now - began, connections))
        await asyncio.sleep(every)
    return samples


def look(pid: int, at: float, connections: int | None) -> Sample:
    """The process as the kernel sees it now."""
    process = Path(f"/proc/{pid}")
    pages = int((process / "statm").read_text().split()[1])
    return Sample(
        at=at,
        rss_mib=pages * os.sysconf("SC_PAGESIZE") / MIB,
        fds=len(os.listdir(process / "fd")),
        threads=len(os.listdir(process / "task")),
        connections=connections,
    )


def growth(values: Sequence[float]) -> float:
    """From the median of the first third to that of the last."""
    third = len(values) // 3
    return statistics.median(values[-third:]) - statistics.median(values[:third])


def slope_per_hour(samples: Sequence[Sample]) -> float:
    """MiB an hour by which the memory grows, by the least squares."""
    line = statistics.linear_regression(
        [one.at for one in samples], [one.rss_mib for one in samples]
    )
    return line.slope * 3600


def judge_samples(samples: Sequence[Sample], warm_s: float, connections_max: int) -> list[str]:
    """What grew that must be flat."""
    steady = [one for one in samples if one.at >= warm_s]
    wrong: list[str] = []
    rss, fds = growth([one.rss_mib for one in steady]), growth([one.fds for one in steady])
    if rss > RSS_GROWTH_MIB_MAX:
        wrong.append(f"memory grew by {rss:.1f} MiB; {RSS_GROWTH_MIB_MAX:g} are allowed")
    if fds > FDS_GROWTH_MAX:
        wrong.append(f"open files grew by {fds:g}; {FDS_GROWTH_MAX:g} are allowed")
    most = max((one.connections for one in samples if one.connections is not None), default=0)
    if most > connections_max:
        wrong.append(f"{most} connections; {connections_max} are allowed")
    return wrong
