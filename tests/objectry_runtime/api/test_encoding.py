"""Compression: who gets which coding, and that it is the same answer."""

import zlib

import httpx
import pytest
from backports import zstd

from objectry_runtime.api.encoding import BYTES_MIN, LOOP_BYTES_MAX, choose, compress
from tests.objectry_runtime.api.conftest import Desk

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("asked", "coding"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1, zstd;q=0.5", "gzip"),
        ("gzip;q=0.5, zstd ; q=0.8", "zstd"),
        ("gzip;q=0", ""),
        ("zstd;q=0, *", "gzip"),
        ("*", "zstd"),
        ("*;q=0", ""),
        ("br", ""),
        ("identity, gzip;q=0.5", ""),
        ("identity;q=0.5, gzip", "gzip"),
        ("gzip;q=nonsense", ""),
        ("gzip;q=2", ""),
        (";;,,=", ""),
    ],
)
def test_the_client_chooses_the_coding(asked: str, coding: str) -> None:
    """Weights count, zero forbids, and without a preference it is zstd."""
    assert coding == choose(asked)


@pytest.mark.parametrize("size", [BYTES_MIN, LOOP_BYTES_MAX + 1])
async def test_a_body_comes_back_as_it_was(size: int) -> None:
    """On the loop or by a thread, either coding gives the body back and is shorter."""
    body = (b'{"name": "Ada", "country": "DE"}' * size)[:size]

    coding_g, gzipped = await compress(body, "gzip")
    coding_z, packed = await compress(body, "zstd")

    assert ("gzip", body) == (coding_g, zlib.decompress(gzipped, zlib.MAX_WBITS | 16))
    assert ("zstd", body) == (coding_z, zstd.decompress(packed))
    assert max(len(gzipped), len(packed)) < size


async def test_a_short_body_stays_as_it_is() -> None:
    """What fits into one packet anyway is not touched."""
    body = b"x" * (BYTES_MIN - 1)

    assert ("", body) == await compress(body, "zstd")


async def fill(desk: Desk) -> None:
    customers = [{"name": f"Customer number {number}"} for number in range(60)]
    made = await desk.agent.post("/api/v1/customers", json=customers)
    assert made.status_code == 201


async def raw(desk: Desk, method: str, path: str, coding: str) -> tuple[httpx.Headers, bytes]:
    """The answer's headers, and its body before any decoding."""
    request = desk.agent.build_request(method, path, headers={"Accept-Encoding": coding})
    response = await desk.agent.send(request, stream=True)
    body = b"".join([part async for part in response.aiter_raw()])
    return response.headers, body


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_list_is_the_same_in_every_coding(desk: Desk, coding: str) -> None:
    """Content-Encoding, Content-Length and Vary tell the truth about what was sent."""
    await fill(desk)
    path = "/api/v1/customers?sort=name"
    whole = await desk.agent.get(path, headers={"Accept-Encoding": "identity"})

    headers, body = await raw(desk, "GET", path, coding)

    decoded = zstd.decompress(body) if coding == "zstd" else zlib.decompress(body, 31)
    assert whole.content == decoded
    assert (coding, str(len(body))) == (headers["content-encoding"], headers["content-length"])
    assert "Accept-Encoding" in headers["vary"]
    assert "content-encoding" not in whole.headers


async def test_head_tells_what_get_would_send(desk: Desk) -> None:
    """HEAD bears the headers of the compressed answer and no body."""
    await fill(desk)
    path = "/api/v1/customers?sort=name"

    got, body = await raw(desk, "GET", path, "gzip")
    told, nothing = await raw(desk, "HEAD", path, "gzip")

    names = ("content-encoding", "content-length", "content-type", "vary")
    assert [got[name] for name in names] == [told[name] for name in names]
    assert (True, b"") == (len(body) > 0, nothing)


async def test_a_coding_has_an_etag_of_its_own_that_works_like_the_plain_one(desk: Desk) -> None:
    """If-None-Match finds it again in any coding, If-Match holds a write to its version."""
    owner = await desk.agent.post("/api/v1/customers", json={"name": "Ada"})
    lines = [{"hours": f"{number}.50"} for number in range(40)]
    body = {"customer": owner.json()["id"], "subject": "Long", "hours": lines}
    path = (await desk.agent.post("/api/v1/tickets", json=body)).headers["location"]

    tags: dict[str, str] = {}
    for coding in ("identity", "gzip", "zstd"):
        answer = await desk.agent.get(path, headers={"Accept-Encoding": coding})
        tags[coding] = answer.headers["etag"]
        again = {"Accept-Encoding": coding, "If-None-Match": f'"other", W/{tags[coding]}'}
        same = await desk.agent.get(path, headers=again)
        assert (304, tags[coding], b"") == (same.status_code, same.headers["etag"], same.content)
        assert "content-encoding" not in same.headers
    assert len(set(tags.values())) == 3

    written = [
        await desk.agent.patch(path, json={"subject": text}, headers={"If-Match": tags["gzip"]})
        for text in ("New", "Old")
    ]
    assert [200, 412] == [answer.status_code for answer in written]


async def test_a_problem_is_never_compressed(desk: Desk) -> None:
    """It says again what was sent: beside a secret that would tell its length."""
    nameless = [{"name": ""} for _ in range(100)]

    answer = await desk.agent.post("/api/v1/customers", json=nameless)

    assert (422, True) == (answer.status_code, len(answer.content) > BYTES_MIN)
    assert "content-encoding" not in answer.headers


async def test_pages_are_compressed_too(desk: Desk) -> None:
    """The OpenAPI document is the longest answer there is."""
    headers, body = await raw(desk, "GET", "/openapi.json", "gzip")
    whole = await desk.agent.get("/openapi.json", headers={"Accept-Encoding": "identity"})

    assert ("gzip", whole.content) == (headers["content-encoding"], zlib.decompress(body, 31))
    assert str(len(body)) == headers["content-length"]
