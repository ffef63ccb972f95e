"""Timers: the engine takes a transition when its moment has come, once, whoever else tries."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import msgspec
import pytest

from objectry_runtime.identity.engine import ENGINE
from objectry_runtime.problems import Problem
from objectry_runtime.services.timers import keep_time
from objectry_runtime.store.database import Database
from objectry_runtime.workflow import act
from objectry_runtime.workflow.timers import take_due
from tests.objectry_runtime.command.world import TODAY, World, body, refusal

pytestmark = pytest.mark.anyio

Record = dict[str, Any]


async def tick(office: World, now: datetime, **more: Any) -> list[tuple[str, str]]:
    """Take what is due at a moment, in this tenant's office; tell what could not be."""
    refused: list[tuple[str, str]] = []

    def report(transition: str, id: str, problem: Problem) -> None:
        refused.append((transition, id))

    call = msgspec.structs.replace(office.call(), now=now, today=now.date())
    await take_due(call, more.get("services", frozenset()), report)
    return refused


@pytest.fixture
def there(paperwork: Database, office: World) -> Iterator[World]:
    """The office as the one tenant that the engine looks after."""
    with paperwork.connect_owner() as owner:
        owner.execute("insert into objectry.tenant values (%s, 'office')", [office.tenant])
        yield office
        owner.execute("delete from objectry.tenant where id = %s", [office.tenant])


async def approved(office: World, valid_until: date | None, **values: Any) -> Record:
    said = valid_until.isoformat() if valid_until else None
    made = await office.make("offer", total="1", valid_until=said, **values)
    await office.do("offer", made["id"], "submit")
    other = office.call("admin", user=ENGINE)
    return dict(body(await act(other, "offer", made["id"], "approve", b"{}")))


async def status(office: World, record: Record) -> str:
    return str((await office.get("offer", record["id"]))["status"])


NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


async def test_a_record_expires_on_the_day_and_not_before(there: World) -> None:
    one = await approved(there, TODAY - timedelta(days=1))
    later, never = await approved(there, TODAY), await approved(there, None)
    assert [] == await tick(there, NOON - timedelta(days=1))
    assert "approved" == await status(there, one)
    assert [] == await tick(there, NOON)
    assert ["expired", "approved", "approved"] == [
        await status(there, each) for each in (one, later, never)
    ]
    assert 1 == (await there.events()).count("OfferExpired")
    last = (await there.history(one["id"]))[-1]
    assert ("expire", ENGINE) == (last["action"], last["record"]["updated_by"])
    assert [] == await tick(there, NOON + timedelta(days=1))
    assert "expired" == await status(there, later)


async def test_a_moment_is_waited_for_to_the_second_whatever_the_roles(there: World) -> None:
    lease = await there.make("lease", ends_at="2026-03-31T12:00:00Z")
    await tick(there, NOON - timedelta(seconds=1))
    assert "running" == (await there.get("lease", lease["id"]))["status"]
    await tick(there, NOON)
    assert "ended" == (await there.get("lease", lease["id"]))["status"]


async def test_the_guard_holds_for_the_engine_too(there: World) -> None:
    one = await approved(there, TODAY - timedelta(days=9))
    await there.change("offer", one["id"], total="-1")
    assert [] == await tick(there, NOON)
    assert "approved" == await status(there, one)
    await there.change("offer", one["id"], total="0")
    await tick(there, NOON)
    assert "expired" == await status(there, one)


async def test_one_that_cannot_be_taken_is_told_and_stops_no_other(there: World) -> None:
    stuck = await approved(there, TODAY - timedelta(days=9), note="stuck")
    fine = await approved(there, TODAY - timedelta(days=9))
    assert [("offer.expire", stuck["id"])] == await tick(there, NOON)
    assert ["approved", "expired"] == [await status(there, each) for each in (stuck, fine)]


async def test_it_can_be_taken_by_hand_before(there: World) -> None:
    one = await approved(there, TODAY + timedelta(days=9))
    await there.do("offer", one["id"], "expire", "manager")
    assert "expired" == await status(there, one)
    assert [] == await tick(there, NOON + timedelta(days=30))
    assert 1 == (await there.events()).count("OfferExpired")


async def test_services_that_are_served_elsewhere_are_left_to_them(there: World) -> None:
    one = await approved(there, TODAY - timedelta(days=9))
    await tick(there, NOON, services=frozenset({"other"}))
    assert "approved" == await status(there, one)
    await tick(there, NOON, services=frozenset({"office"}))
    assert "expired" == await status(there, one)


async def test_two_servers_take_each_once(there: World) -> None:
    due = [await approved(there, TODAY - timedelta(days=1)) for _ in range(30)]
    told = await asyncio.gather(*(tick(there, NOON) for _ in range(3)))
    assert [[], [], []] == told
    assert {"expired"} == {await status(there, each) for each in due}
    assert 30 == (await there.events()).count("OfferExpired")


async def test_what_a_killed_server_left_is_taken_by_the_next(
    there: World, paperwork: Database
) -> None:
    due = [await approved(there, TODAY - timedelta(days=1)) for _ in range(120)]
    command = [sys.executable, "-m", "tests.objectry_runtime.workflow.ticking"]
    server = subprocess.Popen([*command, paperwork.owner_dsn, NOON.isoformat()])
    try:
        async with asyncio.timeout(60):
            while not 10 <= (await there.events()).count("OfferExpired"):
                assert server.poll() is None, "the other server is still at it"
    finally:
        server.kill()
        server.wait()
    between = (await there.events()).count("OfferExpired")
    assert 10 <= between < 120
    assert [] == await tick(there, NOON)
    assert 120 == (await there.events()).count("OfferExpired")
    rows = await there.ask(
        "select count(*)::text, count(distinct record_id)::text from objectry.history "
        "where tenant_id = $1::integer and action = 'expire'"
    )
    assert [("120", "120")] == rows
    assert {"expired"} == {await status(there, each) for each in due}


class Served:
    """What the server's clock needs of a server."""

    def __init__(self, office: World) -> None:
        self.live, self.executor, self.keyring = office.live, office.executor, office.keyring
        self.services = frozenset[str]()
        self.time_zone: tzinfo = UTC


async def test_the_clock_of_a_server_is_told_and_a_stuck_record_is_logged_once(
    there: World, caplog: pytest.LogCaptureFixture
) -> None:
    one = await approved(there, TODAY - timedelta(days=1))
    stuck = await approved(there, TODAY - timedelta(days=1), note="stuck")
    moments = [NOON - timedelta(days=3), *[NOON] * 3]
    ticks = 0

    def clock() -> datetime:
        nonlocal ticks
        ticks += 1
        return moments[min(ticks, len(moments)) - 1]

    with caplog.at_level(logging.INFO, "objectry.serve"):
        keeping = asyncio.create_task(keep_time(Served(there), every=0.01, clock=clock))
        async with asyncio.timeout(30):
            while ticks < 6:
                await asyncio.sleep(0.01)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    assert ["expired", "approved"] == [await status(there, each) for each in (one, stuck)]
    assert 1 == sum(stuck["id"] in record.getMessage() for record in caplog.records)


async def test_it_is_found_by_an_index(there: World, paperwork: Database) -> None:
    with paperwork.connect_owner() as owner:
        rows = owner.execute(
            "select indexdef from pg_indexes where schemaname = 'office' and tablename = 'offer'"
        ).fetchall()
    assert any("(tenant_id, status, valid_until)" in str(row[0]) for row in rows)


async def test_by_hand_its_roles_count(there: World) -> None:
    lease = await there.make("lease", ends_at="2026-03-31T12:00:00Z")
    with pytest.raises(Problem) as problem:
        await there.do("lease", lease["id"], "end", "clerk")
    assert (404, "not_found") == refusal(problem.value)
