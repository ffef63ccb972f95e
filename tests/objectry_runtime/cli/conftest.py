"""The command line run in this process, and projects to run it on."""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from objectry_runtime.cli.program import run


class Ran(msgspec.Struct, frozen=True):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """The JSON lines after the one that names the format."""
        decode = msgspec.json.Decoder(dict[str, object]).decode
        return [decode(line) for line in self.out.splitlines()][1:]


Objectry = Callable[..., Ran]


@pytest.fixture
def objectry(monkeypatch: pytest.MonkeyPatch) -> Objectry:
    """Run one command line as the program does, without any OBJECTRY_ setting around it."""
    import os

    for name in os.environ:
        if name.startswith("OBJECTRY_"):
            monkeypatch.delenv(name)

    def call(*arguments: object) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([str(one) for one in arguments])
        return Ran(code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def project(tmp_path: Path, objectry: Objectry) -> Path:
    """A new project as `objectry init` makes it."""
    folder = tmp_path / "desk"
    assert objectry("init", folder).code == 0
    return folder
