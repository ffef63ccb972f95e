"""What a client sees of a real server whose database is away, or has no connection to give."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.postmaster import kept_away, postmaster
from tests.server import Server

from .conftest import problem

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[3]
HANG_S = 60.0  # a guard: who waits longer waits for ever


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {
        "OBJECTRY_EXECUTOR": os.environ.get("OBJECTRY_TEST_EXECUTOR", ""),
        "OBJECTRY_LIMITS_CONNECTIONS": "3",
        "OBJECTRY_LIMITS_STATEMENT_TIMEOUT_MS": "4000",
    }
    state = tmp_path_factory.mktemp("away") / "state"
    environment = {name: value for name, value in limits.items() if value}
    with Server(ROOT, state, environment=environment) as started:
        yield started


@pytest.fixture(scope="module")
def keys(server: Server) -> list[str]:
    """One that the server will know, and one that it has not seen before the outage."""
    return [server.key("seen", "admin"), server.key("unseen", "admin")]


def client(server: Server, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=HANG_S
    )


async def ready(server: Server) -> None:
    """Wait until the server says that it is ready again."""
    end = time.monotonic() + HANG_S
    async with httpx.AsyncClient(base_url=server.url, timeout=HANG_S) as probe:
        while (answer := await probe.get("/readyz")).status_code != 200:
            assert unavailable(answer) in ("unavailable", "timeout")
            assert time.monotonic() < end
            await asyncio.sleep(0.05)  # polling a server that is coming back


def unavailable(answer: httpx.Response) -> str:
    """The code of an answer, which must be a 503 that says when to come again."""
    assert (answer.status_code, problem(answer)["status"]) == (503, 503), answer.text
    assert 1 <= int(answer.headers["retry-after"]) <= 10
    return str(problem(answer)["code"])


async def test_everything_is_503_while_the_database_is_away_and_works_afterwards(
    server: Server, keys: list[str]
) -> None:
    """Reads, writes and the look-up of keys too; the process is alive, but not ready."""
    seen, unseen = keys
    async with client(server, seen) as api, client(server, unseen) as other:
        made = await api.post("/api/v1/customers", json={"name": "Ann"})
        assert made.status_code == 201, made.text
        record = "/api/v1/customers/" + made.json()["id"]
        with kept_away(server.state, signal.SIGKILL):
            answers = await asyncio.gather(
                api.get("/api/v1/customers"),
                api.get(record),
                other.get(record),
                api.post("/api/v1/customers", json={"name": "Eve"}),
                api.patch(record, json={"city": "Kiel"}),
                other.get("/openapi.json"),
                api.get("/readyz"),
            )
            alive = await api.get("/healthz")
        assert ["unavailable"] * 7 == [unavailable(answer) for answer in answers]
        assert 200 == alive.status_code
        await ready(server)
        read = await other.get(record)
        assert (200, made.json()) == (read.status_code, read.json())
        assert 201 == (await api.post("/api/v1/customers", json={"name": "Ada"})).status_code


async def test_a_restart_in_between_is_a_wait_or_a_503_and_nothing_else(
    server: Server, keys: list[str]
) -> None:
    """Two dozen clients go on reading and writing while PostgreSQL is restarted under them."""
    over = asyncio.Event()
    codes: set[int] = set()

    async def go_on() -> int:
        answered = 0
        async with client(server, keys[0]) as api:
            while not over.is_set() or not answered:
                for answer in (
                    await api.get("/api/v1/customers?limit=1"),
                    await api.post("/api/v1/customers", json={"name": "Ada"}),
                ):
                    codes.add(answer.status_code)
                    if answer.status_code == 503:
                        unavailable(answer)
                    else:
                        answered += 1
        return answered

    clients = [asyncio.create_task(go_on()) for _ in range(24)]
    try:
        for _ in range(2):
            os.kill(postmaster(server.state), signal.SIGINT)
            await asyncio.sleep(1)
            await ready(server)
    finally:
        over.set()
        answered = await asyncio.gather(*clients)
    assert codes <= {200, 201, 503}
    assert min(answered) > 0


async def test_who_gets_no_connection_in_time_is_told_to_come_again(
    server: Server, keys: list[str]
) -> None:
    """All connections wait for a lock; the rest waits for them, and nobody for ever."""
    state = server.state / "run"
    async with client(server, keys[0]) as api:
        with psycopg.connect(f"host={state} user=objectry dbname=objectry") as owner:
            found = owner.execute(
                "select table_schema, table_name from information_schema.tables"
                " where table_name in ('customer', 'customers')"
            ).fetchone()
            assert found is not None
            owner.execute(f'lock table "{found[0]}"."{found[1]}"'.encode())
            reads = [
                asyncio.create_task(api.get(f"/api/v1/customers?limit={n}")) for n in range(1, 21)
            ]
            alive = await api.get("/healthz")
            codes = [unavailable(answer) for answer in await asyncio.gather(*reads)]
        assert 200 == alive.status_code
        assert {"unavailable", "timeout"} == set(codes)
        await ready(server)
        assert 200 == (await api.get("/api/v1/customers")).status_code


async def test_a_database_that_says_nothing_any_more_is_given_up(
    server: Server, keys: list[str]
) -> None:
    """Its processes are held up, as by a dying disk; connections stay open, nothing comes back."""
    dsn = f"host={server.state / 'run'} user=objectry dbname=objectry"
    async with client(server, keys[0]) as api:
        assert 200 == (await api.get("/api/v1/customers")).status_code
        with psycopg.connect(dsn) as owner:
            held = owner.execute(
                "select pid from pg_stat_activity where application_name = 'objectry'"
            ).fetchall()
        try:
            for (pid,) in held:
                os.kill(pid, signal.SIGSTOP)
            answers = await asyncio.gather(
                api.get("/api/v1/customers"),
                api.get("/readyz"),
                api.post("/api/v1/customers", json={"name": "Eve"}),
            )
            again = await api.get("/api/v1/customers")
        finally:
            for (pid,) in held:
                os.kill(pid, signal.SIGCONT)
        for answer in answers:  # another connection may have been found for it
            assert answer.is_success or unavailable(answer) == "unavailable"
        assert 200 == again.status_code
        await ready(server)
        assert 200 == (await api.get("/api/v1/customers")).status_code
