"""The processes of an embedded PostgreSQL, for tests that send them signals."""

import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

WAIT_S = 60.0


def postmaster(state: Path) -> int:
    """The process of the server of a state folder."""
    return int((state / "pgdata" / "postmaster.pid").read_text().split()[0])


def ended(pid: int) -> bool:
    """Whether a process has ended, be it waited for or not."""
    return _fields(pid)[0] == "Z"


def wait_ended(pid: int) -> None:
    """Wait until a process has ended."""
    end = time.monotonic() + WAIT_S
    while not ended(pid):
        assert time.monotonic() < end, f"process {pid} did not end"
        time.sleep(0.02)  # polling a process that is ending


@contextmanager
def kept_away(state: Path, how: signal.Signals = signal.SIGINT) -> Generator[None]:
    """PostgreSQL is down for the block: its guard, held up too, can't start it again before."""
    server = postmaster(state)
    guard = int(_fields(server)[1])
    os.kill(guard, signal.SIGSTOP)
    try:
        os.kill(server, how)
        wait_ended(server)
        yield
    finally:
        os.kill(guard, signal.SIGCONT)


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return ["Z", "0"]
