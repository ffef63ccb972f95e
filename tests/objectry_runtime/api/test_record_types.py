"""Record types: what a record needs, lacks and may choose depends on its type."""

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.publishing import apply, ensure_first_release, make_plan
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database

from .conftest import DESK, Desk, faults

pytestmark = pytest.mark.anyio

PARTY = """\
---
object: party
service: desk
plural: parties
fields:
  name: {type: text, required: true}
  birth_date: {type: date}
  vat: {type: text, when: "name != 'secret'"}
  staff: {type: integer, required_when: vat is not None}
  segment: {type: select, options: [private, small, large]}
permissions:
  agent: {read: true, create: true, update: true, fields: {staff: none}}
"""
TYPED = (
    PARTY
    + """\
record_types:
  person:
    label: Person
    required: [birth_date]
    hidden: [vat, staff]
    options: {segment: [private]}
    layout: party.person
  company: {label: Company, options: {segment: [small, large]}}
---
layout: party.person
object: party
kind: form
sections: [{fields: [name, birth_date]}]
"""
)


@pytest.fixture
def published(database: Database, settings: Settings) -> Database:
    loaded = load_documents({"desk.yaml": DESK + TYPED})
    assert [] == [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


async def errors(desk: Desk, values: dict[str, object], path: str = "") -> set[tuple[str, str]]:
    send = desk.admin.patch if path else desk.admin.post
    refused = await send(f"/api/v1/parties{path}", json=values)
    assert 422 == refused.status_code, refused.text
    return {(one.pointer, one.code) for one in faults(refused)}


async def test_the_first_type_is_the_usual_one_and_has_its_own_needs(desk: Desk) -> None:
    assert {("/birth_date", "required")} == await errors(desk, {"name": "Ada"})
    assert {("/vat", "not_applicable"), ("/segment", "check")} == await errors(
        desk, {"name": "Ada", "birth_date": "1815-12-10", "vat": "x", "segment": "small"}
    )
    made = await desk.admin.post(
        "/api/v1/parties", json={"name": "Ada", "birth_date": "1815-12-10", "segment": "private"}
    )
    assert (201, "person", None) == (
        made.status_code,
        made.json()["record_type"],
        made.json()["vat"],
    )


async def test_a_condition_of_the_field_itself_holds_beside_the_type(desk: Desk) -> None:
    company = {"name": "Acme", "record_type": "company"}
    assert {("/staff", "required")} == await errors(desk, {**company, "vat": "DE1"})
    assert {("/vat", "not_applicable")} == await errors(
        desk, {**company, "name": "secret", "vat": "DE1"}
    )
    made = await desk.admin.post("/api/v1/parties", json={**company, "vat": "DE1", "staff": 5})
    assert 201 == made.status_code
    assert {("/record_type", "option")} == await errors(
        desk, {"name": "x", "birth_date": "1815-12-10", "record_type": "firm"}
    )


async def test_another_type_judges_the_record_anew(desk: Desk) -> None:
    company = {"name": "Acme", "record_type": "company", "vat": "DE1", "staff": 5}
    made = (await desk.admin.post("/api/v1/parties", json={**company, "segment": "large"})).json()
    path = f"/{made['id']}"
    assert {("/birth_date", "required"), ("/segment", "check")} == await errors(
        desk, {"record_type": "person"}, path
    )
    changed = await desk.admin.patch(
        f"/api/v1/parties{path}",
        json={"record_type": "person", "birth_date": "1815-12-10", "segment": None},
    )
    assert (200, None) == (changed.status_code, changed.json()["vat"])


async def test_the_metadata_tells_the_types_as_far_as_the_caller_may_see_them(desk: Desk) -> None:
    seen = (await desk.agent.get("/api/v1/meta/objects/party")).json()["record_types"]
    assert ["person", "company"] == list(seen)
    assert (["vat"], "party.person") == (seen["person"]["hidden"], seen["person"]["layout"])


def test_an_object_with_rows_takes_up_types(database: Database) -> None:
    before, after = (
        make_release(load_documents({"desk.yaml": DESK + text}).definitions)
        for text in (PARTY, TYPED)
    )
    ensure_first_release(database, before, "tests")
    plan = make_plan(database, after)
    assert {"safe"} == {step.kind for step in plan.steps}
    assert apply(database, after, plan, author="me", message="types")


def test_an_own_field_of_the_name_is_told() -> None:
    text = TYPED.replace("fields:\n  name", "fields:\n  record_type: {type: text}\n  name", 1)
    loaded = load_documents({"desk.yaml": DESK + text})
    found = check(loaded.definitions, loaded.sources)
    assert ["OBJ0302"] == [one.code for one in found]
