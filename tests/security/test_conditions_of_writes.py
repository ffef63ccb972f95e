"""What a write's query and headers ask for is done or refused, never half understood."""

import pytest

from tests.objectry_runtime.api.conftest import Desk, problem

pytestmark = pytest.mark.anyio


async def customer(desk: Desk) -> str:
    made = await desk.admin.post("/api/v1/customers", json={"name": "Ada"})
    return f"/api/v1/customers/{made.json()['id']}"


async def test_contradicting_dry_runs_keep_nothing(desk: Desk) -> None:
    place = await customer(desk)
    answer = await desk.admin.patch(f"{place}?dry_run=true&dry_run=false", json={"name": "Eve"})
    assert (400, "bad_query") == (answer.status_code, problem(answer)["code"])
    assert "Ada" == (await desk.admin.get(place)).json()["name"]


async def test_an_empty_condition_is_not_taken_for_none(desk: Desk) -> None:
    place = await customer(desk)
    answer = await desk.admin.patch(place, json={"name": "Eve"}, headers={"If-Match": " "})
    assert (400, "bad_header") == (answer.status_code, problem(answer)["code"])
    assert "Ada" == (await desk.admin.get(place)).json()["name"]


async def test_a_compressed_body_is_refused_by_name(desk: Desk) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = await desk.admin.post("/api/v1/customers", content=b"{}", headers=headers)
    assert (415, "unsupported_media_type") == (answer.status_code, problem(answer)["code"])
    assert "gzip" in str(problem(answer)["detail"])
