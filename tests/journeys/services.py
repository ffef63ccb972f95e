"""The services of a project as processes of their own, each with its port and its database."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

import httpx

from tests.server import OBJECTRY, clean_environment, free_port


class Services:
    """`with Services(project, state, ["offers"], ["orders", "notes"]) as services`: all answering.

    Each group is one process; the first of it names port and database.
    """

    def __init__(self, project: Path, state: Path, *groups: Sequence[str]) -> None:
        self.project, self.state, self.groups = project, state, groups
        self.ports = {name: port for group in groups for port in [free_port()] for name in group}
        peers = " ".join(f"{n}=http://127.0.0.1:{p}" for n, p in self.ports.items())
        together = " ".join(",".join(group) for group in groups if len(group) > 1)
        self.environment = clean_environment() | {
            "OBJECTRY_TOPOLOGY_MODE": "services",
            "OBJECTRY_TOPOLOGY_PEERS": peers,
            "OBJECTRY_TOPOLOGY_TOGETHER": together,
        }
        self.folders = ("--project", str(project), "--state", str(state))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def log(self, service: str) -> Path:
        return self.state.with_name(f"{self.state.name}-{service}.log")

    def start(self, service: str) -> None:
        """Start the process that a service belongs to."""
        group = next(group for group in self.groups if service in group)
        named = [word for name in group for word in ("--service", name)]
        port = ("--port", str(self.ports[group[0]]))
        with self.log(group[0]).open("ab") as log:
            self.processes[group[0]] = subprocess.Popen(
                [*OBJECTRY, "serve", *self.folders, *named, *port],
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def wait(self, service: str, timeout: float = 90) -> None:
        """Until the process of a service answers."""
        first = next(group[0] for group in self.groups if service in group)
        deadline = time.monotonic() + timeout
        while True:
            process, log = self.processes[first], self.log(first)
            assert process.poll() is None, log.read_text()[-4000:]
            assert time.monotonic() < deadline, log.read_text()[-4000:]
            try:
                if httpx.get(self.url(first) + "/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)  # polling a process that is starting

    def kill(self, service: str) -> None:
        """SIGKILL for the process of a service."""
        first = next(group[0] for group in self.groups if service in group)
        self.processes[first].kill()
        self.processes[first].wait()

    def run(self, *arguments: str) -> str:
        """A command of the command line beside them."""
        done = subprocess.run(
            [*OBJECTRY, *arguments, *self.folders],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def key(self, role: str = "admin") -> str:
        """A new API key, made where keys are kept."""
        printed = self.run("key", "create", f"test {role}", "--role", role, "--json")
        found: str = json.loads(printed.splitlines()[-1])["key"]
        return found

    @contextmanager
    def clients(self, key: str) -> Generator[Mapping[str, httpx.Client]]:
        """A client for each service."""
        headers = {"Authorization": f"Bearer {key}"}
        with ExitStack() as stack:
            yield {
                name: stack.enter_context(
                    httpx.Client(base_url=f"{self.url(name)}/api/v1", headers=headers, timeout=30)
                )
                for name in self.ports
            }

    def __enter__(self) -> "Services":
        try:
            for group in self.groups:
                self.start(group[0])
            for group in self.groups:
                self.wait(group[0])
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """SIGTERM for all; they end together."""
        for process in self.processes.values():
            if process.poll() is None:
                os.kill(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            process.wait(timeout=60)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
