"""Numbers by company: drawn at a transition, gapless, each its own count, anew every year."""

import asyncio
from typing import Any

import pytest

from objectry.metadata.checks import check
from objectry.metadata.loader import load_documents
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.workflow import act
from tests.objectry_runtime.command.world import World, body, refusal

pytestmark = pytest.mark.anyio

Record = dict[str, Any]


async def companies(office: World) -> list[str]:
    return [(await office.make("company", code=code))["id"] for code in ("AB", "XY")]


async def issue(office: World, company: str, **values: Any) -> str:
    made = await office.make("bill", company=company, **values)
    assert None is made["number"]
    return str((await office.do("bill", made["id"], "issue"))["number"])


async def test_each_company_counts_for_itself_and_its_code_is_in_the_number(office: World) -> None:
    ab, xy = await companies(office)
    numbers = [await issue(office, one) for one in (ab, xy, ab)]
    assert ["AB-2026-001", "XY-2026-001", "AB-2026-002"] == numbers


async def test_the_count_begins_anew_with_the_year_of_the_named_date(office: World) -> None:
    ab, _ = await companies(office)
    days = ["2026-12-31", "2027-01-01", "2026-12-31", "2027-06-01"]
    numbers = [await issue(office, ab, dated=day) for day in days]
    assert ["AB-2026-001", "AB-2027-001", "AB-2026-002", "AB-2027-002"] == numbers


async def test_parallel_draws_of_two_companies_leave_no_gap(office: World) -> None:
    """Fifty each at once; every fifth is refused after it may have drawn."""
    two = await companies(office)
    made = [
        await office.make("bill", company=company, dated="2026-05-05")
        for company in two
        for _ in range(50)
    ]

    async def take(index: int, id: str) -> Answer:
        dry = index % 5 == 0
        return await act(office.call(dry_run=dry), "bill", id, "issue", b"{}")

    answers = await asyncio.gather(*(take(index, one["id"]) for index, one in enumerate(made)))
    kept = [body(answer)["number"] for index, answer in enumerate(answers) if index % 5]
    expected = [f"{code}-2026-{n:03}" for code in ("AB", "XY") for n in range(1, 41)]
    assert expected == sorted(kept)


async def test_a_refused_draw_leaves_no_gap_and_a_numbered_bill_stays(office: World) -> None:
    ab, _ = await companies(office)
    first = await office.make("bill", company=ab)
    outcomes = await asyncio.gather(
        *(act(office.call(), "bill", first["id"], "issue", b"{}") for _ in range(8)),
        return_exceptions=True,
    )
    assert 7 == sum(isinstance(one, Problem) for one in outcomes)
    assert "AB-2026-002" == await issue(office, ab)
    with pytest.raises(Problem) as problem:
        await office.remove("bill", first["id"])
    assert (409, "gapless_number") == refusal(problem.value)
    await office.do("bill", first["id"], "void")
    assert "AB-2026-001" == (await office.get("bill", first["id"]))["number"]


def found(pattern: str, code: str = "code: {type: text, unique: true}") -> list[str]:
    loaded = load_documents(
        {
            "a.yaml": "service: office\n---\nobject: bill\nservice: office\n"
            f"numbering: {{pattern: '{pattern}', scope: [company]}}\n"
            "fields: {company: {type: link, to: company}, dated: {type: date}}\n---\n"
            f"object: company\nservice: office\nfields: {{{code}}}\n"
        }
    )
    return [one.code for one in check(loaded.definitions, loaded.sources)]


def test_what_a_pattern_names_behind_a_link_tells_companies_apart() -> None:
    assert [] == found("{company.code}-{seq}")
    assert [] == found("{company}-{seq}")
    assert ["OBJ0351"] == found("{company.code}-{seq}", "code: {type: text}")
    assert ["OBJ0312"] == found("{company.cod}-{seq}")
    assert ["OBJ0350", "OBJ0351"] == sorted(found("{dated.code}-{seq}"))
    assert ["OBJ0351"] == found("{seq}")
