"""Lending a role: for reading and deciding, for a time, told in the history, ended at once."""

from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from objectry.values.ids import new_id
from objectry_runtime.identity import create_key
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.services.app import create_app
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import read_settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.objectry_runtime.workflow.paperwork import release

pytestmark = pytest.mark.anyio

Client = httpx.AsyncClient
Record = dict[str, Any]
NewClient = Callable[..., Coroutine[None, None, Client]]
LATER = (datetime.now(UTC) + timedelta(days=1)).isoformat()


@pytest.fixture
async def people(
    database: Database, owner_executor: Executor, tmp_path: Path
) -> AsyncIterator[NewClient]:
    """A client for a name and its roles, over the office as it is served."""
    ensure_first_release(database, release(), "test")
    settings = read_settings(tmp_path, environment={}, overrides={})
    runtime = Runtime(settings, database, require_live(database, settings))

    async def person(name: str, *roles: str) -> Client:
        key = await create_key(owner_executor, name, list(roles))
        transport = httpx.ASGITransport(create_app(runtime))
        headers = {"Authorization": f"Bearer {key}"}
        return Client(transport=transport, base_url="http://office/api/v1", headers=headers)

    async with runtime.running():
        yield person


def whose(owner: psycopg.Connection, name: str) -> str:
    row = owner.execute("select id from objectry.principal where name = %s", [name]).fetchone()
    assert row is not None
    return str(row[0])


async def lend(client: Client, role: str, to: str, **more: Any) -> Record:
    given = {"role": role, "to": to, "until": LATER, **more}
    answer = await client.post("/delegations", json=given)
    assert 201 == answer.status_code, answer.text
    assert answer.headers["Location"] == f"/api/v1/delegations/{answer.json()['id']}"
    return dict(answer.json())


async def submitted(client: Client, total: str) -> str:
    made = (await client.post("/offers", json={"total": total})).json()
    await client.post(f"/offers/{made['id']}/actions/submit", json={})
    return str(made["id"])


async def approve(client: Client, id: str) -> int:
    return int((await client.post(f"/offers/{id}/actions/approve", json={})).status_code)


async def test_a_deputy_decides_in_the_name_of_who_lent_the_role(
    people: NewClient, owner: psycopg.Connection
) -> None:
    clerk, boss = await people("clerk", "clerk"), await people("boss", "manager")
    deputy = await people("deputy", "clerk")
    one = await submitted(clerk, "5000")
    assert 403 == await approve(deputy, one)
    lent = await lend(boss, "manager", whose(owner, "deputy"))
    assert {"role": "manager", "by": whose(owner, "boss"), "to": whose(owner, "deputy")} == {
        key: lent[key] for key in ("role", "by", "to")
    }
    assert 200 == await approve(deputy, one)
    version = (await clerk.get(f"/offers/{one}/history")).json()["data"][0]
    assert ("approve", whose(owner, "deputy"), whose(owner, "boss")) == (
        version["action"],
        version["actor"],
        version["on_behalf_of"],
    )
    before = (await clerk.get(f"/offers/{one}/history")).json()["data"][1]
    assert "on_behalf_of" not in before


async def test_who_lent_and_who_borrowed_do_not_count_twice(
    people: NewClient, owner: psycopg.Connection
) -> None:
    clerk, boss = await people("clerk", "clerk"), await people("boss", "manager", "director")
    deputy = await people("deputy", "clerk")
    await lend(boss, "director", whose(owner, "deputy"))
    one = await submitted(clerk, "20000")
    assert 200 == await approve(deputy, one)
    assert 409 == await approve(boss, one)


async def test_it_ends_at_once_when_it_is_taken_back(
    people: NewClient, owner: psycopg.Connection
) -> None:
    clerk, boss = await people("clerk", "clerk"), await people("boss", "manager")
    deputy = await people("deputy", "clerk")
    lent = await lend(boss, "manager", whose(owner, "deputy"))
    path = f"/offers/{await submitted(clerk, '5000')}/actions/reject"
    assert 422 == (await deputy.post(path, json={})).status_code
    assert 404 == (await clerk.delete(f"/delegations/{lent['id']}")).status_code
    assert 204 == (await boss.delete(f"/delegations/{lent['id']}")).status_code
    assert 403 == (await deputy.post(path, json={"reason": "x"})).status_code
    assert 404 == (await boss.delete(f"/delegations/{lent['id']}")).status_code
    row = owner.execute("select count(*) from objectry.delegation").fetchone()
    assert row == (1,)  # what was lent stays known


async def test_it_begins_and_ends_by_itself_and_with_the_lenders_own_role(
    people: NewClient, owner: psycopg.Connection
) -> None:
    clerk, boss = await people("clerk", "clerk"), await people("boss", "manager")
    deputy = await people("deputy", "clerk")
    one = await submitted(clerk, "5000")
    after = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    later = {"from": LATER, "until": after}
    lent = await lend(boss, "manager", whose(owner, "deputy"), **later)
    assert 403 == await approve(deputy, one)
    await boss.delete(f"/delegations/{lent['id']}")
    await lend(boss, "manager", whose(owner, "deputy"))
    owner.execute("update objectry.api_key set revoked_at = now() where 'manager' = any(roles)")
    assert 403 == await approve(deputy, one)


async def test_what_is_lent_is_for_reading_and_deciding_alone(
    people: NewClient, owner: psycopg.Connection
) -> None:
    boss = await people("boss", "manager")
    deputy = await people("deputy", "driver")
    client = (await (await people("admin", "admin")).post("/clients", json={"name": "Ada"})).json()
    clerk = await people("clerk", "clerk")
    job = (await clerk.post("/jobs", json={"client": client["id"], "rows": [{"what": "x"}]})).json()
    assert 404 == (await deputy.get(f"/jobs/{job['id']}")).status_code
    await lend(boss, "manager", whose(owner, "deputy"))
    assert 200 == (await deputy.get(f"/jobs/{job['id']}")).status_code
    assert 1 == len((await deputy.get("/jobs")).json()["data"])
    agreed = await deputy.post(f"/jobs/{job['id']}/actions/agree", json={})
    assert 200 == agreed.status_code, agreed.text
    version = (await boss.get(f"/jobs/{job['id']}/history")).json()["data"][0]
    assert whose(owner, "boss") == version["on_behalf_of"]
    assert 404 == (await deputy.post(f"/jobs/{job['id']}/actions/trip", json={})).status_code
    sources = {"sources": [{"id": job["id"]}]}
    assert 404 == (await deputy.post("/jobs/actions/trip", json=sources)).status_code
    assert 404 == (await deputy.post("/bills", json={})).status_code
    assert 201 == (await boss.post("/bills", json={})).status_code


async def test_nothing_but_an_own_role_can_be_lent(
    people: NewClient, owner: psycopg.Connection
) -> None:
    boss, deputy = await people("boss", "manager"), await people("deputy", "clerk")
    admin = await people("admin", "admin")
    me, you = whose(owner, "boss"), whose(owner, "deputy")
    await lend(boss, "manager", you)
    fine = {"role": "manager", "to": you, "until": LATER}
    wrong: list[tuple[Client, Any, set[str]]] = [
        (boss, [], {""}),
        (boss, {}, {"/role", "/to", "/until"}),
        (boss, {**fine, "role": "director"}, {"/role"}),
        (boss, {**fine, "role": 7}, {"/role"}),
        (boss, {**fine, "to": me}, {"/to"}),
        (boss, {**fine, "to": new_id()}, {"/to"}),
        (boss, {**fine, "to": "deputy"}, {"/to"}),
        (boss, {**fine, "until": "2020-01-01T00:00:00Z"}, {"/until"}),
        (boss, {**fine, "until": "tomorrow"}, {"/until"}),
        (boss, {**fine, "from": LATER}, {"/until"}),
        (boss, {**fine, "why": "holiday"}, {"/why"}),
        (deputy, {**fine, "to": me}, {"/role"}),  # lent to them, so not theirs to lend
        (admin, {**fine, "role": "admin"}, {"/role"}),
    ]
    for client, given, pointers in wrong:
        answer = await client.post("/delegations", json=given)
        assert 422 == answer.status_code, (given, answer.text)
        assert pointers == {one["pointer"] for one in answer.json()["errors"]}, given


async def test_each_sees_their_own(people: NewClient, owner: psycopg.Connection) -> None:
    boss, deputy = await people("boss", "manager"), await people("deputy", "clerk")
    other, admin = await people("other", "manager"), await people("admin", "admin")
    lent = await lend(boss, "manager", whose(owner, "deputy"))
    for client, seen in ((boss, 1), (deputy, 1), (admin, 1), (other, 0)):
        found = (await client.get("/delegations")).json()["data"]
        assert [lent] * seen == found
    assert 404 == (await other.delete(f"/delegations/{lent['id']}")).status_code
    assert 204 == (await deputy.delete(f"/delegations/{lent['id']}")).status_code
    assert [] == (await boss.get("/delegations")).json()["data"]
    assert 400 == (await boss.get("/delegations?x=1")).status_code
    assert 405 == (await boss.put("/delegations", json={})).status_code
    assert 404 == (await boss.delete("/delegations/x")).status_code


async def test_chain_open_and_approvals_have_their_paths(people: NewClient) -> None:
    admin = await people("admin", "admin")
    client = (await admin.post("/clients", json={"name": "Ada"})).json()
    jobs: list[Record] = []
    for _ in range(2):
        body = {"client": client["id"], "rows": [{"pieces": "2"}]}
        job = (await admin.post("/jobs", json=body)).json()
        await admin.post(f"/jobs/{job['id']}/actions/agree", json={})
        jobs.append(job)
    found = (await admin.get(f"/jobs/{jobs[0]['number']}/open/bill")).json()
    assert ["2.0"] == [line["open"] for line in found["data"]]
    sources = {"sources": [{"id": job["id"]} for job in jobs]}
    made = await admin.post("/jobs/actions/bill", json=sources)
    assert 201 == made.status_code
    chained = (await admin.get(f"/bills/{made.json()['id']}/chain")).json()
    assert (3, 2) == (len(chained["data"]), len(chained["edges"]))
    offer = (await admin.post("/offers", json={})).json()
    assert {"data": []} == (await admin.get(f"/offers/{offer['id']}/approvals")).json()
    for path in ("chain", "approvals", "open/bill"):
        assert 404 == (await admin.get(f"/job_rows/{offer['id']}/{path}")).status_code
        assert 405 == (await admin.post(f"/jobs/{jobs[0]['id']}/{path}", json={})).status_code
