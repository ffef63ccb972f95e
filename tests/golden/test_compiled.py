"""What the reference project compiles to, as a person would review it.

`OBJECTRY_UPDATE_GOLDEN=1 pytest tests/golden` writes the files anew.
"""

import json

from objectry.compiler.schemas import object_schemas, openapi
from objectry.compiler.tables import compile_tables
from objectry.planner import LiveSchema, plan_changes
from objectry.registry import StorageMap, allocate, diff_definitions
from tests.golden.project import assert_golden, published, reference_release


def everything(object_name: str, name: str | None, use: str) -> bool:
    del object_name, name, use
    return True


def sales(object_name: str, name: str | None, use: str) -> bool:
    """Somebody who may only read customers, and not their credit."""
    return object_name == "customer" and name != "credit" and use in ("read", "filter", "sort")


def as_json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def test_the_definitions_as_a_release_keeps_them() -> None:
    definitions = reference_release().definitions
    assert_golden("definitions.json", as_json(definitions.plain()))


def test_the_storage_map_and_the_first_plan_are_the_tables() -> None:
    model = reference_release().model()
    wanted = compile_tables(model, allocate(StorageMap(), model))
    plan = plan_changes(LiveSchema(), wanted, {}, release="reference")
    assert_golden("tables.txt", plan.to_text() + "\n")


def test_json_schemas_of_an_object_with_lines() -> None:
    model = reference_release().model()
    assert_golden("offer.schemas.json", as_json(object_schemas(model, "offer", everything)))


def test_openapi_for_somebody_who_may_do_everything() -> None:
    model = reference_release().model()
    assert_golden("openapi.json", as_json(openapi(model, version="1", visible=everything)))


def test_openapi_shows_nothing_of_what_the_caller_may_not_see() -> None:
    model = reference_release().model()
    document = as_json(openapi(model, version="1", visible=sales))
    assert "offer" not in document
    assert "credit" not in document
    assert_golden("openapi.sales.json", document)


def test_a_plan_that_adds_refuses_and_lets_go() -> None:
    before = reference_release()
    after = reference_release(
        {
            "label: Customer\n": "label: Client\n",
            "  email:      {type: email}\n": (
                "  mail:       {type: email, unique: true, was: email}\n"
            ),
            "  note:       {type: long_text, max_length: 2000}\n": (
                "  rating:     {type: integer, required: true, default: 3}\n"
                "  tier:       {type: text, required: true}\n"
                "  mother:     {type: link, to: customer}\n"
            ),
            "credit:     {type: money, scale: 2,": "credit:     {type: money, scale: 3,",
        }
    )
    storage = allocate(StorageMap(), before.model())
    live = published(before, storage)
    model = after.model()
    plan = plan_changes(
        live,
        compile_tables(model, allocate(storage, model)),
        {"customers.customer": 1234},
        release="after",
        definitions=diff_definitions(before.definitions, after.definitions),
    )
    assert_golden("plan.txt", plan.to_text() + "\n")
