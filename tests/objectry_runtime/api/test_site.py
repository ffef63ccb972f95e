"""What Litestar serves: the OpenAPI document, the documentation page, metadata, error pages."""

import re

import pytest
from openapi_spec_validator import validate

from objectry_runtime.api import ERRORS

from .conftest import Desk, problem

pytestmark = pytest.mark.anyio


async def test_the_openapi_document_is_valid_and_the_callers_own(desk: Desk) -> None:
    everything = (await desk.admin.get("/openapi.json")).json()
    own = (await desk.agent.get("/openapi.json")).json()
    validate(everything)
    validate(own)
    assert "/api/v1/secrets" in everything["paths"]
    assert not re.search(r"secret|credit", str(own))
    assert "/api/v1/customers" in own["paths"]


async def test_the_document_shows_only_the_services_served(desk: Desk) -> None:
    desk.runtime.services = frozenset({"shop"})
    paths = (await desk.admin.get("/openapi.json")).json()["paths"]
    assert [path for path in paths if "customers" in path] == []
    assert "/api/v1/secrets" in paths


async def test_the_documentation_page_asks_for_a_key_first(desk: Desk) -> None:
    page = await desk.anonymous.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert '<form method="post" action="/docs">' in page.text
    assert "customers" not in page.text


async def test_the_documentation_page_is_shown_for_a_key_and_only_for_a_right_one(
    desk: Desk,
) -> None:
    key = desk.agent.headers["authorization"].removeprefix("Bearer ")
    shown = await desk.anonymous.post("/docs", data={"key": f" {key} "})
    refused = await desk.anonymous.post("/docs", data={"key": "ok_wrong"})
    endless = await desk.anonymous.post("/docs", data={"key": "x" * 100_000})
    assert (shown.status_code, "/api/v1/customers" in shown.text) == (200, True)
    assert "credit" not in shown.text
    assert (refused.status_code, "This key is not valid." in refused.text) == (401, True)
    assert (endless.status_code, "customers" in endless.text) == (401, False)


async def test_the_documentation_page_needs_nobody_else(desk: Desk) -> None:
    page = await desk.admin.get("/docs")
    assert re.findall(r"<script|<link|<img|\bsrc=|//[a-z]+\.[a-z]+", page.text) == []
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_metadata_shows_what_the_caller_may_see(desk: Desk) -> None:
    everything = (await desk.admin.get("/api/v1/meta/objects")).json()["data"]
    own = (await desk.agent.get("/api/v1/meta/objects")).json()["data"]
    assert [one["object"] for one in everything] == ["customer", "secret", "ticket", "ticket_hour"]
    assert [one["object"] for one in own] == ["customer", "ticket", "ticket_hour"]
    whole = (await desk.admin.get("/api/v1/meta/objects/customer")).json()
    seen = (await desk.agent.get("/api/v1/meta/objects/customer")).json()
    assert "credit" in whole["fields"]
    assert "permissions" in whole
    assert "name" in seen["fields"]
    assert "credit" not in str(seen)


async def test_hidden_and_unknown_metadata_answer_alike(desk: Desk) -> None:
    for kind in ("objects", "schemas"):
        hidden = problem(await desk.agent.get(f"/api/v1/meta/{kind}/secret"))
        unknown = problem(await desk.agent.get(f"/api/v1/meta/{kind}/zecret"))
        assert hidden["status"] == 404
        assert str(hidden["detail"]).replace("zecret", "secret") == str(unknown["detail"]).replace(
            "zecret", "secret"
        )


async def test_a_transition_is_described_to_those_who_may_take_it(desk: Desk) -> None:
    seen = (await desk.agent.get("/api/v1/meta/objects/ticket")).json()
    assert list(seen["workflow"]["transitions"]) == ["finish"]
    assert seen["fields"]["total"]["writable"] is False
    assert seen["fields"]["subject"]["writable"] is True


async def test_a_layout_leaves_out_hidden_fields(desk: Desk) -> None:
    whole = (await desk.admin.get("/api/v1/meta/layouts/customer.list")).json()
    seen = (await desk.agent.get("/api/v1/meta/layouts/customer.list")).json()
    listed = (await desk.agent.get("/api/v1/meta/layouts")).json()["data"]
    assert (whole["columns"], whole["sort"]) == (["name", "credit"], "credit")
    assert (seen["columns"], "sort" in seen) == (["name"], False)
    assert [one["layout"] for one in listed] == ["customer.list"]


async def test_schemas_are_json_schemas_of_what_is_seen(desk: Desk) -> None:
    whole = (await desk.admin.get("/api/v1/meta/schemas/customer")).json()
    seen = (await desk.agent.get("/api/v1/meta/schemas/customer")).json()
    assert "credit" in str(whole)
    assert "credit" not in str(seen)


async def test_releases_are_for_administrators(desk: Desk) -> None:
    listed = (await desk.admin.get("/api/v1/meta/releases")).json()["data"]
    refused = problem(await desk.agent.get("/api/v1/meta/releases"))
    assert [(one["author"], one["live"]) for one in listed] == [("tests", True)]
    assert refused["code"] == "forbidden"


async def test_every_error_type_leads_to_its_explanation(desk: Desk) -> None:
    for error in ERRORS.values():
        page = await desk.agent.get(f"/errors/{error.slug}")
        assert (page.status_code, error.code in page.text) == (200, True)
    assert problem(await desk.agent.get("/errors/nothing"))["status"] == 404


async def test_unknown_pages_and_methods_are_problems(desk: Desk) -> None:
    assert problem(await desk.agent.get("/nothing"))["code"] == "not_found"
    assert problem(await desk.agent.delete("/openapi.json"))["code"] == "method_not_allowed"
    assert (await desk.agent.head("/openapi.json")).content == b""
