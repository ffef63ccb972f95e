"""Links to several objects: kept whole at both ends, shown, followed, asked for, refused."""

import jsonschema_rs
import psycopg
import pytest

from objectry.values.ids import new_id
from objectry_runtime.services.runtime import require_live
from objectry_runtime.services.settings import Settings
from objectry_runtime.services.verification import Trouble, verify
from objectry_runtime.store.database import Database

from .conftest import Desk, get, make, problem, publish

pytestmark = pytest.mark.anyio

CRM = """\
service: crm
label: CRM
---
role: agent
label: Agent
---
object: customer
service: crm
plural: customers
title: name
fields:
  name: {type: text, required: true}
  city: {type: text}
  calls: {rollup: {op: count, of: call, via: party}, stored: true}
permissions: {agent: {read: true, create: true}}
---
object: lead
service: crm
plural: leads
title: name
fields:
  name: {type: text, required: true}
  source: {type: text}
permissions: {agent: {read: "source != 'secret'"}}
---
object: call
service: crm
plural: calls
fields:
  party: {type: link, to: [customer, lead]}
  topic: {type: text}
  whose: {type: text, formula: party.name}
  was: {type: text, formula: party.name, snapshot: true}
  notes: {type: table, of: call_note}
checks:
  - {rule: "party is not None or topic is not None", message: "Who, or what about?"}
events: {created: CallCreated, updated: CallUpdated}
permissions:
  agent: {read: true, create: true, update: true, delete: true}
---
object: call_note
service: crm
plural: call_notes
fields:
  about: {type: link, to: [customer, lead]}
"""


@pytest.fixture
def published(database: Database) -> Database:
    return publish(database, CRM)


def troubles(database: Database, settings: Settings) -> list[Trouble]:
    """What `verify` finds."""
    found: list[Trouble] = []
    list(verify(database, require_live(database, settings), found.append))
    return found


async def test_a_link_to_several_objects(
    desk: Desk, published: Database, settings: Settings
) -> None:
    """Written as an id, expanded as the record with its object's name, followed, asked for."""
    acme = await make(desk.admin, "customers", name="Acme")
    leo = await make(desk.admin, "leads", name="Leo")
    one = await make(desk.agent, "calls", party=acme["id"])
    two = await make(desk.agent, "calls", party=leo["id"], notes=[{"about": acme["id"]}])
    none = await make(desk.agent, "calls", topic="x")
    assert [one["party"], two["party"], none["party"]] == [acme["id"], leo["id"], None]
    assert [one["whose"], two["whose"], none["whose"]] == ["Acme", "Leo", None]
    assert two["was"] == "Leo"

    async def found(**params: str) -> list[str]:
        listed = await get(desk.agent, "calls", sort="id", **params)
        return [call["id"] for call in listed["data"]]

    assert await found(party=leo["id"]) == [two["id"]]
    assert await found(party__isnull="true") == [none["id"]]
    assert await found(**{"party.name": "Acme"}) == [one["id"]]
    assert await found(whose__in="Leo,Acme") == [one["id"], two["id"]]
    assert await found(where=f"party == '{leo['id']}'") == [two["id"]]
    assert await found(where="party is None") == [none["id"]]
    assert await found(where="party.name == 'Leo'") == [two["id"]]
    listed = (await get(desk.agent, "calls", sort="id", expand="party,notes.about"))["data"]
    assert listed[0]["party"] == {**acme, "object": "customer", "calls": 1}
    assert listed[1]["party"] == {**leo, "object": "lead"}
    assert listed[1]["notes"][0]["about"]["object"] == "customer"
    assert listed[2]["party"] is None
    named = (await get(desk.agent, "calls", sort="id", fields="party.name"))["data"]
    assert named[1]["party"] == {"object": "lead", "name": "Leo"}
    # Re-linked: history and events have ids, rollups follow.
    moved = await desk.agent.patch(f"/api/v1/calls/{one['id']}", json={"party": leo["id"]})
    assert moved.json()["whose"] == "Leo"
    history = (await get(desk.agent, f"calls/{one['id']}/history"))["data"]
    assert history[0]["changes"]["party"] == {"from": acme["id"], "to": leo["id"]}
    assert (await get(desk.admin, f"customers/{acme['id']}"))["calls"] == 0
    assert troubles(published, settings) == []


async def test_both_ends_of_a_link_to_several_objects_are_kept(
    desk: Desk, published: Database
) -> None:
    """Nothing links to what is not there, or hidden; what is linked to can't go."""
    acme = await make(desk.admin, "customers", name="Acme")
    secret = await make(desk.admin, "leads", name="S", source="secret")
    for id in (new_id(), secret["id"]):
        refused = await desk.agent.post("/api/v1/calls", json={"party": id})
        assert problem(refused)["errors"] == [
            {"pointer": "/party", "code": "link", "message": "There is no such record."}
        ]
    hidden = await make(desk.admin, "calls", party=secret["id"])
    seen = await get(desk.agent, f"calls/{hidden['id']}", expand="party")
    assert seen["party"] is None
    assert (await get(desk.agent, "calls", **{"party.name": "S"}))["data"] == []
    call = await make(desk.agent, "calls", topic="x", notes=[{"about": acme["id"]}])
    gone = await desk.admin.delete(f"/api/v1/customers/{acme['id']}")
    assert (gone.status_code, gone.json()["code"]) == (409, "referenced")
    with published.connect_owner() as owner, pytest.raises(psycopg.errors.ForeignKeyViolation):
        owner.execute("delete from crm.customer")
    kept = await desk.agent.patch(f"/api/v1/calls/{call['id']}", json={"notes": []})
    assert kept.status_code == 200, kept.text
    assert (await desk.admin.delete(f"/api/v1/customers/{acme['id']}")).status_code == 204
    assert (await desk.agent.delete(f"/api/v1/calls/{hidden['id']}")).status_code == 204
    assert (await desk.admin.delete(f"/api/v1/leads/{secret['id']}")).status_code == 204


async def test_the_document_tells_what_is_answered(desk: Desk) -> None:
    """An id, or the record with its object's name."""
    acme = await make(desk.admin, "customers", name="Acme")
    call = await make(desk.admin, "calls", party=acme["id"])
    document = (await desk.admin.get("/openapi.json")).json()
    read = document["paths"]["/api/v1/calls/{id}"]["get"]["responses"]["200"]["content"]
    schema = {**read["application/json"]["schema"], "components": document["components"]}
    validator = jsonschema_rs.validator_for(schema)
    shown = await get(desk.admin, f"calls/{call['id']}", expand="party")
    assert validator.is_valid(call)
    assert validator.is_valid(shown)
    shown["party"]["object"] = "call"
    assert not validator.is_valid(shown)
