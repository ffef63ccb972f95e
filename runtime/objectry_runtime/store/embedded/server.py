"""EmbeddedPostgres: a PostgreSQL of our own for a state folder, without any set-up."""

import fcntl
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import psycopg

from objectry_runtime.store.database import Database, DatabaseUnusable
from objectry_runtime.store.embedded.cluster import USER, check_version, make_cluster
from objectry_runtime.store.embedded.locks import guarded, lock, only_starter, open_lock, used
from objectry_runtime.store.embedded.places import Places, find_binaries, find_places, made

DATABASE = "objectry"
_LOG_BYTES_MAX = 16 * 1024 * 1024
_PAUSE_S, _PAUSE_S_MAX = 0.5, 8.0  # between two looks at a guard

log = logging.getLogger("objectry.store")


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
        users = open_lock(places.state / ".users")
        try:
            lock(users, fcntl.LOCK_SH, end)  # waits while the last server is shutting down
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
        with open_lock(self._places.state / ".users") as probe:
            # Shared users beside us: leave them alone. Else the guard takes the exclusive lock
            # and keeps it until PostgreSQL is down.
            while guarded(self._places.state) and not used(probe) and time.monotonic() < end:
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
        """Start a new guard when ours was killed or gave up; runs as long as we use the server."""
        pause = _PAUSE_S
        while not self._left.wait(pause):
            if guarded(places.state):
                continue
            try:
                self._ensure(places, time.monotonic() + 30)
            except (DatabaseUnusable, psycopg.Error, OSError, subprocess.SubprocessError) as error:
                # Requests are told that the database is away; what is wrong may be put right.
                level = logging.ERROR if pause == _PAUSE_S else logging.DEBUG
                log.log(level, "PostgreSQL is down and is tried again: %s", error)
                pause = min(2 * pause, _PAUSE_S_MAX)
            else:
                log.warning("PostgreSQL was down with its guard; both run again")
                pause = _PAUSE_S

    def _ensure(self, places: Places, end: float) -> None:
        with only_starter(places.state, end):
            if guarded(places.state) and _answers(places):
                return
            binaries = find_binaries(places.account)
            if not (places.data / "PG_VERSION").exists():
                make_cluster(places, binaries)
            made(places)
            check_version(places, binaries)
            if not guarded(places.state):
                _start_guard(places, binaries)
            _wait_ready(places, end)
            with psycopg.connect(_dsn(places, "postgres"), autocommit=True) as connection:
                found = connection.execute("select from pg_database where datname = %s", [DATABASE])
                if not found.rowcount:
                    connection.execute(f"create database {DATABASE}".encode())


def _start_guard(places: Places, binaries: Path) -> None:
    account = places.account
    ids = (account.uid, account.gid) if account.switch else (-1, -1)
    if places.log.stat().st_size > _LOG_BYTES_MAX:
        shutil.copyfile(places.log, places.log.with_suffix(".log.old"))
        os.truncate(places.log, 0)
    with open(places.log, "ab") as server_log:
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
            stdout=server_log,
            stderr=server_log,
            check=True,
        )


def _wait_ready(places: Places, end: float) -> None:
    began = time.monotonic()
    while not _answers(places):
        # The guard needs a moment to take its lock; afterwards a free lock means it gave up.
        gave_up = time.monotonic() - began > 3 and not guarded(places.state)
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
    with open(places.log, "rb") as server_log:
        server_log.seek(max(0, places.log.stat().st_size - 2000))
        return server_log.read().decode(errors="replace").strip()
