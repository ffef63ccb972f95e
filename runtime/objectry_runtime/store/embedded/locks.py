"""The locks of a state folder: who uses its server, who guards it, who is starting it.

All are `flock`s: the kernel takes them away from a program however it ends.
"""

import fcntl
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from objectry_runtime.store.database import DatabaseUnusable


def guarded(state: Path) -> bool:
    """Whether a guard lives."""
    with open_lock(state / ".guard") as guard:
        return not _try(guard, fcntl.LOCK_SH)


def used(probe: TextIO) -> bool:
    """Whether programs share the server: shared works, exclusive doesn't."""
    if _try(probe, fcntl.LOCK_EX):
        fcntl.flock(probe, fcntl.LOCK_UN)
        return False
    if _try(probe, fcntl.LOCK_SH):
        fcntl.flock(probe, fcntl.LOCK_UN)
        return True
    return False


@contextmanager
def only_starter(state: Path, end: float) -> Generator[None]:
    """For the block no other program starts or makes anything in the state folder."""
    with open_lock(state / ".lock") as file:
        lock(file, fcntl.LOCK_EX, end)
        yield


def lock(file: TextIO, kind: int, end: float) -> None:
    """Take a lock, until `end` (monotonic) at the latest."""
    while not _try(file, kind):
        if time.monotonic() > end:
            raise DatabaseUnusable(
                f"another program keeps {file.name} locked; is one hanging? Try again later."
            )
        time.sleep(0.02)


def open_lock(path: Path) -> TextIO:
    """The file of a lock; closing it gives the lock back."""
    return open(path, "r+")


def _try(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
