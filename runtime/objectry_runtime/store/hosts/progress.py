"""How far the primary had come, and when; so how old what a replica shows can be at most.

Only the clock of this process is asked: those of the servers may differ, and the time of the last
transaction that a replica replayed says nothing while nobody writes.
"""

from collections import deque

import msgspec


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a server said of itself.

    `data` names cluster and database: copies of each other have it in common. `timeline` is
    another after each promotion. `position` in the log: all before it is there. `release` is live.
    """

    data: str
    timeline: int
    position: int
    release: str = ""


class Progress:
    """The primary's positions of the last `seconds_max` seconds."""

    def __init__(self, seconds_max: float) -> None:
        self._seconds_max = seconds_max
        self._marks: deque[tuple[float, int]] = deque()
        self._line: tuple[str, int] | None = None

    def note(self, at: float, primary: Standing) -> None:
        """The primary was asked at `at`, and then said this: it includes what was kept by then."""
        marks, line = self._marks, (primary.data, primary.timeline)
        if line != self._line:
            # After a promotion the old primary's positions mean something else.
            self._line = line
            marks.clear()
        if marks and marks[-1][1] == primary.position:
            marks.pop()  # nothing was written in between
        marks.append((at, primary.position))
        while marks[0][0] < at - self._seconds_max:
            marks.popleft()

    def shown_at(self, replica: Standing) -> float | None:
        """A moment up to which all that was kept is on the replica.

        None where it shows other data, has another past (a promotion it did not follow), or is
        further behind than is remembered.
        """
        if (replica.data, replica.timeline) != self._line:
            return None
        position = replica.position
        return next((at for at, lsn in reversed(self._marks) if lsn <= position), None)
