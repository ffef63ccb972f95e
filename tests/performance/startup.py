"""A release of a thousand objects: how long a server takes to answer, and what one more costs.

`python -m tests.performance.startup` publishes the release once, then starts `objectry serve` on
it again and again: processor and wall time from exec to the first 200 of `/readyz`, and how much
memory that takes. Then a server that answers requests all the while takes up a release with one
object more. `--state DIR` keeps the database for the next run, `--json FILE` the figures.
"""

import argparse
import contextlib
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sysconfig
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import msgspec

from objectry_runtime.services.runtime import FORGET_AFTER_S
from objectry_runtime.store.embedded import EmbeddedPostgres
from tests.performance.definitions import project
from tests.server import OBJECTRY, clean_environment, free_port

TICK = os.sysconf("SC_CLK_TCK")
TOUCHED = 100
CALM = 100  # requests answered before the release is switched
MORE = """\
object: one_more
service: shop
fields: {name: {type: text}, other: {type: link, to: thing_0}}
permissions:
  sales: {read: true}
"""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What something took, in milliseconds: by the clock on the wall, and of the processor."""

    wall: float
    cpu: float


class Served:
    """One `objectry serve` process."""

    def __init__(self, folder: Path, environment: dict[str, str], *, tries: float = 120.0) -> None:
        """Start it and wait for the first 200 of `/readyz`; `took` says how long that was."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [*OBJECTRY, "serve", "--project", str(folder), "--port", str(self.port)]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `stop`
        start = time.monotonic()
        self.process = subprocess.Popen(
            command, env=clean_environment() | environment, stdout=self._log, stderr=self._log
        )
        with httpx.Client() as client:
            while not self._ready(client):
                if self.process.poll() is not None or time.monotonic() > start + tries:
                    self._log.seek(0)
                    raise RuntimeError(self._log.read().decode())
                time.sleep(0.002)  # polling a process that is starting
        self.took = Spent(wall=1000 * (time.monotonic() - start), cpu=self.cpu())

    def _ready(self, client: httpx.Client) -> bool:
        # The socket is bound long before anybody accepts: the first request waits in its backlog.
        try:
            return client.get(self.url + "/readyz", timeout=60).status_code == 200
        except httpx.TransportError:
            return False

    def cpu(self) -> float:
        """The processor time of the process so far, in milliseconds."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return 1000 * (int(stat[11]) + int(stat[12])) / TICK

    def rss(self) -> float:
        """Its resident memory in MB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        [kilobytes] = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
        return int(kilobytes) / 1024

    def stop(self) -> None:
        """End it as an operator does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        self._log.close()


def interpreter() -> str:
    """The interpreter and whether it was built with profile-guided optimisation."""
    flags = sysconfig.get_config_var("CONFIG_ARGS") or ""
    pgo = "PGO" if "--enable-optimizations" in flags else "no PGO"
    return f"{platform.python_implementation()} {platform.python_version()} ({pgo})"


def write_project(folder: Path, objects: int) -> None:
    """The files of the project."""
    for name, text in project(objects).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def command(folder: Path, environment: dict[str, str], *words: str) -> tuple[Spent, str]:
    """Run one command of the program on the project."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [*OBJECTRY, *words, "--project", str(folder)],
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall=1000 * wall, cpu=1000 * cpu), done.stdout.strip()


def starts(folder: Path, environment: dict[str, str], rounds: int) -> dict[str, Any]:
    """Start it `rounds` times; medians, and all of them."""
    taken: list[Spent] = []
    memory: list[float] = []
    for _ in range(rounds):
        served = Served(folder, environment)
        taken.append(served.took)
        memory.append(served.rss())
        served.stop()
    return {
        "wall_ms": statistics.median(one.wall for one in taken),
        "cpu_ms": statistics.median(one.cpu for one in taken),
        "rss_mb": statistics.median(memory),
        "all_wall_ms": [round(one.wall) for one in taken],
    }


def touched(folder: Path, environment: dict[str, str], key: str, objects: int) -> dict[str, Any]:
    """What the first read and write of each of a hundred objects cost a server that has started."""
    served = Served(folder, environment)
    try:
        before = served.rss()
        headers = {"Authorization": f"Bearer {key}"}
        count = min(TOUCHED, objects)
        with httpx.Client(base_url=served.url + "/api/v1", headers=headers, timeout=60) as api:
            api.get("/thing_0s?limit=1").raise_for_status()  # what any first request needs
            cpu = served.cpu()
            for number in range(count):
                api.get(f"/thing_{number}s?limit=1").raise_for_status()
                api.post(f"/thing_{number}s", json={"field_0": "A"}).raise_for_status()
        return {
            "objects": count,
            "rss_mb_before": before,
            "rss_mb_after": served.rss(),
            "cpu_ms_per_object": (served.cpu() - cpu) / count,
        }
    finally:
        served.stop()


@contextlib.contextmanager
def asking(url: str, path: str, key: str) -> Generator[list[tuple[float, float, int]]]:
    """Ask for a path over and over; (when, how long it took, status) of each request."""
    seen: list[tuple[float, float, int]] = []
    over = threading.Event()

    def ask() -> None:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url + "/api/v1", headers=headers, timeout=60) as api:
            while not over.is_set():
                start = time.monotonic()
                status = api.get(path).status_code
                seen.append((start, time.monotonic() - start, status))
                over.wait(0.005)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def one_more(folder: Path, environment: dict[str, str], key: str) -> dict[str, Any]:
    """Publish a release with one object more beside a server, then the one before again."""
    file = folder / "objects" / "one_more.yaml"
    served = Served(folder, environment)
    try:
        file.write_text(MORE)
        plan, _ = command(folder, environment, "plan")
        with (
            asking(served.url, "/thing_0s?limit=1", key) as known,
            asking(served.url, "/one_mores?limit=1", key) as new,
        ):
            while len(known) < CALM:
                time.sleep(0.002)  # so that what a request takes without a switch is known too
            before, start = served.cpu(), time.monotonic()
            apply, printed = command(folder, environment, "apply")
            end = time.monotonic()
            assert "Published release" in printed, printed
            while new[-1][2] != 200:
                time.sleep(0.002)
            time.sleep(1)
        at_once = served.rss()
        time.sleep(FORGET_AFTER_S + 1)
        first = next(when + took for when, took, status in new if status == 200)
        assert {status for *_, status in known} == {200}
        # One that was under way when the release was switched feels it too.
        around = [took for when, took, _ in known if first - 1 < when + took and when < first + 1]
        calm = [took for when, took, _ in known if when + took < start]
        return {
            "plan": msgspec.to_builtins(plan),
            "apply": msgspec.to_builtins(apply),
            "served_ms_after_apply": 1000 * (first - end),
            "slowest_request_ms_calm": 1000 * max(calm),
            "slowest_request_ms_around_the_switch": 1000 * max(around),
            "server_cpu_ms": served.cpu() - before,
            "rss_mb": at_once,
            "rss_mb_when_the_release_before_is_forgotten": served.rss(),
        }
    finally:
        served.stop()
        file.unlink()
        command(folder, environment, "apply")


def measure(folder: Path, state: Path, objects: int, rounds: int) -> dict[str, Any]:
    """All figures, on the embedded PostgreSQL of a state folder."""
    write_project(folder, objects)
    own = {"OBJECTRY_STATE": str(state)}
    figures: dict[str, Any] = {"interpreter": interpreter(), "objects": objects}
    with EmbeddedPostgres(state) as server:
        external = {**own, "OBJECTRY_DATABASE_URL": server.dsn()}
        spent, printed = command(folder, external, "apply")
        if "Published" in printed:
            figures["publish all"] = msgspec.to_builtins(spent)
        key = command(folder, external, "key", "create", "startup", "--role", "admin")[1]
        figures["start, PostgreSQL is running"] = starts(folder, external, rounds)
        figures["touch objects"] = touched(folder, external, key, objects)
        figures["one object more"] = one_more(folder, external, key)
    figures["start, PostgreSQL is started too"] = starts(folder, own, rounds)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--state", type=Path, help="keep the database there for the next run")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        state = options.state.absolute() if options.state else Path(name) / "state"
        figures = measure(Path(name), state, options.objects, options.rounds)
    for subject, found in figures.items():
        if isinstance(found, dict):
            print(subject)
            for what, value in msgspec.to_builtins(found).items():
                print(f"    {what:<46}{_shown(value)}")
        else:
            print(f"{subject}: {found}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


def _shown(value: object) -> str:
    match value:
        case float():
            return f"{value:,.1f}"
        case {"wall": float() as wall, "cpu": float() as cpu}:
            return f"{wall:,.0f} ms, {cpu:,.0f} ms of the processor"
        case _:
            return str(value)


if __name__ == "__main__":
    main()
