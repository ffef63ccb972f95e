"""What statements cost the server, learned from how long they took.

A time also holds what else the machine did, our own event loop above all. So an estimate falls
quickly and rises slowly: it stays near the least of what was measured, which is what the server
itself needed.
"""

STATEMENTS_MAX = 5000
_FALL, _RISE = 0.5, 0.05
_RISE_SHARED_MAX = 4.0


class Costs:
    """Seconds by the text of a statement; the oldest are forgotten beyond a bound.

    Texts can be long, and a client can make many of them: only their hashes are kept. Of two that
    have the same hash one is taken for the other, which costs some time at worst.
    """

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}

    def of(self, sql: str) -> float | None:
        """What a statement is expected to take; None for one never seen."""
        return self._seconds.get(hash(sql))

    def learn(self, sql: str, seconds: float) -> None:
        """A statement that ran by itself took so long."""
        key = hash(sql)
        known = self._seconds.get(key)
        if known is None:
            if len(self._seconds) >= STATEMENTS_MAX:
                del self._seconds[next(iter(self._seconds))]
            self._seconds[key] = seconds
            return
        self._seconds[key] = known + (seconds - known) * (_FALL if seconds < known else _RISE)

    def learn_shared(self, texts: list[str], seconds: float) -> None:
        """Statements that ran one behind another took so long together.

        Who of them it was can't be told: each is moved in proportion, and up by a little only.
        """
        expected = sum(self.of(sql) or 0.0 for sql in texts)
        if expected <= 0.0:
            return
        ratio = min(seconds / expected, _RISE_SHARED_MAX)
        for sql in texts:
            known = self.of(sql)
            if known is not None:
                self.learn(sql, known * ratio)
