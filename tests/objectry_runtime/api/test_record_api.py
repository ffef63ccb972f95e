"""The record API as a client meets it: methods, headers, credentials, bodies."""

from collections.abc import AsyncIterator

import httpx
import pytest

from objectry_runtime.services.app import create_app
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable, Rows

from .conftest import Desk, client, events, problem

pytestmark = pytest.mark.anyio

JSON = {"Content-Type": "application/json"}


async def make_customer(desk: Desk, name: str = "Ada") -> str:
    made = await desk.admin.post("/api/v1/customers", json={"name": name})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_a_record_is_created_read_changed_and_deleted(desk: Desk) -> None:
    made = await desk.admin.post("/api/v1/customers", json={"name": "Ada", "credit": "5"})
    assert (made.status_code, made.json()["credit"]) == (201, "5.00")
    place = made.headers["location"]
    changed = await desk.admin.patch(place, json={"name": "Eva"})
    assert (changed.status_code, changed.json()["name"]) == (200, "Eva")
    listed = await desk.admin.get("/api/v1/customers", params={"name": "Eva"})
    assert [row["id"] for row in listed.json()["data"]] == [made.json()["id"]]
    assert (await desk.admin.delete(place)).status_code in (200, 204)
    assert (await desk.admin.get(place)).status_code == 404


async def test_an_action_history_and_events_are_answered(desk: Desk) -> None:
    customer = await make_customer(desk)
    ticket = {"customer": customer, "subject": "Lamp", "hours": [{"hours": "1.5"}]}
    made = await desk.agent.post("/api/v1/tickets", json=ticket)
    assert (made.status_code, made.json()["total"]) == (201, "1.50")
    by_number = f"/api/v1/tickets/{made.json()['number']}"
    done = await desk.agent.post(f"{by_number}/actions/finish")
    assert (done.status_code, done.json()["status"]) == (200, "done")
    history = await desk.agent.get(f"{by_number}/history")
    assert len(history.json()["data"]) == 2
    told = await events(desk.agent, 2)
    assert [event["type"] for event in told] == ["TicketCreated", "TicketDone"]


async def test_without_credentials_every_path_answers_the_same_401(desk: Desk) -> None:
    paths = (
        "/api/v1/customers /api/v1/nothings /api/v1/customers/x/history /api/v1 /api/v1/events"
        " /api/v1/meta/objects /api/v1/meta/nothing /openapi.json /errors/validation / /a/b"
        " /api/v1/customers/%zz"
    ).split()
    answers = {
        (method, path): await desk.anonymous.request(method, path)
        for path in paths
        for method in ("GET", "POST", "OPTIONS", "HEAD", "BREW")
    }
    assert {key: answer.status_code for key, answer in answers.items()} == dict.fromkeys(
        answers, 401
    )
    assert {
        problem(answer)["code"] for (method, _), answer in answers.items() if method != "HEAD"
    } == {"unauthorized"}


async def test_wrong_credentials_can_not_be_told_apart(desk: Desk) -> None:
    documents = [
        problem(await desk.anonymous.get("/api/v1/customers", headers={"Authorization": said}))
        for said in ("", "Basic YTpi", "Bearer x", "Bearer ok_aaaaaaaa_" + "b" * 43)
    ]
    assert [{**document, "instance": ""} for document in documents] == [
        {**documents[0], "instance": ""}
    ] * 4


async def test_probes_answer_without_credentials(desk: Desk) -> None:
    healthy = await desk.anonymous.get("/healthz")
    ready = await desk.anonymous.get("/readyz")
    assert (healthy.json(), ready.json()) == ({"status": "ok"}, {"status": "ready"})


async def test_a_hidden_object_is_answered_like_an_unknown_one(desk: Desk) -> None:
    hidden = problem(await desk.agent.get("/api/v1/secrets"))
    unknown = problem(await desk.agent.get("/api/v1/zecrets"))
    assert hidden["status"] == 404
    assert str(hidden["detail"]).replace("secrets", "…") == str(unknown["detail"]).replace(
        "zecrets", "…"
    )
    assert (await desk.admin.get("/api/v1/secrets")).status_code == 200


async def test_an_unknown_object_names_a_near_one(desk: Desk) -> None:
    detail = problem(await desk.agent.get("/api/v1/custmers"))["detail"]
    assert detail == 'Nothing is called "custmers". Did you mean "customers"?'


async def test_objects_of_other_services_are_not_served(desk: Desk) -> None:
    desk.runtime.services = frozenset({"shop"})
    assert (await desk.admin.get("/api/v1/secrets")).status_code == 200
    assert problem(await desk.admin.get("/api/v1/customers"))["status"] == 404


async def test_every_path_tells_its_methods(desk: Desk) -> None:
    expected = {
        "/api/v1/customers": "GET, HEAD, OPTIONS, POST",
        "/api/v1/customers/x": "GET, HEAD, OPTIONS, PATCH, PUT, DELETE",
        "/api/v1/customers/x/history": "GET, HEAD, OPTIONS",
        "/api/v1/tickets/x/actions/finish": "POST, OPTIONS",
        "/api/v1/ticket_hours": "GET, HEAD, OPTIONS",
        "/api/v1/ticket_hours/x": "GET, HEAD, OPTIONS",
        "/api/v1/events": "GET, HEAD, OPTIONS",
    }
    asked = {path: await desk.agent.options(path) for path in expected}
    refused = {path: await desk.agent.request("BREW", path) for path in expected}
    assert {path: answer.headers["allow"] for path, answer in asked.items()} == expected
    assert {path: answer.headers["allow"] for path, answer in refused.items()} == expected
    assert {answer.status_code for answer in asked.values()} == {204}
    assert {problem(answer)["code"] for answer in refused.values()} == {"method_not_allowed"}


async def test_what_a_line_has_not_is_not_there(desk: Desk) -> None:
    for path in ("/history", "/actions/finish", "/else", "/actions", "/a/b/c/d"):
        answer = await desk.agent.get(f"/api/v1/ticket_hours/x{path}")
        assert problem(answer)["status"] == 404


async def test_head_is_get_without_its_body(desk: Desk) -> None:
    await make_customer(desk)
    got = await desk.agent.get("/api/v1/customers")
    head = await desk.agent.head("/api/v1/customers")
    unlike = ("x-request-id",)
    assert head.content == b""
    assert {k: v for k, v in head.headers.items() if k not in unlike} == {
        k: v for k, v in got.headers.items() if k not in unlike
    }


async def test_no_answer_is_kept_by_a_cache_or_sniffed(desk: Desk) -> None:
    for path in ("/api/v1/customers", "/api/v1/nothings", "/openapi.json", "/healthz", "/docs"):
        headers = (await desk.agent.get(path)).headers
        assert headers["cache-control"] == "private, no-store"
        assert headers["vary"] == "Authorization, Accept, Accept-Encoding, Accept-Language"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"]


async def test_the_callers_request_id_is_kept_where_it_can_be_trusted(desk: Desk) -> None:
    kept = await desk.agent.get("/api/v1/customers", headers={"X-Request-Id": "trace-1"})
    odd = await desk.agent.get("/api/v1/customers", headers={"X-Request-Id": "a b\tc"})
    assert kept.headers["x-request-id"] == "trace-1"
    assert odd.headers["x-request-id"] != "a b\tc"


async def test_a_body_says_that_it_is_json(desk: Desk) -> None:
    expected = {
        "application/json": 201,
        "application/json; charset=utf-8": 201,
        'APPLICATION/JSON; charset="UTF-8"': 201,
        "application/json; charset=latin-1": 415,
        "text/plain": 415,
        "application/x-www-form-urlencoded": 415,
        "application/merge-patch+json": 415,
        "": 415,
    }
    said = {}
    for content_type in expected:
        headers = {"Content-Type": content_type}
        answer = await desk.admin.post(
            "/api/v1/customers", content=b'{"name": "Ada"}', headers=headers
        )
        said[content_type] = answer.status_code
    assert expected == said


async def test_a_merge_patch_may_be_called_so(desk: Desk) -> None:
    place = f"/api/v1/customers/{await make_customer(desk)}"
    headers = {"Content-Type": "application/merge-patch+json"}
    answer = await desk.admin.patch(place, content=b'{"name": "Eva"}', headers=headers)
    assert answer.json()["name"] == "Eva"


async def test_a_body_over_the_limit_is_refused_announced_or_not(desk: Desk) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 1000

    announced = await desk.admin.post("/api/v1/customers", content=b" " * 30_000, headers=JSON)
    chunked = await desk.admin.post("/api/v1/customers", content=chunks(), headers=JSON)
    assert [problem(answer)["code"] for answer in (announced, chunked)] == ["body_too_large"] * 2


async def test_an_address_that_is_no_text_is_refused(desk: Desk) -> None:
    expected = {
        "/api/v1/customers/%zz": "bad_path",
        "/api/v1/customers/%ff": "bad_path",
        "/api/v1/customers/%00": "bad_path",
        "/api/v1/customers?name=%ff": "bad_query",
        "/api/v1/customers?name=%0": "bad_query",
        "/api/v1/customers?name=a%00b": "bad_query",
        "/api/v1/customers?" + "a=1&" * 300: "bad_query",
        "/openapi.json?a=%ff": "bad_query",
    }
    said = {}
    for path in expected:
        answer = await desk.agent.get(httpx.URL("http://desk").copy_with(raw_path=path.encode()))
        assert answer.status_code == 400
        said[path] = problem(answer)["code"]
    assert expected == said


async def test_an_endless_address_is_refused(desk: Desk) -> None:
    answer = await desk.agent.get("/api/v1/customers?name=" + "x" * 20_000)
    assert (answer.status_code, problem(answer)["code"]) == (414, "address_too_long")


async def test_a_write_takes_no_parameter_but_dry_run(desk: Desk) -> None:
    for query in ("?dry_run=maybe", "?drry_run=true", "?limit=3"):
        answer = await desk.admin.post(f"/api/v1/customers{query}", json={"name": "Ada"})
        assert (answer.status_code, problem(answer)["code"]) == (400, "bad_query")


async def test_a_dry_run_answers_and_keeps_nothing(desk: Desk) -> None:
    tried = await desk.admin.post("/api/v1/customers?dry_run=true", json={"name": "Ada"})
    listed = await desk.admin.get("/api/v1/customers")
    assert (tried.status_code, tried.json()["name"], listed.json()["data"]) == (201, "Ada", [])


async def test_an_idempotency_key_is_a_word(desk: Desk) -> None:
    for key in ("", "a b", "x" * 256):
        headers = {"Idempotency-Key": key}
        answer = await desk.admin.post("/api/v1/customers", json={"name": "Ada"}, headers=headers)
        assert problem(answer)["code"] == "bad_header"


async def test_all_field_errors_come_at_once(desk: Desk) -> None:
    answer = await desk.admin.post(
        "/api/v1/customers", json={"name": "x" * 60, "credit": "0.005", "colour": "red"}
    )
    document = problem(answer)
    assert (document["type"], document["code"]) == ("/errors/validation", "validation_failed")
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == [
        "/colour",
        "/credit",
        "/name",
    ]


class Failing:
    """An executor of which every statement fails in one way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def read(self, statement: Bound) -> Rows:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (DatabaseUnavailable("gone"), 503, "unavailable"),
        (DatabaseError("57014", "canceling statement due to statement timeout"), 503, "timeout"),
        (DatabaseError("40P01", "deadlock detected"), 503, "busy"),
        (DatabaseError("42P01", "relation offers.secret_plan does not exist"), 500, "internal"),
        (RuntimeError("password=hunter2"), 500, "internal"),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/customers", "/openapi.json"])
async def test_a_failure_of_ours_says_nothing_but_its_kind(
    desk: Desk, error: Exception, status: int, code: str, path: str
) -> None:
    desk.runtime.executor, kept = Failing(error), desk.runtime.executor  # type: ignore[assignment]
    answer = await client(desk.runtime, "ok_aaaaaaaa_" + "b" * 43).get(path)
    desk.runtime.executor = kept
    document = problem(answer)
    assert (document["status"], document["code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert "hunter2" not in answer.text
    assert "secret_plan" not in answer.text


async def test_readyz_tells_that_the_database_is_away(desk: Desk) -> None:
    desk.runtime.executor, kept = Failing(DatabaseUnavailable("gone")), desk.runtime.executor  # type: ignore[assignment]
    answer = await desk.anonymous.get("/readyz")
    desk.runtime.executor = kept
    assert (answer.status_code, problem(answer)["code"]) == (503, "unavailable")
    assert (await desk.anonymous.get("/healthz")).status_code == 200


async def test_a_client_that_hangs_up_gets_no_answer(desk: Desk) -> None:
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        sent.append(message)

    headers = [(b"authorization", desk.admin.headers["authorization"].encode())]
    scope: dict[str, object] = {"type": "http", "method": "POST", "path": "/api/v1/customers"}
    scope |= {"raw_path": b"/api/v1/customers", "query_string": b"", "headers": headers}
    await create_app(desk.runtime)(scope, receive, send)
    assert sent == []


async def test_an_answer_that_is_the_same_is_not_sent_again(desk: Desk) -> None:
    place = f"/api/v1/customers/{await make_customer(desk)}"
    tag = (await desk.agent.get(place)).headers["etag"]
    same = await desk.agent.get(place, headers={"If-None-Match": tag})
    other = await desk.agent.get(place, headers={"If-None-Match": '"1.0"'})
    assert (same.status_code, same.content, "content-length" in same.headers) == (304, b"", False)
    assert (same.headers["etag"], other.status_code) == (tag, 200)
