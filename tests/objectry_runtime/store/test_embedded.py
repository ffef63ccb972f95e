"""The embedded PostgreSQL serves whoever uses its state folder, and dies with the last of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from objectry_runtime.store.database import Database, DatabaseUnusable
from objectry_runtime.store.embedded import EmbeddedPostgres, places
from objectry_runtime.store.migrate import migrate

PROGRAM = """
import sys
from objectry_runtime.store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(sys.argv[1]).start()
print("ready", flush=True)
sys.stdin.readline()
server.stop()
print("left", flush=True)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder whose cluster is made: copying it is quicker than making one."""
    state = tmp_path_factory.mktemp("made") / "state"
    with EmbeddedPostgres(state):
        return state


@pytest.fixture
def state(made: Path, tmp_path: Path) -> Path:
    state = tmp_path / "state"
    subprocess.run(["cp", "-a", made, state], check=True)
    return state


@pytest.fixture
def server(state: Path) -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres(state) as server:
        yield server


class Program:
    """Another program on the same state folder."""

    def __init__(self, state: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert "ready\n" == self.process.stdout.readline()

    def leave(self) -> None:
        said, _ = self.process.communicate("\n", timeout=60)
        assert ("left\n", 0) == (said, self.process.returncode)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def postmaster(state: Path) -> int:
    return int((state / "pgdata" / "postmaster.pid").read_text().split()[0])


def guard(state: Path) -> int:
    """The guard is the postmaster's parent."""
    status = Path(f"/proc/{postmaster(state)}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.02)


def answers(server: EmbeddedPostgres) -> bool:
    try:
        with psycopg.connect(server.dsn()):
            return True
    except psycopg.OperationalError:
        return False


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def note(server: EmbeddedPostgres, text: str) -> list[str]:
    """Write a line, and read all there are."""
    with psycopg.connect(server.dsn()) as connection:
        connection.execute("create table if not exists public.note (line text)")
        connection.execute("insert into public.note values (%s)", (text,))
        return [line for (line,) in connection.execute("select line from public.note")]


def test_it_is_postgresql_18_of_ours_alone(server: EmbeddedPostgres, state: Path) -> None:
    with psycopg.connect(server.dsn()) as connection:
        facts = connection.execute(
            "select current_setting('server_version_num')::int / 10000, "
            "current_setting('listen_addresses'), current_setting('server_encoding'), "
            "current_setting('fsync'), current_setting('data_directory')"
        ).fetchone()
    assert (18, "", "UTF8", "on", str(state / "pgdata")) == facts
    assert 0o700 == (state / "run").stat().st_mode & 0o777


def test_what_was_written_is_there_after_a_restart(state: Path) -> None:
    with EmbeddedPostgres(state) as server:
        note(server, "before")
        first = postmaster(state)
    assert gone(first)
    with EmbeddedPostgres(state) as server:
        assert ["before", "after"] == note(server, "after")


def test_starting_and_stopping_twice_is_starting_and_stopping(state: Path) -> None:
    server = EmbeddedPostgres(state).start()
    first = postmaster(state)
    server.start()
    assert (first, True) == (postmaster(state), answers(server))
    server.stop()
    server.stop()
    assert gone(first)


def test_a_program_beside_a_running_server_joins_it_and_leaves_it_alone(
    server: EmbeddedPostgres, state: Path
) -> None:
    before = postmaster(state)
    Program(state).leave()
    assert (before, True) == (postmaster(state), answers(server))


def test_whoever_started_it_may_leave_first(state: Path) -> None:
    first = Program(state)
    with EmbeddedPostgres(state) as server:
        before = postmaster(state)
        first.leave()
        assert (before, True) == (postmaster(state), answers(server))


def test_whoever_started_it_may_be_killed(state: Path) -> None:
    first = Program(state)
    with EmbeddedPostgres(state) as server:
        before = postmaster(state)
        first.kill()
        assert (before, True) == (postmaster(state), answers(server))


def test_it_dies_with_the_last_program_that_is_killed(state: Path) -> None:
    program = Program(state)
    process = postmaster(state)
    program.kill()
    until(lambda: gone(process))


def test_a_program_started_right_after_a_kill_is_served(state: Path) -> None:
    for number in range(5):
        program = Program(state)
        with EmbeddedPostgres(state) as server:
            assert number + 1 == len(note(server, str(number)))
        program.kill()


def test_many_programs_starting_at_once_share_one_server(tmp_path: Path) -> None:
    """Also when it is the very first start."""
    state = tmp_path / "state"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [process.communicate("\n", timeout=120)[0] for process in started]
    assert ["ready\nleft\n"] * 4 == said
    assert not (state / "pgdata" / "postmaster.pid").exists()


def test_it_comes_back_when_it_is_killed(server: EmbeddedPostgres, state: Path) -> None:
    note(server, "before")
    killed = postmaster(state)
    os.kill(killed, signal.SIGKILL)
    until(lambda: answers(server) and postmaster(state) != killed)
    assert ["before", "after"] == note(server, "after")


def test_it_comes_back_when_its_guard_is_killed(server: EmbeddedPostgres, state: Path) -> None:
    note(server, "before")
    killed = guard(state)
    os.kill(killed, signal.SIGKILL)
    until(lambda: gone(killed))
    until(lambda: answers(server) and guard(state) not in (killed, 1))
    assert ["before", "after"] == note(server, "after")


def test_it_comes_back_when_what_kept_it_from_starting_is_put_right(
    server: EmbeddedPostgres, state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The guard gives up after some tries; whoever uses the server goes on trying, and says so."""
    note(server, "before")
    conf = state / "pgdata" / "postgresql.conf"
    right = conf.read_text()
    conf.write_text(right + "no_such_setting = 1\n")
    os.kill(postmaster(state), signal.SIGKILL)
    until(lambda: "no_such_setting" in caplog.text, 60)
    assert not answers(server)
    conf.write_text(right)
    until(lambda: answers(server), 60)
    assert ["before", "after"] == note(server, "after")


def test_remains_of_an_interrupted_first_start_do_no_harm(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "pgdata.new").mkdir(parents=True)
    (state / "pgdata.new" / "PG_VERSION").write_text("18")
    with EmbeddedPostgres(state) as server:
        assert answers(server)
    assert not (state / "pgdata.new").exists()


def test_data_of_another_version_is_refused_untouched(state: Path) -> None:
    (state / "pgdata" / "PG_VERSION").write_text("17\n")
    with pytest.raises(DatabaseUnusable, match="made by PostgreSQL 17, this is PostgreSQL 18"):
        EmbeddedPostgres(state).start()


def test_a_server_that_does_not_start_is_explained_from_its_log(state: Path) -> None:
    with open(state / "pgdata" / "postgresql.conf", "a") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(DatabaseUnusable, match="no_such_setting"):
        EmbeddedPostgres(state).start()


@pytest.mark.parametrize("name", ["long" * 30, "my, own 'state' = ü"])
def test_a_path_that_no_socket_can_have_is_no_obstacle(tmp_path: Path, name: str) -> None:
    state = tmp_path / name
    with EmbeddedPostgres(state) as server:
        socket = Path(str(conninfo.conninfo_to_dict(server.dsn())["host"]))
        assert (True, Path("/tmp"), 0o700) == (
            answers(server),
            socket.parent,
            socket.stat().st_mode & 0o777,
        )
    socket.rmdir()


def test_a_state_folder_closed_to_others_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For root, as below /root: the data then lies elsewhere and a link tells where."""
    elsewhere = tmp_path / "system"
    monkeypatch.setattr(places, "SYSTEM_FOLDER", elsewhere)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "state") as server:
        note(server, "before")
    with EmbeddedPostgres(closed / "state") as server:
        assert ["before", "after"] == note(server, "after")
    moved = (closed / "state" / "pgdata").resolve().is_relative_to(elsewhere)
    assert moved == (os.geteuid() == 0)


def test_data_that_vanished_is_not_replaced_by_an_empty_database(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "pgdata").symlink_to(state / "lost" / "pgdata")
    with pytest.raises(DatabaseUnusable, match="no longer there"):
        EmbeddedPostgres(state).start()


def test_the_log_holds_nothing_that_people_typed(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("create table public.secret (name text unique)")
        connection.execute("set log_min_duration_statement = 0")
        connection.execute("insert into public.secret values (%s)", ("hush-hush",))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into public.secret values (%s)", ("hush-hush",))
    assert "hush-hush" not in server.log.read_text()


def test_an_owner_that_may_make_roles_needs_nothing_else(server: EmbeddedPostgres) -> None:
    """On a server that never saw the platform, as docs/how-to/postgresql-server.md sets it up."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute("create role business login createrole")
        connection.execute("create database business owner business template template0")
    database = Database.of(server.dsn("business").replace("user=objectry", "user=business"))
    migrate(database)
    with psycopg.connect(database.runtime_dsn) as runtime:
        assert ("objectry_runtime", "business") == runtime.execute(
            "select current_user::text, session_user::text"
        ).fetchone()
