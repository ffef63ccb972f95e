"""What the server answers is what its own /openapi.json says: status, body, and no field more."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any  # the OpenAPI document and the answers are JSON: nothing more is known

import httpx
import jsonschema_rs
import msgspec
import pytest

from objectry.compiler.codecs.issue import is_array, is_object
from objectry_runtime.identity import create_key
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.services.app import create_app
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import read_settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.golden.project import reference_release

CUSTOMER = {
    "code": "A-1",
    "name": "Ada & Söhne",
    "email": "ada@example.com",
    "credit": "1500",
    "birth_date": "1990-05-17",
}
LINES = [{"product": "Bolt", "quantity": "2.5", "unit_price": "0.333333", "pieces": 7}]


class Api:
    """A client that holds every answer to the document."""

    def __init__(self, client: httpx.AsyncClient, document: dict[str, Any], deputy: str) -> None:
        """`deputy` is the id of somebody else."""
        self.client = client
        self.document = document
        self.deputy = deputy
        self.seen: set[str] = set()

    async def call(self, method: str, path: str, status: int, body: object = None) -> Any:
        options = {} if body is None else {"json": body}
        answer = await self.client.request(method, f"/api/v1{path}", **options)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        operation = self._operation(method, f"/api/v1{path}".partition("?")[0])
        self.seen.add(operation["operationId"])
        responses = operation["responses"]
        assert str(status) in responses, f"{method} {path} may answer {status}, says nobody"
        content = self._resolved(responses[str(status)]).get("content")
        if content is None:
            assert answer.content == b""
            return None
        media = answer.headers["content-type"].partition(";")[0]
        assert media in content
        if not media.endswith("json"):
            return answer.content
        found = msgspec.json.decode(answer.content)
        schema = _closed({**content[media]["schema"], "components": self.document["components"]})
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        wrong = [f"{error.instance_path} {error.message}" for error in validator.iter_errors(found)]
        assert wrong == [], answer.text
        return found

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for template, operations in self.document["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method.lower() in operations:
                found: dict[str, Any] = operations[method.lower()]
                return found
        raise AssertionError(f"{method} {path} is not in the document")

    def _resolved(self, response: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in response:
            return response
        name = response["$ref"].rsplit("/", 1)[1]
        found: dict[str, Any] = self.document["components"]["responses"][name]
        return found


def _closed(schema: Any) -> Any:
    """The schema with every object of named properties closed: a field more is a failure."""
    if is_object(schema):
        closed: dict[str, Any] = {key: _closed(value) for key, value in schema.items()}
        if "properties" in closed and "type" in closed:
            closed.setdefault("additionalProperties", False)
        return closed
    return [_closed(each) for each in schema] if is_array(schema) else schema


@pytest.fixture
async def api(database: Database, owner_executor: Executor, tmp_path: Path) -> AsyncIterator[Api]:
    ensure_first_release(database, reference_release(), "tests")
    settings = read_settings(tmp_path, environment={})
    key = await create_key(owner_executor, "admin", ["admin", "buyer"])
    await create_key(owner_executor, "deputy", ["buyer"])
    with database.connect_owner() as owner:
        rows = owner.execute("select id from objectry.principal where name = 'deputy'").fetchall()
    runtime = Runtime(settings, database, require_live(database, settings))
    async with runtime.running():
        transport = httpx.ASGITransport(create_app(runtime))
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://reference", headers=headers
        ) as client:
            document = (await client.get("/openapi.json")).json()
            yield Api(client, document, deputy=str(rows[0][0]))


@pytest.mark.anyio
async def test_every_call_answers_as_the_document_says(api: Api) -> None:
    customer = (await api.call("POST", "/customers", 201, CUSTOMER))["id"]
    await api.call("POST", "/customers", 201, [{"code": "B-1", "name": "B"}])
    await api.call("POST", "/customers", 422, {"code": "a", "nonsense": 1})
    await api.call("POST", "/customers", 422, {"code": "A-1", "name": "again"})
    offer = await api.call("POST", "/offers", 201, {"customer": customer, "lines": LINES})
    number, line = offer["number"], offer["lines"][0]["id"]
    path = f"/offers/{offer['id']}"
    await api.call("GET", f"{path}?expand=customer,previous,lines", 200)
    await api.call("GET", f"/offers/{number}?fields=number,customer.name,lines", 200)
    await api.call("GET", "/offers?customer.country=DE&sort=-offer_date&expand=customer", 200)
    await api.call("GET", "/offers?count=exact&limit=1&where=discount%20==%200", 200)
    await api.call("GET", "/offers?count=estimate&nonsense=1", 400)
    await api.call("GET", "/offer_lines?quantity__gt=1", 200)
    await api.call("GET", f"/offer_lines/{line}", 200)
    await api.call("PATCH", path, 200, {"channel": "web", "lines": [{"id": line, "pieces": 8}]})
    await api.call("PATCH", path, 422, {"status": "sent"})
    await api.call(
        "PUT", path, 200, {"customer": customer, "lines": LINES, "previous": offer["id"]}
    )
    await api.call("POST", f"{path}/actions/send", 200)
    await api.call("POST", f"{path}/actions/send", 409)
    await api.call("GET", f"{path}/open/copy", 200)
    await api.call("POST", f"{path}/actions/copy", 201)
    await api.call("GET", f"{path}/chain", 200)
    await api.call("POST", f"{path}/actions/accept", 200, {})
    await api.call("GET", f"{path}/history?limit=2", 200)
    await api.call("GET", f"{path}/history?at=2999-01-01T00:00:00Z", 200)
    await api.call("GET", f"/customers/{customer}/history", 200)
    await api.call("PATCH", f"/customers/{customer}", 200, {"credit": None})
    await api.call("PUT", f"/customers/{customer}", 200, {"code": "A-1", "name": "Ada"})
    await api.call("GET", f"/customers/{customer}", 200)
    await api.call("GET", "/customers?code__startswith=A", 200)
    await api.call("DELETE", f"/customers/{customer}", 409)
    gone = await api.call("POST", "/customers", 201, {"code": "C-1", "name": "C"})
    await api.call("DELETE", f"/customers/{gone['id']}", 204)
    await api.call("GET", f"/customers/{gone['id']}", 404)
    await api.call("GET", "/events?limit=5", 200)
    lent = {"role": "buyer", "to": api.deputy, "until": "2999-01-01T00:00:00Z"}
    lent = await api.call("POST", "/delegations", 201, lent)
    await api.call("POST", "/delegations", 422, {"role": "buyer"})
    await api.call("GET", "/delegations", 200)
    await api.call("DELETE", f"/delegations/{lent['id']}", 204)
    await api.call("GET", "/reports/offers", 200)
    await api.call("GET", "/reports/offers?format=csv", 200)
    await api.call("GET", "/reports/offers?nonsense=1", 400)
    await api.call("GET", "/dashboards/sales", 200)
    assert b"<" in await api.call("GET", f"{path}/print?format=html", 200)
    await api.call("DELETE", path, 409)
    other = await api.call("POST", "/offers", 201, {"customer": customer, "lines": LINES})
    await api.call("DELETE", f"/offers/{other['id']}", 204)
    documented = {
        operation["operationId"]
        for operations in api.document["paths"].values()
        for operation in operations.values()
    }
    assert documented - api.seen == set()
