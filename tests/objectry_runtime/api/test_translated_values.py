"""Values in several languages: written one by one or together, read, filtered, sorted in one."""

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from objectry_runtime.publishing import apply, ensure_first_release, make_plan
from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database

from .conftest import DESK, Desk, faults, problem

pytestmark = pytest.mark.anyio

PLAIN = """\
---
role: reader
label: Reader
---
object: product
service: desk
plural: products
title: name
fields:
  name: {type: text, required: true, max_length: 10}
  note: {type: long_text}
permissions:
  agent: {read: true, create: true, update: true}
  reader: {read: true, update: true, fields: {name: read, note: none}}
---
object: need
service: desk
plural: needs
fields:
  product: {type: link, to: product}
  what: {type: text, formula: product.name}
permissions:
  agent: {read: true, create: true}
"""
SPOKEN = PLAIN.replace("max_length: 10}", "max_length: 10, translate: true}").replace(
    "{type: long_text}", "{type: long_text, translate: true}"
)


@pytest.fixture
def published(database: Database, settings: Settings) -> Database:
    loaded = load_documents({"desk.yaml": DESK + SPOKEN})
    assert [] == [*loaded.findings, *check(loaded.definitions, loaded.sources)]
    ensure_first_release(database, make_release(loaded.definitions), "tests")
    return database


async def product(desk: Desk, **values: object) -> str:
    made = await desk.agent.post("/api/v1/products", json=values)
    assert 201 == made.status_code, made.text
    id: str = made.json()["id"]
    return id


async def name(desk: Desk, id: str, query: str = "", accept: str = "") -> str:
    headers = {"Accept-Language": accept} if accept else {}
    found = await desk.agent.get(f"/api/v1/products/{id}{query}", headers=headers)
    said: str = found.json()["name"]
    return said


async def test_each_language_is_set_on_its_own_or_all_together(desk: Desk) -> None:
    id = await product(desk, name={"en": "Bolt", "de": "Schraube"}, note="n")
    assert "Bolt" == await name(desk, id)
    assert "Schraube" == await name(desk, id, "?lang=de")
    assert "Schraube" == await name(desk, id, accept="fr, de-AT;q=0.9, en;q=0.2")
    assert "Bolt" == await name(desk, id, accept="en, de")
    assert "Bolt" == await name(desk, id, "?lang=fr")
    path = f"/api/v1/products/{id}"
    changed = await desk.agent.patch(f"{path}?lang=fr", json={"name": "Boulon"})
    assert (200, "Boulon") == (changed.status_code, changed.json()["name"])
    assert {"de": "Schraube", "fr": "Boulon"} == changed.json()["name_translations"]
    gone = await desk.agent.patch(path, json={"name": {"de": None}})
    assert (200, {"fr": "Boulon"}) == (gone.status_code, gone.json()["name_translations"])
    assert "Bolt" == await name(desk, id, "?lang=de")
    await desk.agent.patch(path, json={"name": "Screw"})
    assert ("Screw", "Boulon") == (await name(desk, id), await name(desk, id, "?lang=fr"))
    history = (await desk.agent.get(f"{path}/history")).json()["data"]
    assert {"from": {"de": "Schraube"}, "to": {"de": "Schraube", "fr": "Boulon"}} == history[2][
        "changes"
    ]["name_translations"]


async def test_a_record_made_in_a_language_has_its_text_as_the_usual_one_too(desk: Desk) -> None:
    made = await desk.agent.post("/api/v1/products?lang=de", json={"name": "Mutter"})
    assert 201 == made.status_code
    assert "Mutter" == await name(desk, made.json()["id"])


async def test_lists_filter_and_sort_in_the_language(desk: Desk) -> None:
    for en, de in (("apple", "Zapfen"), ("pear", "Apfel"), ("nut", None)):
        await product(desk, name={"en": en, "de": de} if de else en)

    async def names(query: str) -> list[str]:
        page = await desk.agent.get(f"/api/v1/products?{query}")
        assert 200 == page.status_code, page.text
        return [one["name"] for one in page.json()["data"]]

    assert ["apple", "nut", "pear"] == await names("sort=name")
    assert ["Apfel", "nut", "Zapfen"] == await names("sort=name&lang=de")
    assert ["Apfel"] == await names("name=Apfel&lang=de")
    assert [] == await names("name=Apfel")
    assert ["Zapfen"] == await names("name__startswith=Z&lang=de")
    page = (await desk.agent.get("/api/v1/products?sort=name&limit=1&lang=de")).json()
    assert ["nut"] == await names(f"sort=name&limit=1&lang=de&cursor={page['next']}")


async def test_the_document_names_the_language(desk: Desk) -> None:
    paths = (await desk.agent.get("/openapi.json")).json()["paths"]
    for path, method in (("products", "get"), ("products", "post"), ("products/{id}", "patch")):
        parameters = paths[f"/api/v1/{path}"][method]["parameters"]
        assert "lang" in [one.get("name") for one in parameters]
    parameters = paths["/api/v1/products/{id}"]["put"]["parameters"]
    assert "lang" not in [one.get("name") for one in parameters]


async def test_formulas_speak_the_usual_language(desk: Desk) -> None:
    id = await product(desk, name={"en": "Bolt", "de": "Schraube"})
    need = await desk.agent.post("/api/v1/needs?lang=de", json={"product": id})
    assert "Bolt" == need.json()["what"]
    shown = await desk.agent.get(f"/api/v1/needs/{need.json()['id']}?expand=product&lang=de")
    assert "Schraube" == shown.json()["product"]["name"]


async def test_what_is_wrong_with_a_translation_is_told(desk: Desk) -> None:
    async def errors(body: object, query: str = "") -> set[tuple[str, str]]:
        refused = await desk.agent.post(f"/api/v1/products{query}", json=body)
        assert 422 == refused.status_code, refused.text
        return {(one.pointer, one.code) for one in faults(refused)}

    long = "x" * 11
    assert {("/name/klingon", "language")} == await errors({"name": {"en": "a", "klingon": "b"}})
    assert {("/name/de", "type")} == await errors({"name": {"en": "a", "de": 5}})
    assert {("/name_translations/de", "max_length")} == await errors(
        {"name": {"en": "a", "de": long}}
    )
    assert {("/name", "required")} == await errors({"name": {"de": "a"}})
    assert {("/name_translations", "type")} == await errors({"name": "a", "name_translations": 5})
    put = await desk.agent.put("/api/v1/products/x?lang=de", json={"name": "a"})
    assert "bad_query" == problem(put)["code"]


async def test_the_other_languages_have_the_rights_of_the_field(desk: Desk) -> None:
    id = await product(desk, name={"en": "Bolt", "de": "Schraube"}, note={"de": "geheim"})
    reader = await desk.client_of("reader")
    seen = (await reader.get(f"/api/v1/products/{id}?lang=de")).json()
    assert "Schraube" == seen["name"]
    assert not {"note", "note_translations"} & set(seen)
    for body in ({"name": "x"}, {"name": {"fr": "x"}}, {"name_translations": {"fr": "x"}}):
        refused = await reader.patch(f"/api/v1/products/{id}?lang=fr", json=body)
        assert 422 == refused.status_code
    for body in ({"note": "x"}, {"note": {"fr": "x"}}, {"note_translations": {"fr": "x"}}):
        refused = await reader.patch(f"/api/v1/products/{id}?lang=fr", json=body)
        assert ["unknown_field"] == [one.code for one in faults(refused)]


def test_a_field_with_values_takes_up_languages(database: Database) -> None:
    before, after = (
        make_release(load_documents({"desk.yaml": DESK + text}).definitions)
        for text in (PLAIN, SPOKEN)
    )
    ensure_first_release(database, before, "tests")
    plan = make_plan(database, after)
    assert {"safe"} == {step.kind for step in plan.steps}
    assert apply(database, after, plan, author="me", message="languages")
