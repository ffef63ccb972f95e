"""JSON Schemas and the OpenAPI document: valid, complete, and no wider than the caller's rights."""

import re
from typing import Any  # a JSON Schema is a JSON value: nothing more is known of it

import jsonschema_rs
import msgspec
from openapi_spec_validator import OpenAPIV31SpecValidator

from objectry.compiler.schemas import object_schemas, openapi
from objectry.metadata.loader import load_documents
from objectry.registry import make_release
from tests.golden.project import reference_release

MODEL = reference_release().model()


def everything(object_name: str, name: str | None, use: str) -> bool:
    del object_name, name, use
    return True


def document() -> dict[str, Any]:
    return openapi(MODEL, version="1", visible=everything)


def nothing(object_name: str, name: str | None, use: str) -> bool:
    del object_name, name, use
    return False


def references(value: Any) -> set[str]:
    """Every `$ref` of a JSON value."""
    text = msgspec.json.encode(value).decode()
    return set(re.findall(r'"\$ref":"([^"]+)"', text))


def test_the_document_is_valid_openapi() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_the_document_for_a_caller_without_rights_is_valid_too() -> None:
    found = openapi(MODEL, version="1", visible=nothing)
    assert [str(error) for error in OpenAPIV31SpecValidator(found).iter_errors()] == []
    delegations = ["/api/v1/delegations", "/api/v1/delegations/{id}"]
    assert list(found["paths"]) == [*delegations, "/api/v1/events"]


def test_every_call_is_in_it_and_named_once() -> None:
    found = document()
    calls = {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation["operationId"]
        for path, operations in found["paths"].items()
        for method, operation in operations.items()
    }
    assert calls == {
        "GET /customers": "customer.list",
        "POST /customers": "customer.create",
        "GET /customers/{id}": "customer.get",
        "PATCH /customers/{id}": "customer.patch",
        "PUT /customers/{id}": "customer.replace",
        "DELETE /customers/{id}": "customer.delete",
        "GET /customers/{id}/history": "customer.history",
        "GET /offers": "offer.list",
        "POST /offers": "offer.create",
        "GET /offers/{id}": "offer.get",
        "PATCH /offers/{id}": "offer.patch",
        "PUT /offers/{id}": "offer.replace",
        "DELETE /offers/{id}": "offer.delete",
        "GET /offers/{id}/history": "offer.history",
        "GET /offers/{id}/chain": "offer.chain",
        "GET /offers/{id}/open/copy": "offer.open.copy",
        "GET /offers/{id}/print": "offer.print",
        "POST /offers/{id}/actions/send": "offer.action.send",
        "POST /offers/{id}/actions/accept": "offer.action.accept",
        "POST /offers/{id}/actions/copy": "offer.action.copy",
        "GET /offer_lines": "offer_line.list",
        "GET /offer_lines/{id}": "offer_line.get",
        "GET /delegations": "delegations.list",
        "POST /delegations": "delegations.create",
        "DELETE /delegations/{id}": "delegations.delete",
        "GET /events": "events.list",
    }


def test_duplicates_and_merging_are_there_where_an_object_says_what_is_the_same() -> None:
    """Merging changes one record and deletes the other: it takes both rights."""
    yaml = (
        "object: client\nservice: sales\nfields: {name: {type: text}}\n"
        "duplicates: {match: [{field: name, score: 80}]}\n---\n"
        "service: sales\nport: 3001\nobjects: [client]\n"
    )
    loaded = load_documents({"client.yaml": yaml})
    assert loaded.findings == ()
    model = make_release(loaded.definitions).model()
    found = openapi(model, version="1", visible=everything)
    assert [str(error) for error in OpenAPIV31SpecValidator(found).iter_errors()] == []
    merge = found["paths"]["/api/v1/clients/{id}/actions/merge"]["post"]
    taken = merge["requestBody"]["content"]["application/json"]["schema"]["properties"]["take"]
    assert (merge["operationId"], taken["items"]) == ("client.action.merge", {"enum": ["name"]})
    reader = openapi(model, version="1", visible=lambda object, name, use: use == "read")
    assert list(found["paths"].keys() - reader["paths"].keys()) == [
        "/api/v1/clients/{id}/actions/merge"
    ]
    assert "get" in reader["paths"]["/api/v1/clients/{id}/duplicates"]


def test_every_reference_has_its_target_and_every_part_is_used() -> None:
    found = document()
    targets = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "parameters", "responses", "headers")
        for name in found["components"][kind]
    }
    assert references(found) == targets


def test_a_caller_who_may_create_but_not_read_gets_a_document_without_loose_ends() -> None:
    def visible(object_name: str, name: str | None, use: str) -> bool:
        del object_name
        return use in ("create", "write") and name != "discount"

    found = openapi(MODEL, version="1", visible=visible)
    assert [str(error) for error in OpenAPIV31SpecValidator(found).iter_errors()] == []
    records = ["/api/v1/customers", "/api/v1/offers"]
    assert [path for path in found["paths"] if "/delegations" not in path] == [
        *records,
        "/api/v1/events",
    ]
    assert found["components"]["schemas"]["offer"]["properties"] == {}
    assert "discount" not in found["components"]["schemas"]["offer.patch"]["properties"]


def test_filters_are_the_fields_with_their_operators() -> None:
    filters = document()["paths"]["/api/v1/offers"]["get"]["parameters"][0]
    names = jsonschema_rs.validator_for(filters["schema"]["propertyNames"])
    good = [
        "number",
        "offer_date__gte",
        "discount__between",
        "customer",
        "customer__ne",
        "customer.country",
        "customer.name__icontains",
        "status__in",
        "number__startswith",
    ]
    bad = [
        "nmber",
        "offer_date__contains",
        "lines",
        "lines__in",
        "number__like",
        "number.x",
        "x__eq",
    ]
    assert [name for name in good if not names.is_valid(name)] == []
    assert [name for name in bad if names.is_valid(name)] == []


def test_the_short_create_shape_takes_what_the_whole_one_takes() -> None:
    """In the OpenAPI document a create shape is its patch shape and what must be there."""
    components = document()["components"]
    short = jsonschema_rs.validator_for(
        {"$ref": "#/components/schemas/offer.create", "components": components}
    )
    whole = jsonschema_rs.validator_for(object_schemas(MODEL, "offer", everything)["create"])
    identity = "0189abcd-0000-7000-8000-000000000001"
    line = {"product": "x"}
    bodies: list[dict[str, object]] = [
        {},
        {"customer": identity},
        {"customer": identity, "lines": []},
        {"customer": identity, "lines": [line]},
        {"customer": identity, "lines": [{"id": identity}]},
        {"customer": identity, "lines": [{"id": identity, **line}]},
        {"customer": None, "lines": [line]},
        {"customer": identity, "lines": [line], "status": "draft"},
        {"customer": identity, "lines": [{**line, "quantity": "1.0001"}]},
    ]
    found = [(short.is_valid(body), whole.is_valid(body)) for body in bodies]
    accepted = [True, True]
    assert [list(pair) == accepted for pair in found] == [
        False,
        False,
        False,
        True,
        False,
        True,
        False,
        False,
        False,
    ]
    assert all(one == other for one, other in found)
