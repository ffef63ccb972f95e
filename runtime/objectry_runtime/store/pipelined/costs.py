"""What statements cost the server, learned from how long they took.

A time also holds what else the machine did, our own event loop above all. So an estimate falls
quickly and rises slowly: it stays near the least of what was measured, which is what the server
itself needed.
"""

STATEMENTS_MAX = 5000
_FALL, _RISE = 0.5, 0.05
_RISE_SHARED_MAX = 4.0


class Costs:
    """Seconds by the text of a statement; the oldest texts are forgotten beyond a bound."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def of(self, sql: str) -> float | None:
        """What a statement is expected to take; None for one never seen."""
        return self._seconds.get(sql)

    def learn(self, sql: str, seconds: float) -> None:
        """A statement that ran by itself took so long."""
        known = self._seconds.get(sql)
        if known is None:
            if len(self._seconds) >= STATEMENTS_MAX:
                del self._seconds[next(iter(self._seconds))]
            self._seconds[sql] = seconds
            return
        self._seconds[sql] = known + (seconds - known) * (_FALL if seconds < known else _RISE)

    def learn_shared(self, texts: list[str], seconds: float) -> None:
        """Statements that ran one behind another took so long together.

        Who of them it was can't be told: each is moved in proportion, and up by a little only.
        """
        expected = sum(self._seconds.get(sql, 0.0) for sql in texts)
        if expected <= 0.0:
            return
        ratio = min(seconds / expected, _RISE_SHARED_MAX)
        for sql in texts:
            known = self._seconds.get(sql)
            if known is not None:
                self.learn(sql, known * ratio)
