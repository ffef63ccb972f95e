"""Further numbers of a record: drawn with it, from series of their own."""

from typing import Any

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.host.live import Live
from objectry_runtime.publishing import ensure_first_release, live_release
from objectry_runtime.services.verification.numbers import numbers_are_gapless
from objectry_runtime.services.verification.view import look
from objectry_runtime.store.database import Database

from .conftest import Desk, events, problem

pytestmark = pytest.mark.anyio

DOCUMENT = """\
service: desk
label: Desk
---
role: agent
label: Agent
---
object: claim
service: desk
label: Claim
plural: claims
numbering: {pattern: "C-{year}-{seq:03}"}
fields:
  subject: {type: text, required: true}
  ticket: {type: autonumber, pattern: "T-{seq:05}"}
  file: {type: autonumber, pattern: "{seq}/F"}
  shown: {type: text, formula: "concat(ticket, ' ', subject)"}
events: {created: ClaimCreated}
permissions:
  agent: {read: true, create: true, update: true, delete: true}
---
object: note
service: desk
label: Note
plural: notes
fields:
  serial: {type: autonumber, pattern: "N{seq}", gapless: true}
permissions:
  agent: {read: true, create: true, delete: true}
"""
CLAIMS, NOTES = "/api/v1/claims", "/api/v1/notes"


@pytest.fixture
def published(database: Database) -> Database:
    loaded = load_documents({"claim.yaml": DOCUMENT})
    assert loaded.findings == ()
    assert not check(loaded.definitions, loaded.sources)
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


async def made(desk: Desk, body: object) -> Any:
    answer = await desk.agent.post(CLAIMS, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_record_draws_all_its_numbers_at_once(desk: Desk) -> None:
    """In the answer, the past and the event; many at once draw in their order."""
    first = await made(desk, {"subject": "One"})
    assert [first["number"][-3:], first["ticket"], first["file"]] == ["001", "T-00001", "1/F"]
    assert first["shown"] == "T-00001 One"
    more = (await made(desk, [{"subject": "Two"}, {"subject": "Three"}]))["data"]
    assert [one["ticket"] for one in more] == ["T-00002", "T-00003"]
    assert [one["number"][-3:] for one in more] == ["002", "003"]
    for one in (first, more[1]):
        history = await desk.agent.get(f"{CLAIMS}/{one['id']}/history")
        changes = history.json()["data"][0]["changes"]
        assert changes["ticket"] == {"from": None, "to": one["ticket"]}
        assert changes["file"] == {"from": None, "to": one["file"]}
        assert changes["number"] == {"from": None, "to": one["number"]}
    told = await events(desk.agent, 3)
    assert [event["data"]["record"]["ticket"] for event in told] == [
        "T-00001",
        "T-00002",
        "T-00003",
    ]


async def test_a_number_stays_and_nobody_writes_it(desk: Desk) -> None:
    """A PATCH or PUT of something else keeps it; it is found by; a body that names it is told."""
    record = await made(desk, {"subject": "One"})
    place = f"{CLAIMS}/{record['id']}"
    patched = await desk.agent.patch(place, json={"subject": "Other"})
    put = await desk.agent.put(place, json={"subject": "New"})
    assert [patched.json()["ticket"], put.json()["ticket"]] == ["T-00001", "T-00001"]
    assert put.json()["shown"] == "T-00001 New"
    found = await desk.agent.get(CLAIMS, params={"ticket": "T-00001", "shown__contains": "New"})
    assert [one["id"] for one in found.json()["data"]] == [record["id"]]
    wrong = await desk.agent.post(CLAIMS, json={"subject": "x", "ticket": "T-9"})
    errors: Any = problem(wrong)["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [("/ticket", "read_only")]
    dry = await desk.agent.post(CLAIMS, json={"subject": "dry"}, params={"dry_run": "true"})
    assert dry.json()["ticket"] == "T-00002"
    assert (await made(desk, {"subject": "wet"}))["ticket"] == "T-00002"


async def test_a_gapless_one_keeps_its_record(desk: Desk, published: Database) -> None:
    """So that none is missing, which `objectry verify` looks at."""
    notes = [(await desk.agent.post(NOTES, json={})).json() for _ in range(3)]
    assert [note["serial"] for note in notes] == ["N1", "N2", "N3"]
    kept = await desk.agent.delete(f"{NOTES}/{notes[1]['id']}")
    assert problem(kept)["code"] == "gapless_number"
    release, storage = live_release(published) or pytest.fail("nothing is published")
    live = Live(release=release, model=release.model(), storage=storage, settings={}, compiled={})
    told: list[tuple[str, ...]] = []

    def tell(*one: str) -> None:
        told.append(one)

    with look(published, live) as view:
        assert numbers_are_gapless(view, tell) == 3
    assert told == []
    with published.connect_owner() as connection:
        connection.execute("delete from desk.note where serial = 'N2'")
    with look(published, live) as view:
        numbers_are_gapless(view, tell)
    assert {one[2] for one in told} == {"note.serial"}


def test_mistakes_of_a_pattern_are_told_where_they_stand() -> None:
    """As those of the record's own number; a line draws none."""
    loaded = load_documents({"claim.yaml": DOCUMENT.replace("T-{seq:05}", "T-{month}{sequ}")})
    findings = check(loaded.definitions, loaded.sources)
    assert {one.code for one in findings} == {"OBJ0350"}
