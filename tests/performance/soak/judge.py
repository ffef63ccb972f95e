"""Which answers are in order, and a count of all of them."""

from collections import Counter
from collections.abc import Set

from tests.performance.soak.weather import Weather
from tests.performance.soak.wire import Answer

KEPT = 20
AWAY_CODES = ("unavailable", "timeout", "busy")


class Judge:
    """Every answer passes here; what is not in order is a failure of the soak."""

    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self.answers: Counter[str] = Counter()
        self.away: Counter[str] = Counter()
        self.seconds_max = 0.0
        self.failures: list[str] = []
        self.failed = 0

    def hear(self, kind: str, answer: Answer, expected: Set[int]) -> bool:
        """Whether the answer is one of those expected; not so only while the database is away."""
        self.seconds_max = max(self.seconds_max, answer.ended - answer.began)
        if answer.status in expected:
            self.answers[kind] += 1
            return True
        if answer.status != 503:
            self.fail(f"{kind}: {answer.status} {answer.body[:300]!r}")
        elif not answer.headers.get("retry-after", "").isdigit():
            self.fail(f"{kind}: 503 without Retry-After: {answer.headers}")
        elif not answer.headers.get("content-type", "").startswith("application/problem+json"):
            self.fail(f"{kind}: 503 that is no problem: {answer.body[:300]!r}")
        elif not self._weather.bad(answer.began, answer.ended):
            self.fail(f"{kind}: 503 while the database was there: {answer.body[:300]!r}")
        elif (code := answer.document()["code"]) not in AWAY_CODES:
            self.fail(f"{kind}: 503 {code}")
        else:
            self.away[kind] += 1
        return False

    def fail(self, what: str) -> None:
        """Something that must not be."""
        self.failed += 1
        if len(self.failures) < KEPT:
            self.failures.append(what)
            print(f"FAILURE {what}", flush=True)
