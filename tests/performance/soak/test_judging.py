"""A soak that can't fail is worth nothing: each thing that must not be is told."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.performance.soak.judge import Judge
from tests.performance.soak.ledger import Ledger
from tests.performance.soak.samples import Sample, judge_samples
from tests.performance.soak.weather import Weather
from tests.performance.soak.wire import Answer

PROBLEM = {"content-type": "application/problem+json", "retry-after": "2"}


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """The database was away from second 10 to 20."""
    weather = Weather(tmp_path, "http://nowhere", "", away_s=1)
    weather.windows.append((10.0, 20.0))
    return Judge(weather)


def answer(
    status: int,
    began: float,
    headers: Mapping[str, str] = PROBLEM,
    code: str = "unavailable",
) -> Answer:
    body = json.dumps({"code": code}).encode()
    return Answer(status=status, headers=headers, body=body, began=began, ended=began + 1)


@pytest.mark.parametrize(
    ("given", "in_order"),
    [
        (answer(200, 5), True),
        (answer(503, 15), True),
        (answer(503, 9.5), True),
        (answer(503, 15, code="internal"), False),
        (answer(503, 15, {"content-type": "application/problem+json"}), False),
        (answer(503, 15, {"retry-after": "2"}), False),
        (answer(503, 5), False),
        (answer(503, 21), False),
        (answer(500, 15), False),
        (answer(401, 15), False),
    ],
)
def test_a_503_is_in_order_only_while_the_database_is_away(
    judge: Judge, given: Answer, in_order: bool
) -> None:
    judge.hear("get", given, {200})
    assert in_order == (judge.failed == 0)


def stored(records: Mapping[str, list[dict[str, Any]]]) -> httpx.Client:
    def give(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json={"data": records.get(request.url.path.strip("/"), []), "next": None}
        )

    return httpx.Client(transport=httpx.MockTransport(give), base_url="http://nowhere")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([{"id": "1", "name": "a", "city": "Kiel"}], []),
        ([], ["acknowledged and lost"]),
        ([{"id": "1", "name": "a", "city": "Kiel"}] * 2, ["stored 2 times"]),
        ([{"id": "1", "name": "a", "city": "Graz"}], ["acknowledged as"]),
        (
            [{"id": "1", "name": "a", "city": "Kiel"}, {"id": "2", "name": "b", "city": "Kiel"}],
            [],
        ),
        (
            [{"id": "1", "name": "a", "city": "Kiel"}, {"id": "3", "name": "c", "city": "Kiel"}],
            ["stored but never sent"],
        ),
    ],
)
def test_what_is_stored_is_compared_with_what_was_acknowledged(
    found: list[dict[str, Any]], told: list[str]
) -> None:
    ledger = Ledger()
    ledger.send("customers", "a")
    ledger.send("customers", "b")  # sent, never acknowledged: may be there or not
    ledger.acknowledge("customers", "a", {"id": "1", "city": "Kiel"}, "city")
    with stored({"customers": found}) as api:
        wrong = ledger.compare(api)
    assert [
        start for line, start in zip(wrong, told, strict=True) if line.startswith(start)
    ] == told


@pytest.mark.parametrize(
    ("rss_per_s", "fds_per_s", "connections", "told"),
    [
        (0.0, 0.0, 11, 0),
        (0.5, 0.0, 11, 1),
        (0.0, 0.5, 11, 1),
        (0.0, 0.0, 14, 1),
    ],
)
def test_what_grows_is_told(
    rss_per_s: float, fds_per_s: float, connections: int, told: int
) -> None:
    samples = [
        Sample(
            at=at,
            rss_mib=120 + rss_per_s * at,
            fds=round(40 + fds_per_s * at),
            threads=2,
            connections=None if at == 50 else connections,
        )
        for at in range(100)
    ]
    assert told == len(judge_samples(samples, 25, 13))
