"""A connection whose other end says nothing any more is given up; a slow one is not."""

import os
import signal
from collections.abc import AsyncIterator, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import anyio
import pytest

from objectry_runtime.store import silence
from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable, Transaction
from objectry_runtime.store.pool import PoolExecutor

pytestmark = pytest.mark.anyio
PID = Bound("select pg_backend_pid()::text")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[EmbeddedPostgres]:
    """A server of our own: its processes are held up."""
    with EmbeddedPostgres(Path(tmp_path_factory.mktemp("silence")) / "state") as server:
        yield server


@pytest.fixture
async def pool(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PoolExecutor]:
    monkeypatch.setattr(silence, "GRACE_S", 0.3)
    pool = PoolExecutor(server.dsn(), size=1, statement_timeout=0.5)
    await pool.open()
    yield pool
    await pool.close()


@contextmanager
def held(pid: int) -> Generator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def pid_of(transaction: Transaction) -> int:
    ((pid,),) = await transaction.run(PID)
    return int(pid or b"")


async def test_a_silent_statement_of_a_transaction_is_unavailable(pool: PoolExecutor) -> None:
    async def ask_one_that_is_held_up() -> None:
        async with pool.transaction() as transaction:
            with held(await pid_of(transaction)):
                await transaction.run(Bound("select 1"))

    with anyio.fail_after(30), pytest.raises(DatabaseUnavailable):
        await ask_one_that_is_held_up()


async def test_a_silent_commit_is_unavailable(pool: PoolExecutor) -> None:
    """Whether it was kept is unknown, and said to be."""
    with ExitStack() as afterwards:

        async def commit_on_one_that_is_held_up() -> None:
            async with pool.transaction() as transaction:
                afterwards.enter_context(held(await pid_of(transaction)))

        with anyio.fail_after(30), pytest.raises(DatabaseUnavailable):
            await commit_on_one_that_is_held_up()


async def test_a_silent_unit_is_unavailable_and_others_go_on(pool: PoolExecutor) -> None:
    ((pid,),) = await pool.read(PID)
    with anyio.fail_after(30), held(int(pid or b"")):
        with pytest.raises(DatabaseUnavailable):
            await pool.write([Bound("select 1")])
        assert [(b"1",)] == await pool.read(Bound("select 1::text"))


async def test_a_statement_that_the_server_ends_itself_is_refused_and_its_connection_kept(
    pool: PoolExecutor,
) -> None:
    """The server speaks before the watch does."""
    async with pool.transaction() as transaction:
        pid = await pid_of(transaction)
    with pytest.raises(DatabaseError, match="57014"):
        await pool.read(Bound("select pg_sleep(10)"))
    async with pool.transaction() as transaction:
        await anyio.sleep(1.5)  # longer than any answer may take: a transaction may think
        assert pid == await pid_of(transaction)
