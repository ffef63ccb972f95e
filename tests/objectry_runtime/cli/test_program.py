"""The program as such: help with an example everywhere, exit codes, no traceback, lazy imports."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

import objectry_runtime
from objectry_runtime.cli.program import COMMANDS, program, run

from .conftest import Objectry

PAGE = Path(objectry_runtime.__file__).parents[2] / "docs" / "reference" / "cli.md"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command and subcommand by its words."""
    for name in COMMANDS:
        found = import_module(f"objectry_runtime.cli.commands.{name}").command
        yield name, found
        if isinstance(found, click.Group):
            for inner, sub in found.commands.items():
                yield f"{name} {inner}", sub


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_has_help_with_an_example_that_names_it(
    name: str, command: click.Command
) -> None:
    assert command.help
    assert (command.epilog or "").startswith(f"Example:  objectry {name}")
    assert all(isinstance(one, click.Argument) or one.help for one in command.params)


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_the_reference_page_has_every_commands_help(
    name: str, command: click.Command, objectry: Objectry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "102")
    shown = objectry(*name.split(), "--help").out
    assert f"## objectry {name}\n\n```text\n{shown}```\n" in PAGE.read_text()


def test_bad_usage_is_2_and_names_what_is_near(objectry: Objectry) -> None:
    mistyped = objectry("srve")
    assert (mistyped.code, "Did you mean 'serve'?" in mistyped.err) == (2, True)
    assert objectry("serve", "--prot", "1").code == 2
    assert objectry("key", "create").code == 2


def test_help_is_fine_and_imports_no_server() -> None:
    script = (
        "import sys\nfrom objectry_runtime.cli.program import run\n"
        "assert run(['--help']) == 0\n"
        "slow = {'litestar', 'uvicorn', 'psycopg', 'sqlalchemy', 'alembic'} & set(sys.modules)\n"
        "assert not slow, slow"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_nobody_reads_any_more_is_no_mistake(tmp_path: Path) -> None:
    command = f"{Path(sys.executable).parent / 'objectry'} schema object | head -1"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.stdout, done.stderr) == ("{\n", "")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("DatabaseUnavailable", "Error: No way through"),
        ("PublishConflict", "Error: No way through"),
        ("PortProblem", "Error: No way through"),
        ("SecretProblem", "Error: No way through"),
        ("NothingPublished", "Error: No way through"),
        ("DatabaseUnusable", "Error: No way through"),
    ],
)
def test_what_a_user_can_cause_has_no_traceback(
    objectry: Objectry, monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    from objectry_runtime import publishing
    from objectry_runtime.services import runtime, secret, server
    from objectry_runtime.store import database, executor

    rooms = (publishing, runtime, secret, server, database, executor)
    kind = next(getattr(room, name) for room in rooms if hasattr(room, name))

    def fail(*_: object, **__: object) -> None:
        raise kind("no way through")

    monkeypatch.setattr(program, "main", fail)
    ended = objectry("plan")
    assert ended.err.splitlines()[0] == message
    assert ended.code == (4 if name == "PublishConflict" else 1)


def test_a_defect_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(program, "main", fail)
    with pytest.raises(RuntimeError, match="a defect"):
        run(["plan"])
