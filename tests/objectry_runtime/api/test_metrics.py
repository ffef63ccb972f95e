"""`GET /metrics`: who may read it, what is counted, and that nobody's words become labels."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families as parse

from objectry_runtime.api.asgi import Message
from objectry_runtime.api.metrics import families
from objectry_runtime.api.traffic import BOUNDS_S, KINDS, STATUSES, Traffic, kind_of
from objectry_runtime.services.app import create_app

from .conftest import Desk, problem

pytestmark = pytest.mark.anyio
PATH = Path(__file__).parents[3] / "docs/reference/metrics.md"
PAGE = PATH.read_text()
ENDINGS = {"counter": "_total", "info": "_info"}


@pytest.fixture
async def api(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """The administrator's client of one app: counts are an app's own."""
    transport = httpx.ASGITransport(create_app(desk.runtime))
    headers = {"Authorization": desk.admin.headers["authorization"]}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk", headers=headers
    ) as client:
        yield client


async def scraped(api: httpx.AsyncClient) -> dict[str, Metric]:
    answer = await api.get("/metrics")
    assert answer.status_code == 200
    return {family.name: family for family in parse(answer.text)}


def requests(found: dict[str, Metric]) -> dict[tuple[str, str, str], float]:
    return {
        (one.labels["method"], one.labels["kind"], one.labels["status"]): one.value
        for one in found["objectry_http_requests"].samples
    }


async def test_metrics_are_for_administrators(desk: Desk) -> None:
    assert problem(await desk.anonymous.get("/metrics"))["status"] == 401
    refused = problem(await desk.agent.get("/metrics"))
    assert (refused["status"], refused["code"]) == (403, "forbidden")


async def test_requests_are_counted_by_method_kind_and_class_of_status(
    api: httpx.AsyncClient,
) -> None:
    made = (await api.post("/api/v1/customers", json={"name": "Ada"})).json()
    path = f"/api/v1/customers/{made['id']}"
    await api.post("/api/v1/customers", json={"nome": "Ada"})
    for _ in range(3):
        await api.get("/api/v1/customers")
    await api.get(path)
    await api.head(path)
    await api.patch(path, json={"name": "Eve"})
    await api.put(path, json={"name": "Ann"})
    await api.get(path + "/history")
    await api.get("/api/v1/events")
    await api.post(f"/api/v1/tickets/{made['id']}/actions/finish")
    await api.delete(path)
    await api.get("/api/v1/meta/objects")
    await api.get("/healthz")
    await api.get("/nowhere")
    found = await scraped(api)
    assert requests(found) == {
        ("POST", "create", "2xx"): 1,
        ("POST", "create", "4xx"): 1,
        ("GET", "list", "2xx"): 3,
        ("GET", "get", "2xx"): 1,
        ("HEAD", "get", "2xx"): 1,
        ("PATCH", "update", "2xx"): 1,
        ("PUT", "replace", "2xx"): 1,
        ("GET", "history", "2xx"): 1,
        ("GET", "feed", "2xx"): 1,
        ("POST", "action", "4xx"): 1,
        ("DELETE", "delete", "2xx"): 1,
        ("GET", "meta", "2xx"): 1,
        ("GET", "probe", "2xx"): 1,
        ("GET", "other", "4xx"): 1,
    }
    assert found["objectry_http_requests_in_flight"].samples[0].value == 1


async def test_each_request_is_in_one_bucket_and_the_sum_is_the_time_spent() -> None:
    traffic = Traffic()
    seconds = (0.0, *BOUNDS_S, 60.0)
    for one in seconds:
        traffic.answered("GET", "/api/v1/customers", 200, one)
    counts = traffic.counts["GET", "list"]
    assert counts.buckets == [2, *[1] * (len(BOUNDS_S) - 1), 1]
    assert counts.seconds == pytest.approx(sum(seconds))


async def test_the_histogram_counts_what_the_counter_counts(api: httpx.AsyncClient) -> None:
    for _ in range(4):
        await api.get("/api/v1/customers")
    samples = (await scraped(api))["objectry_http_request_seconds"].samples
    buckets = [one.value for one in samples if one.name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    assert len(buckets) == len(BOUNDS_S) + 1
    assert [one.value for one in samples if one.name.endswith("_count")] == [4] == buckets[-1:]


async def test_nothing_a_caller_writes_becomes_a_label(api: httpx.AsyncClient) -> None:
    for path in ("/api/v1/evil", "/api/v1/a/b", "/api/v1/a/b/c/d/e/f", "/evil", "/api/v1//evil"):
        for method in ("GET", "POST", "EVIL"):
            await api.request(method, path)
    text = (await api.get("/metrics")).text
    assert not re.search("evil", text, re.IGNORECASE)
    for method, kind, status in requests(await scraped(api)):
        assert method in {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "other"}
        assert kind in KINDS
        assert status in STATUSES


async def test_a_request_whose_client_left_is_counted_and_not_in_flight_for_ever(
    desk: Desk,
) -> None:
    app = create_app(desk.runtime)
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        raise AssertionError("there is nobody to answer")

    key = desk.admin.headers["authorization"]
    headers = [(b"authorization", key.encode()), (b"content-length", b"10")]
    scope: dict[str, object] = {"type": "http", "method": "POST", "query_string": b""}
    scope |= {"path": "/api/v1/customers", "raw_path": b"/api/v1/customers", "headers": headers}
    leaving = asyncio.ensure_future(app(scope, receive, send))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk", headers={"Authorization": key}
    ) as api:
        while (await scraped(api))["objectry_http_requests_in_flight"].samples[0].value < 2:
            await asyncio.sleep(0)
        gone.set()
        await leaving
        found = await scraped(api)
    assert found["objectry_http_requests_in_flight"].samples[0].value == 1
    assert requests(found)["POST", "create", "none"] == 1


async def test_the_release_and_the_process_are_told(desk: Desk, api: httpx.AsyncClient) -> None:
    found = await scraped(api)
    (release,) = found["objectry_release_info"].samples
    assert release.labels == {"release": desk.runtime.live.release.id}
    assert found["process_resident_memory_bytes"].samples[0].value > 10_000_000
    assert found["process_open_fds"].samples[0].value > 3


async def test_the_open_format_is_given_to_who_asks_for_it(api: httpx.AsyncClient) -> None:
    await api.get("/api/v1/customers")
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    answer = await api.get("/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert len(answer.headers.get_list("content-type")) == 1
    assert "# TYPE objectry_http_requests counter\n" in answer.text
    assert answer.text.endswith("# EOF\n")


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "/", "", "/api/v1/a/", "/docs/x"])
def test_any_path_has_a_kind(path: str) -> None:
    assert kind_of("GET", path) in KINDS


async def test_the_page_lists_what_there_is(desk: Desk) -> None:
    """`OBJECTRY_UPDATE_DOCS=1` writes the table anew."""
    rows = [
        f"| `{one.name}{ENDINGS.get(one.type, '')}` | {one.type} | {one.documentation} |\n"
        for one in families(desk.runtime, Traffic())
        if not one.name.startswith("python_")
    ]
    head, _, rest = PAGE.partition("<!-- begin metrics -->\n")
    table, _, tail = rest.partition("<!-- end metrics -->\n")
    wanted = "| metric | type | what it says |\n| --- | --- | --- |\n" + "".join(rows)
    if os.environ.get("OBJECTRY_UPDATE_DOCS") == "1":
        marked = f"<!-- begin metrics -->\n{wanted}<!-- end metrics -->\n"
        PATH.write_text(head + marked + tail)
    else:
        assert table == wanted
