"""Lists of links: kept whole at both ends, shown, computed with, asked for, refused."""

import pytest

from objectry.values.ids import new_id
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database

from .conftest import Desk, get, make, problem, publish
from .test_links import troubles

pytestmark = pytest.mark.anyio

PEOPLE = """\
service: crm
label: CRM
---
role: agent
label: Agent
---
object: product
service: crm
plural: products
title: name
fields:
  name: {type: text, required: true}
  price: {type: decimal, scale: 2}
  liked: {rollup: {op: count, of: person, via: interests}}
  liked_kept: {rollup: {op: count, of: person, via: interests}, stored: true}
  wished_kept: {rollup: {op: count, of: wish, via: things}, stored: true}
permissions: {agent: {read: "name != 'Secret'"}}
---
object: person
service: crm
plural: people
title: name
fields:
  name: {type: text}
  interests: {type: links, to: product}
  hidden_ones: {type: links, to: product}
  wishes: {type: table, of: wish}
  how_many: {type: integer, formula: count(interests)}
  keen: {type: boolean, formula: "coalesce(len(interests), 0) >= 2"}
checks:
  - {rule: "name != 'Busy' or count(interests) > 0", message: "Busy people like something."}
events: {created: PersonCreated, updated: PersonUpdated}
permissions:
  agent: {read: true, create: true, update: true, delete: true, fields: {hidden_ones: none}}
---
object: wish
service: crm
plural: wishes
fields:
  things: {type: links, to: product, required: true}
"""


@pytest.fixture
def published(database: Database) -> Database:
    return publish(database, PEOPLE)


async def test_a_list_of_links(desk: Desk, published: Database, settings: Settings) -> None:
    """Ids in their order; expanded, filtered, computed with, replaced, told in history."""
    tea, rum, gin, secret = [
        (await make(desk.admin, "products", name=name))["id"]
        for name in ("Tea", "Rum", "Gin", "Secret")
    ]
    ann = await make(desk.agent, "people", name="Ann", interests=[rum, tea])
    bob = await make(desk.agent, "people", name="Bob", interests=[gin], wishes=[{"things": [tea]}])
    eve = await make(desk.agent, "people", name="Eve")
    many = await desk.admin.post(
        "/api/v1/people", json=[{"name": "Z", "interests": [secret, gin]}, {"name": "Y"}]
    )
    assert many.status_code == 201, many.text
    assert (ann["interests"], ann["how_many"], ann["keen"]) == ([rum, tea], 2, True)
    assert (eve["interests"], eve["how_many"], eve["keen"]) == (None, 0, False)

    async def found(**params: str) -> str:
        listed = await get(desk.agent, "people", sort="name", **params)
        return "".join(person["name"][0] for person in listed["data"])

    assert await found(interests=tea) == "A"
    assert await found(interests__ne=tea) == "BEYZ"
    assert await found(interests__in=f"{tea},{gin}") == "ABZ"
    assert await found(interests__not_in=f"{tea},{gin}") == "EY"
    assert await found(interests__isnull="true") == "EY"
    assert await found(interests__isnull="false") == "ABZ"
    assert await found(**{"interests.name": "Tea"}) == "A"
    assert await found(**{"interests.name__in": "Tea,Gin"}) == "ABZ"
    assert await found(where=f"'{tea}' in interests") == "A"
    assert await found(where="len(interests) == 1") == "B"
    assert await found(how_many="2") == "AZ"
    # What a caller may not read is not found through a list either.
    assert await found(**{"interests.name": "Secret"}) == ""
    listed = (await get(desk.agent, "people", sort="name", expand="interests"))["data"]
    assert [one["name"] for one in listed[0]["interests"]] == ["Rum", "Tea"]
    assert [one["name"] for one in listed[4]["interests"]] == ["Gin"]
    shown = (await get(desk.agent, "people", sort="name", fields="interests.name"))["data"]
    assert shown[0] == {"interests": [{"name": "Rum"}, {"name": "Tea"}]}
    inner = await get(desk.agent, f"people/{bob['id']}", expand="wishes.things")
    assert [one["name"] for one in inner["wishes"][0]["things"]] == ["Tea"]
    for params in ({"sort": "interests"}, {"sort": "interests.name"}, {"hidden_ones": tea}):
        refused = await desk.agent.get("/api/v1/people", params=params)
        assert refused.status_code == 400, params
    products = (await get(desk.admin, "products", sort="name"))["data"]
    liked = [(one["name"], one["liked"], one["liked_kept"]) for one in products]
    assert liked == [("Gin", 2, 2), ("Rum", 1, 1), ("Secret", 1, 1), ("Tea", 1, 1)]
    assert [one["wished_kept"] for one in products] == [0, 0, 0, 1]
    # A body replaces the list; the order is part of it.
    path = f"/api/v1/people/{ann['id']}"
    changed = await desk.agent.patch(path, json={"interests": [tea, gin, rum]})
    assert changed.json()["interests"] == [tea, gin, rum]
    history = (await get(desk.agent, f"people/{ann['id']}/history"))["data"]
    assert history[0]["changes"]["interests"] == {"from": [rum, tea], "to": [tea, gin, rum]}
    events = (await get(desk.agent, "events"))["data"]
    assert (await get(desk.admin, f"products/{gin}"))["liked_kept"] == 3
    assert events[-1]["data"]["changes"]["interests"]["to"] == [tea, gin, rum]
    assert troubles(published, settings) == []
    with published.connect_owner() as owner:
        owner.execute("delete from crm.person__interests__product__ref where target = %s", (rum,))
    told = [trouble.message for trouble in troubles(published, settings)]
    assert told == [
        "interests leads to what its tables lack",
        "liked_kept is 1, the records that link here give 0",
    ]


async def test_both_ends_of_a_list_of_links_are_kept(desk: Desk) -> None:
    """Nothing twice, nothing that is not there or hidden; what is linked to can't go."""
    tea, secret = [
        (await make(desk.admin, "products", name=name))["id"] for name in ("Tea", "Secret")
    ]
    missing = new_id()
    refused = await desk.agent.post("/api/v1/people", json={"interests": [tea, secret, missing]})
    assert problem(refused)["errors"] == [
        {"pointer": f"/interests/{place}", "code": "link", "message": "There is no such record."}
        for place in (1, 2)
    ]
    for wrong in ([tea, tea], ["x"], tea, [None], {"a": tea}):
        refused = await desk.agent.post("/api/v1/people", json={"interests": wrong})
        assert refused.status_code == 422, wrong
    busy = await desk.agent.post("/api/v1/people", json={"name": "Busy", "interests": []})
    assert problem(busy)["errors"][0]["code"] == "check"  # type: ignore[index]
    nothing: list[str] = []
    body = {"wishes": [{"things": nothing}]}
    empty = await desk.agent.post("/api/v1/people", json=body)
    assert empty.status_code == 422
    ann = await make(desk.agent, "people", interests=[tea], wishes=[{"things": [tea]}])
    gone = await desk.admin.delete(f"/api/v1/products/{tea}")
    assert (gone.status_code, gone.json()["code"]) == (409, "referenced")
    path = f"/api/v1/people/{ann['id']}"
    assert (await desk.agent.patch(path, json={"interests": None})).status_code == 200
    assert (await desk.admin.delete(f"/api/v1/products/{tea}")).status_code == 409
    assert (await desk.agent.delete(path)).status_code == 204
    assert (await desk.admin.delete(f"/api/v1/products/{tea}")).status_code == 204
