"""Runs the load client in its process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from tests.performance.bench.job import BEGINS, ENDS, Job, Load

ROOT = Path(__file__).parents[3]


class Refused(Exception):
    """The server answered with something else than 2xx: what was measured is no measurement."""


def run_load(job: Job, begins: Callable[[], None], ends: Callable[[], None]) -> Load:
    """Do a job; `begins` and `ends` are called around the measured part, to read the clocks.

    Raises Refused with the first answer that was not 2xx.
    """
    command = [sys.executable, "-m", "tests.performance.bench.client"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(msgspec.msgpack.encode(job))
        client.stdin.close()
        told = b""
        for line in client.stdout:
            if line == BEGINS:
                begins()
            elif line == ENDS:
                ends()
            else:
                told = line
    if client.returncode or not told:
        raise RuntimeError(f"the load client failed with code {client.returncode}")
    load = msgspec.json.decode(told, type=Load)
    if load.refused:
        raise Refused(f"{load.refused} of {load.sent_in_all} were refused: {load.refusal}")
    return load
