"""EmbeddedPostgres: a PostgreSQL of our own for a state folder, without any set-up."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import psycopg

from objectry_runtime.store.database import Database, DatabaseUnusable
from objectry_runtime.store.embedded.places import Places, find_binaries, find_places, made

USER = "objectry"
DATABASE = "objectry"
_LOG_BYTES_MAX = 16 * 1024 * 1024

# Written into postgresql.conf once, so that who runs it may tune it there. The log must not hold
# what people typed: no parameters, and no DETAIL (it quotes the values of a conflicting row).
_INITIAL = {
    "shared_buffers": "128MB",
    "max_connections": "80",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "shared_preload_libraries": "pg_stat_statements",
    "log_min_duration_statement": "500",
    "log_parameter_max_length": "0",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}


class EmbeddedPostgres:
    """The embedded server of a state folder.

    `start()` makes the cluster if there is none and starts the server, or joins the one another
    program started. `stop()` leaves it; the last to leave, or to die, ends it.
    """

    def __init__(self, state: str | Path) -> None:
        self._state = Path(state)
        self._places: Places | None = None
        self._users: TextIO | None = None
        self._left = threading.Event()
        self._watch: threading.Thread | None = None

    @property
    def log(self) -> Path:
        """The server's log."""
        return self._state.absolute() / "postgres.log"

    def start(self, timeout: float = 60.0) -> Self:
        """Be served; raises DatabaseUnusable with the reason and what to do about it."""
        if self._users is not None:
            return self
        end = time.monotonic() + timeout
        self._places = places = find_places(self._state)
        users = _open(places.state / ".users")
        try:
            _lock(users, fcntl.LOCK_SH, end)  # waits while the last server is shutting down
            self._ensure(places, end)
        except BaseException:
            users.close()
            raise
        self._users = users
        self._left.clear()
        self._watch = threading.Thread(target=self._keep_guarded, args=(places,), daemon=True)
        self._watch.start()
        return self

    def stop(self, timeout: float = 60.0) -> None:
        """Leave; when nobody else uses the server, wait until it is down. Idempotent."""
        users, self._users = self._users, None
        if users is None or self._places is None or self._watch is None:
            return
        self._left.set()
        self._watch.join()
        users.close()
        end = time.monotonic() + timeout
        with _open(self._places.state / ".users") as probe:
            # Shared users beside us: leave them alone. Else the guard takes the exclusive lock
            # and keeps it until PostgreSQL is down.
            while _guarded(self._places) and not _used(probe) and time.monotonic() < end:
                time.sleep(0.02)

    def dsn(self, name: str = DATABASE) -> str:
        """The owner's address of a database of this server."""
        places = self._places or find_places(self._state)
        return f"host={places.socket} user={USER} dbname={name}"

    def database(self, name: str = DATABASE) -> Database:
        """The owner's and the runtime's address of a database of this server."""
        return Database.of(self.dsn(name))

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _keep_guarded(self, places: Places) -> None:
        """Start a new guard when ours was killed; runs as long as we use the server."""
        while not self._left.wait(0.5):
            if not _guarded(places):
                try:
                    self._ensure(places, time.monotonic() + 30)
                except DatabaseUnusable:
                    continue  # requests are told that the database is away; we try again

    def _ensure(self, places: Places, end: float) -> None:
        with _only_starter(places, end):
            if _guarded(places) and _answers(places):
                return
            binaries = find_binaries(places.account)
            if not (places.data / "PG_VERSION").exists():
                _make_cluster(places, binaries)
            made(places)
            _check_version(places, binaries)
            if not _guarded(places):
                _start_guard(places, binaries)
            _wait_ready(places, end)
            with psycopg.connect(_dsn(places, "postgres"), autocommit=True) as connection:
                found = connection.execute("select from pg_database where datname = %s", [DATABASE])
                if not found.rowcount:
                    connection.execute(f"create database {DATABASE}".encode())


def _make_cluster(places: Places, binaries: Path) -> None:
    # Made aside, then renamed: whoever is killed on the way leaves no half cluster.
    parent = places.data.parent
    for remains in parent.glob("pgdata.new*"):
        shutil.rmtree(remains)
    fresh = parent / "pgdata.new"
    fresh.mkdir()
    places.account.own(fresh)
    settings = [word for name, value in _INITIAL.items() for word in ("-c", f"{name}={value}")]
    told = places.account.run(
        [
            *(binaries / "bin" / "initdb", "-D", fresh, "-U", USER, "-E", "UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST"),
            *("--auth-local=trust", "--auth-host=reject", "--no-instructions", *settings),
        ]
    )
    if told.returncode:
        raise DatabaseUnusable(
            f"the database in {places.data} could not be made: {told.stderr.strip()}"
        )
    fresh.rename(places.data)


def _check_version(places: Places, binaries: Path) -> None:
    data = (places.data / "PG_VERSION").read_text().strip()
    told = places.account.run([binaries / "bin" / "postgres", "--version"]).stdout
    program = told.split()[-1].partition(".")[0]
    if data != program:
        raise DatabaseUnusable(
            f"{places.data} was made by PostgreSQL {data}, this is PostgreSQL {program}. "
            f"Dump it with the version that made it, or name another folder with --state."
        )


def _start_guard(places: Places, binaries: Path) -> None:
    account = places.account
    ids = (account.uid, account.gid) if account.switch else (-1, -1)
    if places.log.stat().st_size > _LOG_BYTES_MAX:
        shutil.copyfile(places.log, places.log.with_suffix(".log.old"))
        os.truncate(places.log, 0)
    with open(places.log, "ab") as log:
        subprocess.run(
            [
                *(sys.executable, "-I", "-S", str(Path(__file__).parent / "guard.py")),
                *(str(places.state), str(places.data), str(ids[0]), str(ids[1])),
                *(str(binaries / "bin" / "postgres"), "-D", str(places.data)),
                # What must be so whatever postgresql.conf says: reachable by this folder alone.
                *("-c", "listen_addresses=", "-c", f"unix_socket_directories={places.socket}"),
                *("-c", "unix_socket_permissions=0700", "-c", "port=5432"),
            ],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def _wait_ready(places: Places, end: float) -> None:
    began = time.monotonic()
    while not _answers(places):
        # The guard needs a moment to take its lock; afterwards a free lock means it gave up.
        gave_up = time.monotonic() - began > 3 and not _guarded(places)
        if gave_up or time.monotonic() > end:
            raise DatabaseUnusable(f"PostgreSQL didn't start. {places.log} ends:\n{_tail(places)}")
        time.sleep(0.02)


def _answers(places: Places) -> bool:
    try:
        psycopg.connect(_dsn(places, "postgres"), connect_timeout=5).close()
        return True
    except psycopg.OperationalError:
        return False


def _dsn(places: Places, name: str) -> str:
    return f"host={places.socket} user={USER} dbname={name}"


def _tail(places: Places) -> str:
    with open(places.log, "rb") as log:
        log.seek(max(0, places.log.stat().st_size - 2000))
        return log.read().decode(errors="replace").strip()


def _guarded(places: Places) -> bool:
    with _open(places.state / ".guard") as guard:
        return not _try(guard, fcntl.LOCK_SH)


def _used(probe: TextIO) -> bool:
    """Whether programs share the server: shared works, exclusive doesn't."""
    if _try(probe, fcntl.LOCK_EX):
        fcntl.flock(probe, fcntl.LOCK_UN)
        return False
    if _try(probe, fcntl.LOCK_SH):
        fcntl.flock(probe, fcntl.LOCK_UN)
        return True
    return False


@contextmanager
def _only_starter(places: Places, end: float) -> Generator[None]:
    with _open(places.state / ".lock") as lock:
        _lock(lock, fcntl.LOCK_EX, end)
        yield


def _lock(file: TextIO, kind: int, end: float) -> None:
    while not _try(file, kind):
        if time.monotonic() > end:
            raise DatabaseUnusable(
                f"another program keeps {file.name} locked; is one hanging? Try again later."
            )
        time.sleep(0.02)


def _try(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _open(path: Path) -> TextIO:
    return open(path, "r+")
