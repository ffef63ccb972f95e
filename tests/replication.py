"""PostgreSQL servers of a test's own: a primary, streaming standbys of it, lag and promotion.

    with PgServer.primary(folder) as primary, primary.standby("b") as standby: …

Their binaries are those of the version under test: the wheel's, or where
OBJECTRY_TEST_DATABASE_URL names a server, that version's below /usr/lib/postgresql.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from objectry_runtime.store.embedded.account import account_for
from objectry_runtime.store.embedded.places import find_binaries
from tests.server import free_port

USER = DATABASE = "objectry"
HOST = "127.0.0.1"
WAIT_S = 30.0


class PgServer:
    """One server on a port of its own, running inside its `with`.

    `stop` and `start` in between as a test likes.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder
        place = folder / f"pg_{name}"
        place.mkdir()
        self._account = account_for(place, place / "data")
        self._account.own(place)
        self._data, self._log = place / "data", folder / f"pg_{name}.log"
        self._bin = _installed(find_binaries(self._account)) / "bin"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @classmethod
    def primary(cls, folder: Path, name: str = "a") -> Self:
        """A fresh cluster with an empty database; standbys of it lie beside it."""
        server = cls(folder, name)
        place = ("-D", str(server._data))
        server._run("initdb", *place, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C")
        with server:
            server.execute(f"create database {DATABASE}", database="postgres")
        return server

    def standby(self, name: str) -> "PgServer":
        """A new standby that streams from this server."""
        copy = PgServer(self._folder, name)
        copy.follow(self)
        return copy

    def follow(self, primary: "PgServer") -> None:
        """Make a server that is stopped a standby of `primary`, whatever it was."""
        if self._data.exists():
            shutil.rmtree(self._data)
        source = primary.address("postgres")
        self._run("pg_basebackup", "-d", source, "-D", str(self._data), "-R", "-c", "fast")

    def stream_from(self, primary: "PgServer") -> None:
        """A running standby goes on with another primary, as after a failover."""
        source = primary.address("postgres")
        self.execute(f"alter system set primary_conninfo = '{source}'")
        self.execute("select pg_reload_conf()")

    def address(self, database: str = DATABASE) -> str:
        """The owner's address, as the settings take it."""
        return f"postgresql://{USER}@{HOST}:{self.port}/{database}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        account = self._account
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port)),
                    *("-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories="),
                    *("-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=60"),
                    *("-c", "wal_keep_size=64MB", "-c", "wal_retrieve_retry_interval=100ms"),
                ],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=account.uid if account.switch else None,
                group=account.gid if account.switch else None,
                extra_groups=[] if account.switch else None,
            )
        self._wait("select 1")

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop: SIGQUIT as a crash would, SIGINT in order. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(WAIT_S)

    def signal(self, number: signal.Signals) -> None:
        """Signal every process of the server: SIGSTOP makes it silent, SIGCONT lets it go on."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        for pid in (self._process.pid, *map(int, children.split())):
            os.kill(pid, number)

    def execute(self, statement: str, *, database: str = DATABASE) -> list[tuple[object, ...]]:
        """Run one statement as the owner; its rows."""
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def pause(self) -> None:
        """A standby shows nothing new from now on, until `resume`."""
        self.execute("select pg_wal_replay_pause()")
        self._wait("select 1 where pg_get_wal_replay_pause_state() = 'paused'")

    def resume(self) -> None:
        """A paused standby goes on."""
        self.execute("select pg_wal_replay_resume()")

    def promote(self) -> None:
        """A standby becomes a primary."""
        self.execute("select pg_promote()")
        self._wait("select 1 where not pg_is_in_recovery()")

    def catch_up(self, primary: "PgServer") -> None:
        """Wait until a standby shows what the primary has by now."""
        ((position,),) = primary.execute("select pg_current_wal_lsn()::text")
        self._wait(f"select 1 where pg_last_wal_replay_lsn() >= '{position}'", DATABASE)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _run(self, program: str, *arguments: str) -> None:
        done = self._account.run([self._bin / program, *arguments])
        assert done.returncode == 0, done.stderr

    def _wait(self, question: str, database: str = "postgres") -> None:
        end = time.monotonic() + WAIT_S
        while True:
            told = f"{self.name}: not true: {question}\n{self._log.read_text()[-3000:]}"
            assert self._process is None or self._process.poll() is None, told
            assert time.monotonic() < end, told
            try:
                if self.execute(question, database=database):
                    return
            except psycopg.OperationalError:
                pass
            time.sleep(0.02)  # polling a server that is starting or replaying


def _installed(wheel: Path) -> Path:
    """The installation of the version under test."""
    named = os.environ.get("OBJECTRY_TEST_DATABASE_URL")
    if not named:
        return wheel
    with psycopg.connect(named) as connection:
        return Path(f"/usr/lib/postgresql/{connection.info.server_version // 10_000}")
