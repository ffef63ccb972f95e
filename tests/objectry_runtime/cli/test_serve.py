"""Real processes: serve, apply beside it, kill -9, restart, and what keeps it from starting."""

import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.server import OBJECTRY, Server, clean_environment, objectry


def ended(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that is expected to end by itself."""
    return subprocess.run(
        [*OBJECTRY, *(str(one) for one in arguments)],
        env={**clean_environment(), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    objectry("init", str(tmp_path / "desk"))
    return tmp_path / "desk"


def test_from_nothing_to_a_record_and_through_a_kill(project: Path, tmp_path: Path) -> None:
    """What was acknowledged is there after SIGKILL, and the other commands work all along."""
    server = Server(project, tmp_path / "state")
    with server:
        greeting = server.log.read_text()
        assert server.url in greeting
        assert "(just published): 2 objects" in greeting
        assert greeting.rstrip().endswith("Press Ctrl-C to stop.")
        with server.client() as client:
            made = client.post("/customers", json={"name": "Ada"})
            assert made.status_code == 201
            server.kill()
            assert "clean" in objectry("verify", *server.folders).splitlines()[-1]
            server.start()
            assert client.get(f"/customers/{made.json()['id']}").json()["name"] == "Ada"
        server.stop()
        assert server.process is not None
        assert server.process.returncode == 0
        assert server.log.read_text().rstrip().endswith("Stopped.")
    assert [path.name for path in (tmp_path / "state").iterdir() if path.name == "secret.key"]


def test_a_refused_value_is_told_to_its_caller_and_not_to_the_log(
    project: Path, tmp_path: Path
) -> None:
    (project / "objects" / "desk" / "asset.yaml").write_text(
        "object: asset\nservice: desk\nfields: {tag: {type: text, unique: true}}\n"
    )
    with Server(project, tmp_path / "state") as server, server.client() as client:
        told = [client.post("/assets", json={"tag": "A1"}).status_code for _ in range(2)]
        server.stop()
        after_greeting = server.log.read_text().partition("Press Ctrl-C to stop.")[2]
    assert ([201, 422], "Stopped.") == (told, after_greeting.strip())


def test_a_running_server_takes_up_what_is_applied(project: Path, tmp_path: Path) -> None:
    with Server(project, tmp_path / "state") as server, server.client() as client:
        assert objectry("plan", *server.folders) == "No changes.\n"
        objectry("new", "object", "asset", "--service", "desk", "--project", str(project))
        assert "asset" in objectry("plan", *server.folders)
        assert client.get("/assets").status_code == 404
        printed = objectry("apply", "-m", "Assets", *server.folders)
        assert printed.splitlines()[-1].startswith("Published release ")
        deadline = time.monotonic() + 20
        while (answer := client.get("/assets")).status_code == 404:
            assert time.monotonic() < deadline, "the new release is not served"
        assert (answer.status_code, answer.json()) == (200, {"data": [], "next": None})
        assert client.get("/customers").status_code == 200
        releases = client.get("/meta/releases").json()["data"]
        assert [one["message"] for one in releases] == ["Assets", ""]
        assert objectry("apply", *server.folders) == "No changes.\n"


def test_a_start_says_that_the_files_have_changed(project: Path, tmp_path: Path) -> None:
    """It serves the live release all the same; once they are applied there is nothing to say."""
    server = Server(project, tmp_path / "state")
    changed = f"The files in {project} have changed since this release was published"
    with server:
        time.sleep(1)  # what is not to be said would be said by now
        assert changed not in server.log.read_text()
    file = project / "objects/desk/customer.yaml"
    file.write_text(f"{file.read_text()}# a remark\n")
    with server:
        deadline = time.monotonic() + 20
        while changed not in server.log.read_text():
            assert time.monotonic() < deadline, server.log.read_text()
            time.sleep(0.05)  # polling a log that another process writes
        assert objectry("apply", *server.folders) == "No changes.\n"
    told = server.log.read_text().count(changed)
    with server:
        time.sleep(1)
    assert (1, 1) == (told, server.log.read_text().count(changed))


def test_a_plan_that_can_not_be_done_ends_with_one(project: Path, tmp_path: Path) -> None:
    objectry("new", "object", "asset", "--service", "desk", "--project", str(project))
    with Server(project, tmp_path / "state") as server, server.client() as client:
        assert client.post("/assets", json={"name": "Drill"}).status_code == 201
        [file] = (project / "objects").rglob("asset.yaml")
        written = file.read_text()
        file.write_text(written.replace("{type: boolean, default: true}", "{type: date}"))
        assert "refused" in objectry("plan", *server.folders, code=1)
        objectry("apply", *server.folders, code=1)
        file.write_text(written)
        assert objectry("plan", *server.folders) == "No changes.\n"


def test_a_key_works_until_it_is_revoked(project: Path, tmp_path: Path) -> None:
    with Server(project, tmp_path / "state") as server, server.client("agent") as client:
        assert client.get("/customers").status_code == 200
        [line] = [line for line in objectry("key", "list", *server.folders).splitlines()]
        prefix = line.split()[0]
        assert "agent" in line
        assert objectry("key", "revoke", prefix, *server.folders) == f"Revoked {prefix}.\n"
        deadline = time.monotonic() + 20
        while client.get("/customers").status_code == 200:
            assert time.monotonic() < deadline, "a revoked key still works"
        assert client.get("/customers").status_code == 401
        again = ended("key", "revoke", prefix, *server.folders)
        assert (again.returncode, again.stdout) == (1, "")
        assert "revoked" in objectry("key", "list", *server.folders)


def test_a_key_is_the_only_thing_printed_and_is_of_its_tenant(
    project: Path, tmp_path: Path
) -> None:
    with Server(project, tmp_path / "state") as server:
        here = ended("key", "create", "a", "--role", "admin", *server.folders)
        there = objectry("key", "create", "b", "--role", "admin", "--tenant", "b", *server.folders)
        assert here.stdout.startswith("ok_")
        assert len(here.stdout.splitlines()) == 1
        made, seen = (
            httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {key.strip()}"})
            for key in (here.stdout, there)
        )
        with made, seen:
            assert made.post("/api/v1/customers", json={"name": "Ada"}).status_code == 201
            assert seen.get("/api/v1/customers").json() == {"data": [], "next": None}
        mistyped = ended("key", "create", "c", "--role", "agnet", *server.folders)
        assert (mistyped.returncode, mistyped.stderr.splitlines()) == (
            1,
            [
                'Error: There is no role "agnet".',
                'Did you mean "agent"? There are: admin, agent.',
            ],
        )


def test_one_service_is_served_on_its_own_port(project: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    file = project / "objects/desk/customer.yaml"
    file.write_text(file.read_text().replace("label: Desk\n", f"label: Desk\nport: {port}\n", 1))
    objectry("new", "object", "asset", "--service", "shop", "--project", str(project))
    state = ("--project", str(project), "--state", str(tmp_path / "state"))
    process = subprocess.Popen(
        [*OBJECTRY, "serve", "--service", "desk", *state],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline
            try:
                assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
                break
            except httpx.TransportError:
                time.sleep(0.05)  # polling a process that is starting
        key = objectry("key", "create", "a", "--role", "admin", *state).strip()
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", headers=headers) as client:
            statuses = [client.get(path).status_code for path in ("/customers", "/assets")]
        assert statuses == [200, 404]
    finally:
        process.terminate()
        process.wait(timeout=60)
    unknown = ended("serve", "--service", "dsk", *state)
    assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (
        2,
        'Error: There is no service "dsk".',
    )


def test_raw_nonsense_on_the_wire_gets_an_answer_and_stops_nobody(
    project: Path, tmp_path: Path
) -> None:
    with Server(project, tmp_path / "state") as server:
        nonsense = (
            b"GET /api/v1/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: \xff\xfe\r\n\r\n",
            b"GET /%ff?%zz HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03 hello",
            b"GET / HTTP/9.9\r\n\r\n",
        )
        statuses: list[bytes] = []
        for raw in nonsense:
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
                wire.sendall(raw)
                wire.shutdown(socket.SHUT_WR)
                with wire.makefile("rb") as answer:
                    statuses.append(answer.readline()[9:12])
        assert {status[:1] for status in statuses} <= {b"4", b""}, statuses
        assert httpx.get(server.url + "/readyz").status_code == 200
        assert "Traceback" not in server.log.read_text()


def test_a_port_in_use_is_said_at_once(project: Path, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = ended("serve", "--project", project, "--state", tmp_path / "s", "--port", port)
    assert (refused.returncode, refused.stderr) == (
        1,
        f"Error: Port {port} on 127.0.0.1 is in use. Name another with --port, or stop its user.\n",
    )
    assert not (tmp_path / "s").exists()


def test_definitions_with_mistakes_are_not_published(project: Path, tmp_path: Path) -> None:
    file = project / "objects/desk/customer.yaml"
    file.write_text(file.read_text().replace("type: email", "type: emial"))
    refused = ended("serve", "--project", project, "--state", tmp_path / "s", "--port", "0")
    assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)
    assert f"{file}:" in refused.stderr
    assert f"1 mistake in {project}." in refused.stderr
