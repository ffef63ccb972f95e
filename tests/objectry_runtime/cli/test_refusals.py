"""What keeps a command from doing its work is told with a way out, and never traced."""

from pathlib import Path

import pytest

from .conftest import Objectry


@pytest.mark.parametrize("command", ["plan", "apply", "verify", "doctor", "serve"])
@pytest.mark.parametrize("address", ["postgresql://a@127.0.0.1:1/nothing", "no address at all"])
def test_a_database_that_can_not_be_reached(
    project: Path, objectry: Objectry, monkeypatch: pytest.MonkeyPatch, command: str, address: str
) -> None:
    monkeypatch.setenv("OBJECTRY_DATABASE_URL", address)
    port = ("--port", "0") if command == "serve" else ()
    refused = objectry(command, "--project", project, *port)
    assert refused.code == 1
    said = refused.out + refused.err
    assert "OBJECTRY_DATABASE_URL" in said or "postgresql://" in said


def test_the_demo_on_a_database_of_somebodys(
    project: Path, objectry: Objectry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBJECTRY_DATABASE_URL", "dbname=mine")
    refused = objectry("serve", "--demo", "--project", project)
    assert (refused.code, "made-up data" in refused.err) == (2, True)


@pytest.mark.parametrize("command", ["plan", "serve", "doctor"])
def test_a_state_folder_that_can_not_be_written(
    project: Path, tmp_path: Path, objectry: Objectry, command: str
) -> None:
    (tmp_path / "file").write_text("")
    state = tmp_path / "file" / "state"
    port = ("--port", "0") if command == "serve" else ()
    refused = objectry(command, "--project", project, "--state", state, *port)
    assert (refused.code, str(tmp_path / "file") in refused.out + refused.err) == (1, True)


def test_verify_where_nothing_is_published(project: Path, objectry: Objectry) -> None:
    """An empty database is no clean one: there was nothing to look at."""
    refused = objectry("verify", "--project", project, "--state", project / "state")
    assert (refused.code, "nothing is published" in refused.err.lower()) == (1, True)


def test_doctor_says_what_is_right_and_what_is_not(
    project: Path, tmp_path: Path, objectry: Objectry, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "s"
    healthy = objectry("doctor", "--project", project, "--state", state)
    assert healthy.code == 0
    assert "warn  release        nothing is published" in healthy.out
    (state / "secret.key").write_text("x")
    (state / "secret.key").chmod(0o644)
    monkeypatch.setenv("OBJECTRY_PROT", "1")
    ill = objectry("doctor", "--project", project, "--state", state)
    assert ill.code == 1
    assert "Did you mean OBJECTRY_PORT?" in ill.out
    assert f"chmod 600 {state / 'secret.key'}" in ill.out
