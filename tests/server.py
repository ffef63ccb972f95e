"""A real `objectry serve` process for tests that must see what a stranger sees."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpx

OBJECTRY = [str(Path(sys.executable).parent / "objectry")]


def clean_environment() -> dict[str, str]:
    """The environment without any OBJECTRY_ setting of whoever runs the tests.

    `OBJECTRY_TEST_SERVER` names the HTTP server that all processes of the run take.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OBJECTRY_")}
    server = os.environ.get("OBJECTRY_TEST_SERVER")
    return kept | ({"OBJECTRY_SERVER": server} if server else {})


def free_port() -> int:
    """A TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def objectry(*arguments: str, code: int = 0, extra: dict[str, str] | None = None) -> str:
    """Run the command line and return what it printed; it must exit with `code`."""
    done = subprocess.run(
        [*OBJECTRY, *arguments],
        env=clean_environment() | (extra or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


class Server:
    """`with Server(project, state) as server`: started, answering, and gone afterwards."""

    def __init__(
        self,
        project: Path,
        state: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.project, self.state, self.options = project, state, options
        self.environment = dict(environment or {})
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = state.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None
        self.folders = ("--project", str(project), "--state", str(state))

    def start(self, timeout: float = 90) -> None:
        """Start the server and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*OBJECTRY, "serve", *self.folders, "--port", str(self.port), *self.options],
                env=clean_environment() | self.environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + timeout
        while True:
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            assert time.monotonic() < deadline, self.log.read_text()[-4000:]
            try:
                if httpx.get(self.url + "/readyz", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)  # polling a process that is starting

    def kill(self) -> None:
        """SIGKILL: nothing gets to clean up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, as an operator does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    def key(self, name: str, role: str) -> str:
        """A new API key, made beside the running server."""
        printed = objectry("key", "create", name, "--role", role, "--json", *self.folders)
        found: str = json.loads(printed.splitlines()[-1])["key"]
        return found

    def client(self, role: str = "admin") -> httpx.Client:
        """A client that carries a key of that role."""
        return httpx.Client(
            base_url=self.url + "/api/v1",
            headers={"Authorization": f"Bearer {self.key('test ' + role, role)}"},
            timeout=60,
        )

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
