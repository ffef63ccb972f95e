"""Server processes: started, watched (processor time, memory), gone afterwards."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import msgspec

from tests.server import clean_environment

ROOT = Path(__file__).parents[3]


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A process with its children, by the number of the first. Reads Linux's /proc."""

    pid: int

    def cpu_seconds(self) -> float:
        """Processor time that it and its children have used, those that ended included."""
        ticks = 0
        for pid, words in _family(self.pid).items():
            # user and system; of the first also of the children that ended
            ticks += sum(map(int, words[11:15] if pid == self.pid else words[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        """Resident memory of it and its children."""
        pages = sum(int(words[21]) for words in _family(self.pid).values())
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _family(first: int) -> dict[int, list[str]]:
    """The words of /proc/PID/stat, from the state on, of a process and all below it."""
    found: dict[int, list[str]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):  # it ended meanwhile
                found[int(folder.name)] = (folder / "stat").read_text().rpartition(")")[2].split()
    family = {first}
    while more := {pid for pid, words in found.items() if int(words[1]) in family} - family:
        family |= more
    return {pid: found[pid] for pid in family if pid in found}


@contextmanager
def running(command: list[str], environment: dict[str, str], probe: str) -> Generator[Running]:
    """A server that answers at `probe` (with any status) while the block runs."""
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            command, env=clean_environment() | environment, stdout=log, stderr=log, cwd=ROOT
        )
        try:
            _wait(server, probe)
            yield Running(pid=server.pid)
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-8000:])
            raise
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def postmaster(data: Path) -> Running:
    """The PostgreSQL of a data folder."""
    return Running(pid=int((data / "postmaster.pid").read_text().split()[0]))


def load_average() -> float:
    """What the machine had to do in the last minute, in processes that wanted to run."""
    return os.getloadavg()[0]


def _wait(server: subprocess.Popen[bytes], probe: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the server did not start")
        try:
            httpx.get(probe, timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.05)  # polling a process that is starting
