"""The guard: a small process of its own that runs PostgreSQL for as long as anybody uses it.

Run as a script by `server.py` with the interpreter's `-I -S`, so it imports the standard library
alone. Every program that uses a state folder holds a shared lock on its `.users` file; the kernel
takes it away when the program ends, however it ends. The guard waits for the exclusive lock: once
it has that, nobody is left, and it shuts PostgreSQL down. Until then it starts PostgreSQL again
whenever it dies. Should the guard itself be killed, PostgreSQL shuts down on Linux (the kernel
signals it) and is adopted by the next guard elsewhere.

Arguments: state folder, data folder, uid, gid (-1: stay who we are), then PostgreSQL's command.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

PR_SET_PDEATHSIG = 1
TRIES = 6  # starts in a row that may fail before the guard gives up
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # it ends with its users alone
STEADY_SECONDS = 10.0  # a server that lived this long was started well
SHUTDOWN_SECONDS = 30.0  # after which a fast shutdown becomes an immediate one


def main(state: Path, data: Path, uid: int, gid: int, command: list[str]) -> int:
    """Guard until nobody uses the state folder; 0 when PostgreSQL was shut down well."""
    with open(state / ".guard", "a") as alone, open(state / ".users", "a") as users:
        # Who looks whether a guard lives holds this lock for an instant: hence some patience.
        for _ in range(50):
            if _locked(alone):
                return _guard(users, data, uid, gid, command)
            time.sleep(0.02)
    return 0  # another guard was quicker


def _guard(users: TextIO, data: Path, uid: int, gid: int, command: list[str]) -> int:
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    tries = 0
    while tries < TRIES:
        began = time.monotonic()
        pid = _running(data) or _spawn(command)
        while _alive(pid):
            if _locked(users):
                return _shut_down(pid)
            time.sleep(0.1)
        if _locked(users):
            return 0
        tries = 1 if time.monotonic() - began > STEADY_SECONDS else tries + 1
        # After a crash the old backends need a moment to leave the shared memory.
        time.sleep(0.1 * tries)
    return 1


def _locked(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False


def _running(data: Path) -> int | None:
    """The postmaster that a killed guard left behind, if it lives."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
        return pid if _alive(pid) and _is_postgres(pid) else None
    except (OSError, ValueError, IndexError):
        return None


def _is_postgres(pid: int) -> bool:
    # A process number may have been given to somebody else since.
    if Path("/proc/self").exists():
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    told = subprocess.run(["ps", "-p", str(pid), "-o", "comm="], capture_output=True)
    return b"postgres" in told.stdout


def _spawn(command: list[str]) -> int:
    guard = os.getpid()
    libc = ctypes.CDLL(None)
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        for number in IGNORED:
            signal.signal(number, signal.SIG_DFL)
        if sys.platform == "linux":
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)
            if os.getppid() != guard:  # it died before the kernel knew our wish
                os._exit(1)
        os.execv(command[0], command)
    finally:
        os._exit(127)


def _alive(pid: int) -> bool:
    try:
        ended, _ = os.waitpid(pid, os.WNOHANG)
        return ended == 0
    except ChildProcessError:  # adopted, not our child
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True


def _shut_down(pid: int) -> int:
    for wish, patience in ((signal.SIGINT, SHUTDOWN_SECONDS), (signal.SIGQUIT, SHUTDOWN_SECONDS)):
        os.kill(pid, wish)
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if not _alive(pid):
                return 0
            time.sleep(0.02)
    return 1


if __name__ == "__main__":
    if os.fork():  # nobody has to wait for a guard: it belongs to no program
        os._exit(0)
    os.setsid()
    for ignored in IGNORED:
        signal.signal(ignored, signal.SIG_IGN)
    arguments = sys.argv[1:]
    sys.exit(
        main(
            Path(arguments[0]),
            Path(arguments[1]),
            int(arguments[2]),
            int(arguments[3]),
            arguments[4:],
        )
    )
