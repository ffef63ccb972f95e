"""What documents can do is in OpenAPI: for who may, and with the bodies that are taken."""

from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from objectry.compiler.schemas import openapi
from tests.objectry_runtime.workflow.paperwork import release


def document(hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    def visible(object_name: str, name: str | None, use: str) -> bool:
        return not {object_name, f"{object_name}.{name}", f"{object_name}:{use}"} & hidden

    found: dict[str, Any] = openapi(release().model(), version="1", visible=visible)
    assert [] == [str(error) for error in OpenAPIV31SpecValidator(found).iter_errors()]
    return found


def body(found: dict[str, Any], path: str) -> dict[str, Any]:
    content = found["paths"][f"/api/v1{path}"]["post"]["requestBody"]["content"]
    schema: dict[str, Any] = content["application/json"]["schema"]
    return schema


def test_bodies_of_actions_are_told() -> None:
    found = document()
    reject = body(found, "/offers/{id}/actions/reject")
    assert (["contact", "note", "reason"], ["reason"]) == (
        sorted(reject["properties"]),
        reject["required"],
    )
    assert 20 == reject["properties"]["reason"]["maxLength"]
    assert {} == body(found, "/offers/{id}/actions/submit")["properties"]
    bill = body(found, "/jobs/actions/bill")["properties"]["sources"]["items"]
    assert ["id", "lines"] == list(bill["properties"])
    trip = body(found, "/jobs/actions/trip")["properties"]["sources"]["items"]
    assert ["id"] == list(trip["properties"])
    assert "/api/v1/bills/actions/reminder" not in found["paths"]


def told(found: dict[str, Any], end: str) -> set[str]:
    return {path.split("/")[3] for path in found["paths"] if end in path}


def test_chains_open_quantities_and_approvals_are_where_there_are_any() -> None:
    found = document()
    assert {"jobs", "bills", "trips", "reminders"} == told(found, "/chain")
    assert {"jobs", "bills"} == told(found, "/open/")
    assert {"offers"} == told(found, "/approvals")


def test_what_somebody_may_not_do_is_not_there() -> None:
    found = document(frozenset({"bill", "job.trip", "offer.note"}))
    assert {"jobs", "trips"} == told(found, "/chain")
    assert set() == told(found, "/jobs/actions/") | told(found, "/open/trip")
    assert "note" not in body(found, "/offers/{id}/actions/reject")["properties"]
