"""What a soak found, for people."""

from collections.abc import Sequence

from tests.performance.soak.judge import Judge
from tests.performance.soak.ledger import Ledger
from tests.performance.soak.samples import Sample, growth, slope_per_hour
from tests.performance.soak.weather import Weather

LINES = 12


def report(
    judge: Judge, ledger: Ledger, weather: Weather, samples: Sequence[Sample], wrong: list[str]
) -> None:
    """Print it."""
    print("\nanswers as declared        while the database was away (503, Retry-After)")
    for kind in sorted(judge.answers.keys() | judge.away.keys()):
        print(f"  {kind:<28} {judge.answers[kind]:>9,} {judge.away[kind]:>7,}")
    total, away = judge.answers.total(), judge.away.total()
    print(f"  {'in all':<28} {total:>9,} {away:>7,}; the slowest took {judge.seconds_max:.1f} s")
    print(f"{len(weather.told)} misfortunes, {len(ledger.acknowledged):,} records acknowledged")
    print("\n    at s   RSS MiB   files   threads   connections")
    for one in samples[:: max(1, len(samples) // LINES)]:
        connections = "away" if one.connections is None else one.connections
        print(f"{one.at:>8.0f} {one.rss_mib:>9.1f} {one.fds:>7} {one.threads:>9} {connections:>13}")
    steady = samples[len(samples) // 4 :]
    print(
        f"after the first quarter: memory {growth([one.rss_mib for one in steady]):+.1f} MiB"
        f" (slope {slope_per_hour(steady):+.1f} MiB/h),"
        f" files {growth([one.fds for one in steady]):+g}"
    )
    for line in wrong:
        print(f"FAILURE {line}")
    failed = judge.failed + len(wrong)
    print(f"the soak failed: {failed} failures" if failed else "the soak passed")
