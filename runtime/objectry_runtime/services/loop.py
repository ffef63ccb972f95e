"""uvloop's event loop, and the hang-ups that it forgets.

When the other end closes a socket while bytes of ours lie unread there, the kernel reports an error
(POLLERR) beside the end. libuv then tells a reader once, with what came before, and never again: a
database connection that a killed backend left behind would wait until its time-out. This loop looks
after such sockets itself, ten times a second.
"""

import select
from collections.abc import Callable
from typing import Any, Protocol, TypeVarTuple  # what a reader returns is nobody's business

import uvloop

LOOK_S = 0.1


_Arguments = TypeVarTuple("_Arguments")


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


class Loop(uvloop.Loop):
    """An event loop whose readers hear of every hang-up within `LOOK_S` seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._readers: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {}
        self._looking = False

    def add_reader(
        self,
        fd: int | _HasFileno,
        callback: Callable[[*_Arguments], Any],
        *args: *_Arguments,
    ) -> None:
        """As `asyncio.loop.add_reader`."""
        super().add_reader(fd, callback, *args)
        self._readers[_number(fd)] = callback, args
        if not self._looking:
            self._looking = True
            self.call_later(LOOK_S, self._look)

    # uvloop says nothing where asyncio says whether there was one; mypy asks for both.
    def remove_reader(self, fd: int | _HasFileno) -> None:  # type: ignore[override]
        """As `asyncio.loop.remove_reader`."""
        self._readers.pop(_number(fd), None)
        super().remove_reader(fd)

    def _look(self) -> None:
        # Nothing is asked for but what poll always tells: POLLERR, POLLHUP, POLLNVAL.
        poll = select.poll()
        for fd in self._readers:
            poll.register(fd, 0)
        for fd, events in poll.poll(0):
            callback, args = self._readers[fd]
            super().remove_reader(fd)
            if events & select.POLLNVAL:  # closed by its owner without a word to the loop
                del self._readers[fd]
            else:
                super().add_reader(fd, callback, *args)  # a new registration is told once more
        self._looking = bool(self._readers)
        if self._looking:
            self.call_later(LOOK_S, self._look)


def _number(fd: int | _HasFileno) -> int:
    return fd if isinstance(fd, int) else fd.fileno()
