"""Collective conversions: several documents into one; what is open stays right whoever is quick."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.workflow import act, act_together
from tests.objectry_runtime.command.world import World, body, errors, picked, refusal, text

pytestmark = pytest.mark.anyio

Record = dict[str, Any]
OVER = "open_quantity"


async def client(office: World) -> str:
    return str((await office.make("client", name="Ada", secret="s"))["id"])


async def job(office: World, client: str, *pieces: str, **values: Any) -> Record:
    rows = [{"what": f"part {one}", "pieces": one} for one in pieces]
    made = await office.make("job", client=client, rows=rows, **values)
    return dict(await office.do("job", made["id"], "agree"))


async def bill(office: World, sources: list[Any], *roles: str, **more: Any) -> Record:
    call = office.call(*roles, **more)
    return body(await act_together(call, "job", "bill", text({"sources": sources})))


async def refused(office: World, sources: list[Any], *roles: str) -> Problem:
    with pytest.raises(Problem) as problem:
        await bill(office, sources, *roles)
    return problem.value


def whole(*jobs: Record) -> list[Any]:
    return [{"id": one["id"]} for one in jobs]


async def test_several_documents_make_one_with_all_their_lines_in_order(office: World) -> None:
    ada = await client(office)
    second, first = await job(office, ada, "3", "4"), await job(office, ada, "1", "2")
    answer = await act_together(
        office.call(), "job", "bill", text({"sources": whole(first, second)})
    )
    made = body(answer)
    assert (201, f"/api/v1/bills/{made['id']}") == (answer.status, answer.headers["Location"])
    assert {"client": ada, "currency": "EUR"} == picked(made, "client", "currency")
    assert ["1.0", "2.0", "3.0", "4.0"] == [row["amount"] for row in made["rows"]]
    for one in (first, second):
        with pytest.raises(Problem) as nothing:
            await office.do("job", one["id"], "bill")
        assert (409, "nothing_open") == refusal(nothing.value)


async def test_a_part_of_each_can_be_taken(office: World) -> None:
    ada = await client(office)
    one, two = await job(office, ada, "5"), await job(office, ada, "5")
    part = [{"id": one["rows"][0]["id"], "quantity": "2"}]
    made = await bill(office, [{"id": one["id"], "lines": part}, {"id": two["id"]}])
    assert ["2.0", "5.0"] == [row["amount"] for row in made["rows"]]
    rest = await bill(office, whole(one))
    assert ["3.0"] == [row["amount"] for row in rest["rows"]]


async def test_all_that_is_wrong_with_the_sources_is_told_at_once(office: World) -> None:
    ada = await client(office)
    one, two = await job(office, ada, "5"), await job(office, ada, "5")
    await bill(office, whole(one))
    part = [{"id": two["rows"][0]["id"], "quantity": "5.1"}]
    problem = await refused(office, [*whole(one), {"id": two["id"], "lines": part}])
    assert {"/sources/0": OVER, "/sources/1/lines/0/quantity": OVER} == errors(problem)
    assert ["5.0"] == [row["amount"] for row in (await bill(office, whole(two)))["rows"]]


async def test_a_wrong_body_is_told_by_its_place(office: World) -> None:
    one = await job(office, await client(office), "5")
    known = one["id"]
    wrong: list[tuple[Any, dict[str, str]]] = [
        ({}, {"/sources": "type"}),
        ([], {"/sources": "type"}),
        ({"sources": []}, {"/sources": "type"}),
        ({"sources": [{"id": known}] * 501}, {"/sources": "type"}),
        ({"sources": [7]}, {"/sources/0": "type"}),
        ({"sources": [{"id": "x"}]}, {"/sources/0/id": "link"}),
        ({"sources": whole(one, one)}, {"/sources/1/id": "duplicate"}),
        ({"sources": whole(one), "lines": []}, {"/lines": "unknown_field"}),
        ({"sources": [{"id": known, "quantity": 1}]}, {"/sources/0/quantity": "unknown_field"}),
        ({"sources": [{"id": known, "lines": {}}]}, {"/sources/0/lines": "type"}),
        (
            {"sources": [{"id": "0190a6d0-0000-7000-8000-000000000000"}]},
            {"/sources/0/id": "link"},
        ),
    ]
    for given, expected in wrong:
        with pytest.raises(Problem) as problem:
            await act_together(office.call(), "job", "bill", text(given))
        assert expected == errors(problem.value)
    trip = {"sources": [{"id": known, "lines": [{"id": one["rows"][0]["id"]}]}]}
    with pytest.raises(Problem) as problem:
        await act_together(office.call(), "job", "trip", text(trip))
    assert {"/sources/0/lines": "unknown_field"} == errors(problem.value)


async def test_what_is_handed_over_must_agree(office: World) -> None:
    ada = await client(office)
    euros, dollars = await job(office, ada, "1"), await job(office, ada, "1", currency="USD")
    problem = await refused(office, whole(euros, dollars))
    assert {"/sources/1": "disagree"} == errors(problem)
    assert "`currency` is `USD` here and `EUR` in the first." == problem.errors[0].message


async def test_a_disagreement_tells_nothing_that_is_hidden(office: World) -> None:
    ada = await client(office)
    cheap, dear = await job(office, ada, "1"), await job(office, ada, "1", rebate=5)
    (told,) = (await refused(office, whole(cheap, dear), "clerk")).errors
    assert "What they hand over would not be the same as of the first." == told.message
    other = (await office.make("client", name="Eve", secret="t"))["id"]
    here, there = await job(office, ada, "1"), await job(office, other, "1")
    problem = await refused(office, whole(here, there), "clerk")
    assert not any("secret" in one.message or "hint" in one.message for one in problem.errors)
    (shown,) = [one for one in (await refused(office, whole(cheap, dear), "manager")).errors]
    assert "`rebate` is `5" in shown.message


async def test_a_record_that_may_not_be_read_is_not_there(office: World) -> None:
    ada = await client(office)
    seen, hidden = await job(office, ada, "1"), await job(office, ada, "1", secret=True)
    problem = await refused(office, whole(seen, hidden), "clerk")
    unknown = await refused(
        office, [*whole(seen), {"id": "0190a6d0-0000-7000-8000-000000000000"}], "clerk"
    )
    assert {"/sources/1/id": "link"} == errors(problem)
    assert problem.errors == unknown.errors


async def test_it_needs_its_grant_and_its_word(office: World) -> None:
    one = await job(office, await client(office), "1")
    for object_name, name, roles, expected in (
        ("job", "trip", ("clerk",), (403, "forbidden")),
        ("job", "nothing", (), (404, "not_found")),
        ("bill", "reminder", (), (404, "not_found")),
    ):
        with pytest.raises(Problem) as problem:
            await act_together(
                office.call(*roles), object_name, name, text({"sources": whole(one)})
            )
        assert expected == refusal(problem.value)


async def test_the_guard_must_hold_of_each(office: World) -> None:
    ada = await client(office)
    agreed = await job(office, ada, "1")
    raw = await office.make("job", client=ada, rows=[{"what": "x"}])
    problem = await refused(office, whole(agreed, raw))
    assert (409, "conversion_refused") == refusal(problem)
    assert problem.detail.startswith("/sources/1: ")


async def test_without_lines_each_document_is_taken_once(office: World) -> None:
    ada = await client(office)
    jobs = [await job(office, ada, "1") for _ in range(3)]

    async def trip(*sources: Record) -> Record:
        given = text({"sources": whole(*sources)})
        return body(await act_together(office.call(), "job", "trip", given))

    made = await trip(jobs[0], jobs[1])
    with pytest.raises(Problem) as problem:
        await trip(jobs[1], jobs[2])
    assert {"/sources/0": OVER} == errors(problem.value)
    await office.remove("trip", made["id"])
    again = await trip(jobs[1], jobs[2])
    with pytest.raises(Problem) as taken_since:
        await office.do("trip", made["id"], "restore")
    assert {"": OVER} == errors(taken_since.value)
    await office.remove("trip", again["id"])
    await office.do("trip", made["id"], "restore")


async def test_every_source_tells_its_event_and_the_first_is_the_cause(office: World) -> None:
    ada = await client(office)
    jobs = [await job(office, ada, "1") for _ in range(3)]
    await bill(office, whole(*reversed(jobs)))
    rows = await office.ask(
        "select type, record_id::text, uid::text, causation from objectry.event "
        "where tenant_id = $1::integer and type in ('JobBilled', 'BillCreated') order by id"
    )
    billed = [row for row in rows if row[0] == "JobBilled"]
    (created,) = [row for row in rows if row[0] == "BillCreated"]
    assert [one["id"] for one in reversed(jobs)] == [row[1] for row in billed]
    assert billed[0][2] == created[3]


async def test_the_same_key_makes_one(office: World) -> None:
    ada = await client(office)
    jobs = [await job(office, ada, "1") for _ in range(2)]
    given = text({"sources": whole(*jobs)})
    call = office.call(idempotency_key="k")
    answers = await asyncio.gather(*(act_together(call, "job", "bill", given) for _ in range(4)))
    assert 1 == len({one.body for one in answers})
    with pytest.raises(Problem) as problem:
        await act_together(call, "job", "bill", text({"sources": whole(jobs[0])}))
    assert (422, "idempotency_mismatch") == refusal(problem.value)


async def test_a_dry_run_leaves_all_open(office: World) -> None:
    jobs = [await job(office, await client(office), "1")]
    await bill(office, whole(*jobs), dry_run=True)
    assert 1 == len((await bill(office, whole(*jobs)))["rows"])


async def taken(office: World, line: str) -> Decimal:
    rows = await office.ask(
        "select coalesce(sum(r.amount), 0)::text from objectry.conversion_line c "
        "join office.bill b on b.tenant_id = c.tenant_id and b.id = c.target_id "
        "join office.bill_row r on r.tenant_id = c.tenant_id and r.id = c.target_line_id "
        "where c.tenant_id = $1::integer and c.source_line_id = $2::uuid and b.status <> 'void'",
        line,
    )
    return Decimal(str(rows[0][0]))


async def test_overlapping_collective_bills_never_take_more_than_there_is(office: World) -> None:
    """Eight jobs of ten pieces each; forty bills at once over changing halves, some given back."""
    ada = await client(office)
    jobs = [await job(office, ada, "10") for _ in range(8)]

    async def some(turn: int) -> Answer:
        chosen = [jobs[(turn + step * 3) % 8] for step in range(4)]
        if turn % 2:
            chosen.reverse()
        parts = [
            {"id": one["id"], "lines": [{"id": one["rows"][0]["id"], "quantity": "1.5"}]}
            for one in chosen
        ]
        answer = await act_together(office.call(), "job", "bill", text({"sources": parts}))
        if turn % 5 == 0:
            await act(office.call(), "bill", body(answer)["id"], "void", b"{}")
        return answer

    outcomes = await asyncio.gather(*(some(turn) for turn in range(40)), return_exceptions=True)
    strange = [
        one
        for one in outcomes
        if not (isinstance(one, Answer) or (isinstance(one, Problem) and one.status == 422))
    ]
    assert [] == strange
    assert any(isinstance(one, Problem) for one in outcomes)
    for one in jobs:
        assert Decimal(10) >= await taken(office, one["rows"][0]["id"])


async def test_two_bills_over_the_same_whole_jobs_split_nothing(office: World) -> None:
    ada = await client(office)
    for _ in range(6):
        jobs = [await job(office, ada, "10") for _ in range(3)]
        outcomes = await asyncio.gather(
            bill(office, whole(*jobs)), bill(office, whole(*reversed(jobs))), return_exceptions=True
        )
        assert 1 == sum(isinstance(one, Problem) for one in outcomes)
        for one in jobs:
            assert Decimal(10) == await taken(office, one["rows"][0]["id"])
