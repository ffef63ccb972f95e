"""Whatever is sent, the answer is never our failure, and every refusal is a problem."""

from urllib.parse import quote

import anyio
import anyio.from_thread
import anyio.to_thread
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import Desk, Raw, problem, send_raw

pytestmark = pytest.mark.anyio

NAMES = st.sampled_from(
    "name credit customer status number total hours id owner created_at where sort fields expand"
    " limit cursor count q customer.name customer.credit hours.hours dry_run parent version".split()
)
OPERATORS = st.sampled_from(
    [
        "",
        *(
            f"__{one}"
            for one in "ne lt lte gt gte in not_in contains icontains startswith isnull"
            " between nothing".split()
        ),
    ]
)
VALUES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "501",
            "1e400",
            "NaN",
            "true",
            "null",
            "2026-02-30",
            "2026-03-31",
            "%",
            "'",
            "\u202e",
            "\ud7ff",
            "A" * 3000,
            "name == 'x'",
            "((((",
            "1" * 400,
            "today()",
            "name,-name",
            "customer,hours",
            "01900000-0000-7000-8000-000000000000",
        ]
    ),
)
PATHS = st.one_of(
    st.sampled_from(["/customers", "/tickets", "/ticket_hours", "/events", "/secrets"]),
    st.builds("/{}/{}".format, st.sampled_from(["customers", "tickets"]), VALUES),
    st.builds("/tickets/{}/history".format, VALUES),
    st.builds("/tickets/{}/actions/{}".format, VALUES, VALUES),
    st.text(max_size=30),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), VALUES),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(NAMES, VALUES), inner, max_size=4)
    ),
    max_leaves=8,
)
BODIES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"",
            b"[" * 5000,
            b'{"a":' * 5000,
            b'{"name": 1, "name": 2}',
            b"\xff",
            b'{"name": "\\ud800"}',
            b'{"name": "\\u0000"}',
            b"1e999999999",
            b"NaN",
        ]
    ),
    JSON.map(msgspec.json.encode),
    st.dictionaries(NAMES, JSON, max_size=4).map(
        lambda fields: msgspec.json.encode({"name": "Ada", "subject": "x", **fields})
    ),
)


def encoded(text: str) -> bytes:
    return quote(text, safe="/", errors="surrogatepass").encode()


async def check(desk: Desk, raw: Raw) -> None:
    answer = await send_raw(desk, raw)
    assert 200 <= answer.status_code < 500, (raw, answer.text)
    if answer.status_code >= 400 and raw.method != "HEAD":
        problem(answer)


async def test_wrong_input_is_refused_and_never_breaks_the_server(desk: Desk) -> None:
    @settings(max_examples=500, deadline=None)
    @given(
        method=st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]),
        path=PATHS,
        params=st.lists(st.tuples(st.builds("{}{}".format, NAMES, OPERATORS), VALUES), max_size=3),
        body=BODIES,
    )
    def run(method: str, path: str, params: list[tuple[str, str]], body: bytes) -> None:
        reads = method in ("GET", "HEAD")
        query = b"&".join(encoded(name) + b"=" + encoded(value) for name, value in params)
        raw_path = b"/api/v1/" + encoded(path.removeprefix("/"))
        raw = Raw(raw_path, query if reads else b"", method, b"" if reads else body)
        anyio.from_thread.run(check, desk, raw)

    await anyio.to_thread.run_sync(run)


async def test_raw_bytes_as_an_address_are_refused_or_answered(desk: Desk) -> None:
    @settings(max_examples=300, deadline=None)
    @given(path=st.binary(max_size=40), query=st.binary(max_size=40))
    def run(path: bytes, query: bytes) -> None:
        anyio.from_thread.run(check, desk, Raw(b"/api/v1/" + path, query))

    await anyio.to_thread.run_sync(run)
