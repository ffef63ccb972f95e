"""Keeps processes of ours running: started again when they die, ended together."""

import ctypes
import logging
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

AGAIN_S_MIN, AGAIN_S_MAX = 0.5, 10.0
WELL_S = 30.0  # who ran so long before it died is started again at once
END_S = 30.0
READY_S = 180.0
LOOK_S = 0.2
_PROGRAM = "import sys; from objectry_runtime.cli import main; sys.exit(main())"
_PR_SET_PDEATHSIG = 1

log = logging.getLogger("objectry.up")


class Supervisor:
    """Runs `commands` (name → arguments of `objectry`) for the block; each has its log file."""

    def __init__(
        self, commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], logs: Path
    ) -> None:
        self._commands = commands
        self._environment = environment
        self._logs = logs
        self._ending = threading.Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._threads: list[threading.Thread] = []

    def wait_ready(self, addresses: Mapping[str, str], seconds: float = READY_S) -> frozenset[str]:
        """Wait until all answer at their addresses; those that don't after all."""
        deadline, waiting = time.monotonic() + seconds, set(addresses)
        while waiting and time.monotonic() < deadline and not self._ending.is_set():
            waiting -= {name for name in waiting if _answers(addresses[name])}
            self._ending.wait(LOOK_S)
        return frozenset(waiting)

    def __enter__(self) -> Self:
        """Start all."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for name in self._commands:
            thread = threading.Thread(target=self._keep, args=(name,), name=f"keeps {name}")
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all: as an operator would, and for good where that takes too long."""
        self._ending.set()
        for process in list(self._running.values()):
            process.terminate()
        deadline = time.monotonic() + END_S
        for process in list(self._running.values()):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for thread in self._threads:
            thread.join()

    def _keep(self, name: str) -> None:
        pause = AGAIN_S_MIN
        while not self._ending.is_set():
            began = time.monotonic()
            code = self._run(name)
            if self._ending.is_set():
                return
            ran = time.monotonic() - began
            pause = AGAIN_S_MIN if ran > WELL_S else min(2 * pause, AGAIN_S_MAX)
            log.warning("%s ended with %s and is started again; its log tells why", name, code)
            self._ending.wait(pause)

    def _run(self, name: str) -> int:
        with (self._logs / f"{name}.log").open("ab") as written:
            process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, *self._commands[name]],
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                start_new_session=True,  # Ctrl-C at the terminal is this process's to handle
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        self._running[name] = process
        if self._ending.is_set():  # told to end while it was being started
            process.terminate()
        return process.wait()


def _die_with_parent() -> None:
    """In the child: be told to stop when who supervises is killed."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
