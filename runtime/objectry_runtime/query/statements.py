"""What was rendered or resolved once, kept per release by shape and rights, with a bound."""

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar  # a kind may keep anything

from objectry_runtime.host.live import Live
from objectry_runtime.query.selection import Selection
from objectry_runtime.store.executor import Bound

KEPT_MAX = 2048
KEPT_LENGTH_MAX = 1000  # characters of a request that is worth keeping

T = TypeVar("T")


class Kept(Generic[T]):
    """What is known so far. A hostile client can empty it, never make it grow."""

    def __init__(self) -> None:
        self._known: dict[Hashable, T] = {}

    def get(self, key: Hashable, build: Callable[[], T]) -> T:
        """What belongs to the key, built when it is first asked for."""
        found = self._known.get(key)
        if found is None:
            found = build()
            if len(self._known) >= KEPT_MAX:
                self._known.clear()
            self._known[key] = found
        return found

    def __len__(self) -> int:
        """How much is known."""
        return len(self._known)


class Statements(Kept[Bound]):
    """Rendered statements."""


class Selections(Kept[Selection]):
    """What requests show, by what they ask for."""


class Visible(Kept[tuple[str, ...]]):
    """The fields that an answer shows, by object and roles."""


K = TypeVar("K", bound=Kept[Any])


def kept(live: Live, kind: type[K]) -> K:
    """What a release keeps of one kind."""
    found = live.compiled.get((kind,))
    if not isinstance(found, kind):
        found = kind()
        live.compiled[(kind,)] = found
    return found


def statements(live: Live) -> Statements:
    """The statements of a release."""
    return kept(live, Statements)


def selections(live: Live) -> Selections:
    """The selections of a release."""
    return kept(live, Selections)
