"""Runs the code blocks of a Markdown page as its reader would, and compares what they print.

Blocks of a page share one folder, one shell environment and one Python namespace, top to bottom:

- ```yaml title="objects/a.yaml"```: written to that file (so is any block with a title)
- ```console```: lines that begin with `$ ` are run by bash; the lines below are what they print.
  `objectry serve …` goes on in the background until the page ends; it must print its address.
- ```python```: executed.
- any other language is only shown.

What changes from run to run (ids, keys, times, dates) is compared by shape; a line `…` stands for
any number of lines, and `…` inside a line for any text. `OBJECTRY_UPDATE_DOCS=1 pytest tests/docs`
writes what the commands really printed back into the page.
"""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.server import free_port

FENCE = re.compile(r"^```(\w+)(?: +(.*))?$")
HEREDOC = re.compile(r"<<'?(\w+)'?")
TITLE = re.compile(r'title="([^"]+)"')
SHAPES = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"ok_[0-9A-Za-z]{8}_[0-9A-Za-z_-]{43}"), "<key>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "<date>"),
    (re.compile(r'"\d+\.[0-9a-f]{16}"'), "<etag>"),
    (re.compile(r"\b(19|20)\d\d\b"), "<year>"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "<hash>"),
    (re.compile(r"\d+(\.\d+)? (s|ms)\b"), "<duration>"),
)


class Block(msgspec.Struct, frozen=True):
    """A fenced block: language, info string, body lines, index of its first body line."""

    language: str
    info: str
    lines: tuple[str, ...]
    start: int


class Command(msgspec.Struct, frozen=True):
    """A command of a console block, and the range of page lines that show its output."""

    text: str
    expected: tuple[str, ...]
    start: int


def blocks(text: str) -> Iterator[Block]:
    """All fenced blocks of a page, in order."""
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        match = FENCE.match(lines[index])
        index += 1
        if match is None:
            continue
        start = index
        while lines[index] != "```":
            index += 1
        yield Block(match[1], match[2] or "", tuple(lines[start:index]), start)
        index += 1


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block; a backslash or `<<END` continues one."""
    index = 0
    while index < len(block.lines):
        assert block.lines[index].startswith("$ "), f"not a command: {block.lines[index]}"
        text = block.lines[index][2:]
        index += 1
        here = HEREDOC.search(text)
        while text.endswith("\\") or (here and not text.endswith("\n" + here[1])):
            text += "\n" + block.lines[index]
            index += 1
        start = index
        while index < len(block.lines) and not block.lines[index].startswith("$ "):
            index += 1
        yield Command(text, tuple(block.lines[start:index]), block.start + start)


def shape(line: str) -> str:
    """The line with what changes from run to run replaced by its kind."""
    for pattern, kind in SHAPES:
        line = pattern.sub(kind, line)
    return line.rstrip()


def alike(expected: tuple[str, ...], printed: list[str]) -> bool:
    """Whether what was printed has the shape of what the page shows."""
    parts: list[str] = []
    for line in expected:
        if line == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(map(re.escape, shape(line).split("…"))) + r"\n")
    return re.fullmatch("".join(parts), "".join(shape(line) + "\n" for line in printed)) is not None


class Reader:
    """Follows one page in `folder`; `close` ends what it left running."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = environment | {"OBJECTRY_PORT": str(self.port)}
        self.namespace: dict[str, object] = {}
        self.servers: list[subprocess.Popen[str]] = []

    def run(self, command: str) -> list[str]:
        """Run a command as the page's reader does and return the lines it printed."""
        if re.search(r"(^|\s|/)objectry serve\b", command):
            return self._serve(command.removesuffix("&"))
        # A file keeps the variables that a command sets for the commands after it.
        script = (
            "set -a; test -f .page-env && . ./.page-env\n"
            + command.replace(":3000", f":{self.port}")
            + "\nstatus=$?; declare -px | grep -v '^declare -[^ ]*r' > .page-env; exit $status"
        )
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return self._lines(done.stdout)

    def _serve(self, command: str) -> list[str]:
        server = subprocess.Popen(
            ["bash", "-c", "exec " + command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.servers.append(server)
        assert server.stdout is not None
        printed: list[str] = []
        for line in server.stdout:  # the greeting ends with the line that says how to stop
            printed.append(line)
            if "Ctrl" in line:
                break
        else:
            raise AssertionError("serve ended:\n" + "".join(printed))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)  # polling a port, not waiting for luck
        return self._lines("".join(printed))

    def _lines(self, output: str) -> list[str]:
        lines = output.replace(f":{self.port}", ":3000").split("\n")
        while lines and not lines[-1].strip():
            lines.pop()
        return lines

    def close(self) -> None:
        """End the servers the page started."""
        for server in self.servers:
            os.killpg(server.pid, signal.SIGTERM)
            server.communicate(timeout=30)


def follow(page: Path, reader: Reader) -> list[str]:
    """Run a page; returns one message per command that printed something else."""
    text = page.read_text()
    lines: list[str] = text.split("\n")
    shift, wrong = 0, list[str]()
    update = "OBJECTRY_UPDATE_DOCS" in os.environ
    for block in blocks(text):
        title = TITLE.search(block.info)
        if title is not None:
            path = reader.folder / title[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(block.lines) + "\n")
        elif block.language == "python":
            exec(compile("\n".join(block.lines), str(page), "exec"), reader.namespace)
        elif block.language == "console":
            for command in commands(block):
                printed = reader.run(command.text)
                if alike(command.expected, printed):
                    continue
                wrong.append(
                    f"{page.name}: $ {command.text}\n--- the page shows\n"
                    + "\n".join(command.expected)
                    + "\n--- it printed\n"
                    + "\n".join(printed)
                )
                if update:
                    start = command.start + shift
                    lines[start : start + len(command.expected)] = printed
                    shift += len(printed) - len(command.expected)
    if update and wrong:
        page.write_text("\n".join(lines))
        return []
    return wrong
