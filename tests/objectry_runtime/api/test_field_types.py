"""Every field type written, read, asked for, sorted by and looked back at over HTTP."""

from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest

from objectry.metadata.types import SHOWN, TYPES, FieldType, StorageClass
from objectry_runtime.identity.engine import ENGINE
from objectry_runtime.store.database import Database

from .conftest import Desk, events, problem, publish

pytestmark = pytest.mark.anyio

# A link needs something to lead to, a select its options, a file an upload: they have tests of
# their own.
TRIED = [
    each
    for each in TYPES.values()
    if each.storage is not StorageClass.NONE and not each.needs and not each.attached
]
FIELDS = "\n".join(f"  a_{each.name}: {{type: {each.name}}}" for each in TRIED)
OPENLY = [each for each in TRIED if not each.sealed]
ASKED = [each for each in TRIED if "eq" in each.operators]
DOCUMENT = f"""\
service: desk
label: Desk
---
role: agent
label: Agent
---
object: thing
service: desk
label: Thing
plural: things
fields:
{FIELDS}
events: {{created: ThingCreated}}
permissions:
  agent: {{read: true, create: true, update: true}}
"""


@pytest.fixture
def published(database: Database) -> Database:
    return publish(database, DOCUMENT)


def example(each: FieldType) -> Any:
    return ENGINE if each.principal else each.examples[0]


def examples() -> dict[str, Any]:
    """A body with every type."""
    return {f"a_{each.name}": example(each) for each in TRIED}


def shown() -> dict[str, Any]:
    """The same as answers show it."""
    return {**examples(), "a_secret": SHOWN}


async def things(desk: Desk, **params: str) -> list[Any]:
    answer = await desk.agent.get("/api/v1/things", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


async def test_a_record_of_every_type_goes_in_and_comes_out(desk: Desk) -> None:
    """What is written is answered, listed, kept in history and told in the event."""
    body = examples()
    made = await desk.agent.post("/api/v1/things", json=body)
    assert made.status_code == 201, made.text
    record = made.json()
    assert {name: record[name] for name in body} == shown()
    assert await things(desk) == [record]
    told = (await events(desk.agent, 1))[0]["data"]["record"]
    assert {name: told[name] for name in body} == shown()
    emptied = await desk.agent.patch(f"/api/v1/things/{record['id']}", json=dict.fromkeys(body))
    assert {emptied.json()[name] for name in body} == {None}
    history = await desk.agent.get(f"/api/v1/things/{record['id']}/history")
    changes = history.json()["data"][0]["changes"]
    assert changes == {name: {"from": value, "to": None} for name, value in shown().items()}


async def test_many_records_of_every_type_are_written_at_once(desk: Desk) -> None:
    """Rows of a bulk travel as JSON; each type gets through as in a record alone."""
    made = await desk.agent.post("/api/v1/things", json=[examples(), {}, examples()])
    assert made.status_code == 201, made.text
    full, empty, again = made.json()["data"]
    for record in (full, again):
        assert {name: record[name] for name in examples()} == shown()
    assert {empty[name] for name in examples()} == {None}


async def test_every_mistake_is_a_field_error(desk: Desk) -> None:
    """Also all at once; nothing is stored."""
    for each in TRIED:
        for wrong in each.mistakes:
            if not isinstance(wrong, Decimal):
                answer = await desk.agent.post("/api/v1/things", json={f"a_{each.name}": wrong})
                assert answer.status_code == 422, (each.name, wrong)
                pointers: set[str] = {error["pointer"] for error in answer.json()["errors"]}
                assert all(one.startswith(f"/a_{each.name}") for one in pointers)
    assert await things(desk) == []
    body: dict[str, object] = {f"a_{each.name}": [[]] for each in TRIED if each.name != "json"}
    answer = await desk.agent.post("/api/v1/things", json=body)
    errors: Any = problem(answer)["errors"]
    assert {"/".join(error["pointer"].split("/")[:2]) for error in errors} == {
        f"/{name}" for name in body
    }


async def test_a_record_is_found_and_sorted_by_every_type(desk: Desk) -> None:
    """By each operator that takes one value of the type; null comes last, or first."""
    made = (await desk.agent.post("/api/v1/things", json=examples())).json()
    empty = (await desk.agent.post("/api/v1/things", json={})).json()
    for each in TRIED:
        for value, there in (("true", empty), ("false", made)):
            found = await things(desk, **{f"a_{each.name}__isnull": value})
            assert [row["id"] for row in found] == [there["id"]], each.name
    for each in ASKED:
        name = f"a_{each.name}"
        text = str(example(each)).lower() if example(each) is True else str(example(each))
        assert [row["id"] for row in await things(desk, **{name: text})] == [made["id"]]
        if "," not in text:
            assert [r["id"] for r in await things(desk, **{f"{name}__in": text})] == [made["id"]]
        for op, ids in (
            ("ne", [empty["id"]]),
            ("lte", [made["id"]]),
            ("gt", []),
            ("contains", [made["id"]]),
        ):
            if op in each.operators:
                found = await things(desk, **{f"{name}__{op}": text})
                assert [row["id"] for row in found] == ids, (name, op)
        both = [made["id"], empty["id"]]
        assert [row["id"] for row in await things(desk, sort=name)] == both
        assert [row["id"] for row in await things(desk, sort=f"-{name}")] == both[::-1]


@pytest.mark.parametrize(
    ("field", "written", "kept"),
    [
        ("iban", "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("vat_id", "atu 1358-5627", "ATU13585627"),
        ("phone", "+49 (0)30 / 1234567", "+49301234567"),
        ("language", "PT-br", "pt-BR"),
        ("color", "#FF8800", "#ff8800"),
    ],
)
async def test_what_is_written_in_several_ways_is_kept_in_one(
    desk: Desk, field: str, written: str, kept: str
) -> None:
    """And found whichever way it is asked for."""
    made = await desk.agent.post("/api/v1/things", json={f"a_{field}": written})
    assert made.json()[f"a_{field}"] == kept
    assert len(await things(desk, **{f"a_{field}": written})) == 1
    wrong = await desk.agent.get("/api/v1/things", params={f"a_{field}": "?"})
    assert wrong.status_code == 400
    assert "such as" in str(problem(wrong)["detail"])


async def test_the_published_schema_takes_what_the_server_takes(desk: Desk) -> None:
    """Examples pass the schema of a new record, answers that of a record."""
    document = (await desk.admin.get("/openapi.json")).json()
    body = examples()
    written = {"$ref": "#/components/schemas/thing.create", "components": document["components"]}
    shown = {"$ref": "#/components/schemas/thing", "components": document["components"]}
    assert [one.message for one in jsonschema_rs.validator_for(written).iter_errors(body)] == []
    assert not jsonschema_rs.validator_for(written).is_valid({"a_color": "red"})
    made = (await desk.admin.post("/api/v1/things", json=body)).json()
    assert [one.message for one in jsonschema_rs.validator_for(shown).iter_errors(made)] == []
