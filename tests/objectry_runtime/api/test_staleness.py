"""Requests that accept an old answer, served from a primary and its streaming standby."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from objectry.metadata.loader import load_documents
from objectry.registry import Release, make_release
from objectry_runtime.api.staleness import max_stale
from objectry_runtime.identity import create_key, revoke_key
from objectry_runtime.publishing import apply, ensure_first_release, make_plan
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import read_settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.migrate import migrate
from tests.executors import KIND, new_executor
from tests.replication import PgServer

from .conftest import DESK, Desk, client

pytestmark = pytest.mark.anyio

STALE = {"Cache-Control": "max-stale=60"}


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("max-stale", math.inf),
        ("max-stale=5", 5.0),
        ('Max-Stale = "5"', 5.0),
        ("no-store, max-stale=5", 5.0),
        ("max-stale=9, max-stale=5, max-stale", 5.0),
        ("max-age=0, max-stale=5", 5.0),
        ("", None),
        ("max-age=5", None),
        ("max-stale=", None),
        ("max-stale=-1", None),
        ("max-stale=1.5", None),
        ("max-stale=²", None),
        ("max-stale=5, no-cache", None),
        ("max-stale=5, min-fresh=1", None),
        ("max-staleness=5", None),
    ],
)
def test_what_a_request_accepts(given: str, accepted: float | None) -> None:
    """RFC 9111, 5.2.1: what can't be read, or wants fresh answers, accepts nothing old."""
    assert max_stale(given) == accepted


def release(text: str) -> Release:
    loaded = load_documents({"desk.yaml": text})
    assert loaded.findings == ()
    return make_release(loaded.definitions)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PgServer, PgServer]]:
    """A primary with the desk published, and its standby."""
    with PgServer.primary(tmp_path_factory.mktemp("pair")) as a:
        database = Database.of(a.address())
        migrate(database)
        ensure_first_release(database, release(DESK), "tests")
        with a.standby("b") as b:
            yield a, b


@pytest.fixture
async def desk(pair: tuple[PgServer, PgServer], tmp_path: Path) -> AsyncIterator[Desk]:
    """The desk served with both, once the standby answers."""
    a, b = pair
    database = Database.of(a.address())
    values: dict[str, str | int] = {
        "executor": KIND,
        "replica_urls": b.address(),
        "limits.connections": 4,
    }
    settings = read_settings(tmp_path, environment={}, overrides=values)
    owner = new_executor(database.owner_dsn)
    await owner.open()
    keys = [await create_key(owner, role, [role]) for role in ("admin", "agent")]
    await owner.close()
    runtime = Runtime(settings, database, require_live(database, settings))
    async with runtime.running():
        desk = Desk(runtime, owner, *(client(runtime, key) for key in keys))
        await old(desk.admin, "/api/v1/customers")
        yield desk


Ask = Callable[[httpx.AsyncClient, str], Awaitable[httpx.Response]]


async def old(agent: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    """The first answer of a replica."""
    async with asyncio.timeout(60):
        while True:
            answer = await agent.get(path, headers=STALE | headers)
            if "age" in answer.headers:
                return answer
            await asyncio.sleep(0.02)


async def fresh(agent: httpx.AsyncClient, path: str) -> httpx.Response:
    """The primary's answer."""
    return await agent.get(path)


async def make(desk: Desk, name: str) -> str:
    made = await desk.admin.post("/api/v1/customers", json={"name": name})
    assert made.status_code == 201, made.text
    return f"/api/v1/customers/{made.json()['id']}"


async def test_an_old_answer_is_the_same_but_for_its_age(
    desk: Desk, pair: tuple[PgServer, PgServer]
) -> None:
    """Body, ETag and all other headers are those of the primary; so is 304."""
    a, b = pair
    place = await make(desk, "Ada")
    b.catch_up(a)
    for path in (place, f"{place}?fields=name", f"{place}/history", "/api/v1/customers?limit=2"):
        now, stale = await fresh(desk.admin, path), await old(desk.admin, path)
        assert int(stale.headers.pop("age")) in range(1, 61)
        del now.headers["x-request-id"], stale.headers["x-request-id"]
        assert (stale.status_code, stale.headers) == (200, now.headers)
        assert stale.content == now.content
    tag = (await desk.admin.get(place)).headers["etag"]
    unchanged = await old(desk.admin, place, **{"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.headers["etag"]) == (304, tag)
    head = await desk.admin.head(place, headers=STALE)
    assert (head.status_code, head.content, "age" in head.headers) == (200, b"", True)


async def test_a_page_goes_on_wherever_it_began(
    desk: Desk, pair: tuple[PgServer, PgServer]
) -> None:
    """Cursors of lists and of the feed mean the same on primary and replica."""
    a, b = pair
    names = [f"Page {number}" for number in range(4)]
    for name in names:
        await make(desk, name)
    b.catch_up(a)
    first = "/api/v1/customers?sort=name&name__startswith=Page&limit=2"
    pages: list[list[str]] = []
    for begin, go_on in ((old, fresh), (fresh, old)):
        page = (await begin(desk.admin, first)).json()
        more = (await go_on(desk.admin, f"{first}&cursor={page['next']}")).json()
        pages.append([row["name"] for row in page["data"] + more["data"]])
    assert pages == [names, names]


async def test_the_feed_is_read_from_a_replica(desk: Desk, pair: tuple[PgServer, PgServer]) -> None:
    """Events come in the same order, and a cursor means the same."""
    customer = (await make(desk, "Ada")).rpartition("/")[2]
    for subject in ("Lamp", "Door"):
        ticket = {"customer": customer, "subject": subject}
        assert (await desk.admin.post("/api/v1/tickets", json=ticket)).status_code == 201
    feeds = [await feed(desk.admin, ask) for ask in (old, fresh)]
    assert ([len(events) for events in feeds], feeds[0]) == ([2, 2], feeds[1])


async def feed(agent: httpx.AsyncClient, ask: Ask) -> list[dict[str, object]]:
    """The feed, an event at a time, until two have come."""
    events: list[dict[str, object]] = []
    cursor = ""
    async with asyncio.timeout(60):
        while len(events) < 2:
            page = (await ask(agent, f"/api/v1/events?limit=1{cursor}")).json()
            events += page["data"]
            cursor = f"&cursor={page['next']}" if page["next"] else cursor
    return events


async def test_without_the_directive_a_read_sees_what_was_just_written(
    desk: Desk, pair: tuple[PgServer, PgServer]
) -> None:
    """However far the replica is behind; with it, up to so many seconds are missing."""
    b = pair[1]
    place = await make(desk, "Before")
    b.catch_up(pair[0])
    b.pause()
    try:
        await desk.admin.patch(place, json={"name": "After"})
        now, stale = await fresh(desk.admin, place), await old(desk.admin, place)
        refused = await desk.admin.get(place, headers={"Cache-Control": "max-stale=0"})
    finally:
        b.resume()
    assert (now.json()["name"], "age" in now.headers) == ("After", False)
    assert stale.json()["name"] == "Before"
    assert (refused.json()["name"], "age" in refused.headers) == ("After", False)


async def test_what_a_replica_does_not_have_yet_is_asked_of_the_primary(
    desk: Desk, pair: tuple[PgServer, PgServer]
) -> None:
    """Only success is told from a replica: a record made a moment ago is no 404."""
    b = pair[1]
    b.pause()
    try:
        place = await make(desk, "New")
        found = await desk.admin.get(place, headers=STALE)
        missing = await desk.admin.get(place[:-12] + "0" * 12, headers=STALE)
    finally:
        b.resume()
    assert (found.status_code, found.json()["name"], "age" in found.headers) == (200, "New", False)
    assert (missing.status_code, "age" in missing.headers) == (404, False)


async def test_a_write_is_made_on_the_primary_whatever_it_says_of_old_answers(
    desk: Desk, pair: tuple[PgServer, PgServer]
) -> None:
    """Its answer is never old."""
    a, b = pair
    place = await make(desk, "Ada")
    b.catch_up(a)
    changed = await desk.admin.patch(place, json={"name": "Eva"}, headers=STALE)
    assert (changed.json()["name"], "age" in changed.headers) == ("Eva", False)


async def test_a_revoked_key_stops_working_though_the_replica_is_behind(
    desk: Desk, pair: tuple[PgServer, PgServer]
) -> None:
    """Keys are looked up on the primary alone."""
    b = pair[1]
    b.pause()
    try:
        owner = new_executor(Database.of(pair[0].address()).owner_dsn)
        await owner.open()
        await revoke_key(owner, desk.agent.headers["authorization"][10:18])
        await owner.close()
        async with asyncio.timeout(60):
            while (await desk.agent.get("/api/v1/customers", headers=STALE)).status_code == 200:
                await asyncio.sleep(0.05)
        answer = await desk.agent.get("/api/v1/customers", headers=STALE)
    finally:
        b.resume()
    assert (answer.status_code, "age" in answer.headers) == (401, False)


async def test_a_release_is_read_from_the_primary_until_the_replica_has_it(
    desk: Desk, pair: tuple[PgServer, PgServer]
) -> None:
    """Its fields are there from the first request on."""
    database, b = Database.of(pair[0].address()), pair[1]
    place = await make(desk, "Ada")
    b.catch_up(pair[0])
    wanted = release(DESK.replace("  credit:", "  phone: {type: text}\n  credit:"))
    b.pause()
    try:
        plan = make_plan(database, wanted)
        await asyncio.to_thread(apply, database, wanted, plan, author="test")
        async with asyncio.timeout(60):
            while desk.runtime.live.release.id != wanted.id:
                await asyncio.sleep(0.02)
        now = await desk.admin.get(place, headers=STALE)
    finally:
        b.resume()
    assert (now.status_code, now.json()["phone"], "age" in now.headers) == (200, None, False)
    assert (await old(desk.admin, place)).content == now.content


async def test_what_replicas_do_can_be_read_by_prometheus(
    desk: Desk, pair: tuple[PgServer, PgServer]
) -> None:
    """By the label `host`."""
    await old(desk.admin, "/api/v1/customers")
    text = (await desk.admin.get("/metrics")).text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if "replica_" in line)
    host = f'{{host="127.0.0.1:{pair[1].port}"}}'
    assert (lines[f"objectry_replica_up{host}"], lines[f"objectry_replica_busy{host}"]) == (
        "1.0",
        "0.0",
    )
    assert float(lines[f"objectry_replica_reads_total{host}"]) >= 1
    assert float(lines[f"objectry_replica_lag_seconds{host}"]) < 60
    assert lines[f"objectry_replica_passed_on_total{host}"] == "0.0"
