"""Rendered statements, kept per release by shape and rights, with a bound."""

from collections.abc import Callable, Hashable

from objectry_runtime.host.live import Live
from objectry_runtime.store.executor import Bound

STATEMENTS_MAX = 2048
_KEY = ("query.statements",)


class Statements:
    """What was rendered so far. A hostile client can empty it, never make it grow."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Bound] = {}

    def get(self, shape: Hashable, build: Callable[[], Bound]) -> Bound:
        """The statement of a shape, rendered when it is first asked for."""
        found = self._known.get(shape)
        if found is None:
            if len(self._known) >= STATEMENTS_MAX:
                self._known.clear()
            found = self._known[shape] = build()
        return found


def statements(live: Live) -> Statements:
    """The statements of a release."""
    found = live.compiled.get(_KEY)
    if not isinstance(found, Statements):
        found = Statements()
        live.compiled[_KEY] = found
    return found
