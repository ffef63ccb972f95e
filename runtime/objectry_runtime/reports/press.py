"""The print workers of a server: started when first needed, restarted when they fall, bounded."""

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys

from objectry_runtime.problems import Problem
from objectry_runtime.reports.job import Job, Result, framed, read_result

log = logging.getLogger(__name__)

AT_ONCE = 2
WAITING_MAX = 16
START_SECONDS_MAX = 60
GRACE_SECONDS = 2  # beyond the kernel's own limit, before the worker and its children are killed


class Press:
    """Hands jobs to a worker process; at most `AT_ONCE` print, at most `WAITING_MAX` wait."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._starting = asyncio.Lock()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def run(self, job: Job) -> Result:
        """Print one document; a worker that had to be killed is a result with a `fault`."""
        if self._waiting >= WAITING_MAX:
            raise Problem(
                503,
                "busy",
                "Too many documents are being printed.",
                "Nothing was printed.",
                headers={"Retry-After": "5"},
            )
        self._waiting += 1
        try:
            async with self._places:
                return await self._run(job)
        finally:
            self._waiting -= 1

    async def start(self) -> None:
        """Start the worker now, so that the first document doesn't wait for it."""
        async with self._starting:
            if self._process is None or self._process.poll() is not None:
                await self._start()

    @property
    def worker(self) -> int | None:
        """The process id of the worker, while there is one."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """Kill the worker and whatever it still prints."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)
            self._process.wait()
            self._process = None

    async def _run(self, job: Job) -> Result:
        await self.start()
        ours, theirs = socket.socketpair()
        with theirs:
            self._hand_over(theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            async with asyncio.timeout(job.limits.seconds + GRACE_SECONDS):
                writer.write(framed(job))
                await writer.drain()
                answer = await reader.read(-1)
        except TimeoutError:
            self.close()  # the kernel should have ended the child; now the whole group goes
            answer = b""
        except ConnectionError:
            answer = b""
        finally:
            writer.close()
        result = read_result(answer)
        if result is None:
            detail = f"it took more than {job.limits.seconds} seconds or all of its memory"
            return Result(fault="limit", detail=detail)
        return result

    def _hand_over(self, connection: socket.socket) -> None:
        assert self._control is not None, "a started press has a worker"
        socket.send_fds(self._control, [b"j"], [connection.fileno()])

    async def _start(self) -> None:
        self.close()
        ours, theirs = socket.socketpair()
        with theirs:
            # In a group of its own, so that it and its children can be killed together; without
            # our environment, which holds the server's secrets.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "objectry_runtime.reports.worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env={"PYTHONPATH": os.pathsep.join(sys.path), "LANG": "C.UTF-8", "HOME": "/"},
            )
        self._control = ours
        ours.settimeout(START_SECONDS_MAX)
        ready = await asyncio.to_thread(_first_byte, ours)
        if ready != b"r":
            self.close()
            log.error("the print worker did not start")
            raise unavailable()


def unavailable() -> Problem:
    """This machine lacks what printing needs."""
    return Problem(
        503,
        "printing_unavailable",
        "This server can't print.",
        "Its administrator finds out why with `objectry doctor`.",
    )


def _first_byte(control: socket.socket) -> bytes:
    with contextlib.suppress(OSError):
        return control.recv(1)
    return b""
