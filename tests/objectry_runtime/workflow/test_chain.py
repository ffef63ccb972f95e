"""The chain of documents, both ways, and what is open of them."""

from typing import Any

import pytest

from objectry_runtime.problems import Problem
from objectry_runtime.query import chain, open_lines
from objectry_runtime.workflow import act_together
from tests.objectry_runtime.command.world import World, body, refusal, text

pytestmark = pytest.mark.anyio

Record = dict[str, Any]


async def job(office: World, *pieces: str, **values: Any) -> Record:
    client = values.pop("client", None) or (await office.make("client", name="Ada"))["id"]
    rows = [{"what": one, "pieces": one} for one in pieces]
    made = await office.make("job", client=client, rows=rows, **values)
    return dict(await office.do("job", made["id"], "agree"))


async def asked(office: World, object_name: str, key: str, *roles: str) -> Record:
    return body(await chain(office.call(*roles), object_name, key, ()))


def ids(found: Record) -> set[str]:
    return {one["id"] for one in found["data"]}


async def billed(office: World, *jobs: Record) -> Record:
    given = text({"sources": [{"id": one["id"]} for one in jobs]})
    return body(await act_together(office.call(), "job", "bill", given))


async def test_every_document_of_the_graph_shows_all_of_it(office: World) -> None:
    one = await job(office, "5", subject="Roof")
    two = await job(office, "5", client=one["client"])
    made = await billed(office, one, two)
    reminder = await office.do("bill", made["id"], "reminder")
    trip = await office.do("job", two["id"], "trip")
    everything = {one["id"], two["id"], made["id"], reminder["id"], trip["id"]}
    for object_name, record in (("job", one), ("bill", made), ("reminder", reminder)):
        found = await asked(office, object_name, record["id"])
        assert everything == ids(found)
        assert {
            (one["id"], made["id"], "bill"),
            (two["id"], made["id"], "bill"),
            (two["id"], trip["id"], "trip"),
            (made["id"], reminder["id"], "reminder"),
        } == {(edge["from"], edge["to"], edge["via"]) for edge in found["edges"]}
        assert found["more"] is False
    shown = {each["id"]: each for each in found["data"]}
    assert {
        "object": "job",
        "id": one["id"],
        "number": one["number"],
        "title": "Roof",
        "status": "agreed",
    } == shown[one["id"]]
    assert None is shown[reminder["id"]]["status"]
    assert {made["created_at"]} == {
        edge["at"] for edge in found["edges"] if edge["to"] == made["id"]
    }
    assert found == await asked(office, "job", one["number"])


async def test_a_document_alone_is_its_own_chain(office: World) -> None:
    one = await job(office, "1")
    found = await asked(office, "job", one["id"])
    assert (1, []) == (len(found["data"]), found["edges"])


async def test_what_is_hidden_is_no_bridge(office: World) -> None:
    """`a` and `b` hang together by way of one that the clerk may not read."""
    hidden = await job(office, "5", secret=True)
    line = hidden["rows"][0]["id"]
    parts = [
        await office.do("job", hidden["id"], "bill", lines=[{"id": line, "quantity": "1"}])
        for _ in range(2)
    ]
    a, b = (one["id"] for one in parts)
    assert {hidden["id"], a, b} == ids(await asked(office, "bill", a))
    assert {a} == ids(await asked(office, "bill", a, "clerk"))
    with pytest.raises(Problem) as problem:
        await asked(office, "job", hidden["id"], "clerk")
    assert (404, "not_found") == refusal(problem.value)
    seen = await job(office, "1")
    await office.do("bill", (await billed(office, seen))["id"], "reminder")
    assert {"job", "bill"} == {
        one["object"] for one in (await asked(office, "job", seen["id"], "clerk"))["data"]
    }


async def test_fields_that_are_hidden_stay_hidden(office: World) -> None:
    """The title of a job is its subject; `driver` has no right on jobs at all."""
    one = await job(office, "1", subject="Roof")
    for key in (one["id"], one["number"], "nothing"):
        with pytest.raises(Problem) as problem:
            await asked(office, "job", key, "driver")
        assert (404, "not_found") == refusal(problem.value)
    with pytest.raises(Problem) as wrong:
        await chain(office.call(), "job", one["id"], [("depth", "1")])
    assert 400 == wrong.value.status


async def test_what_a_document_hides_its_chain_hides(office: World) -> None:
    one = await job(office, "1", subject="Roof")
    trip = await office.do("job", one["id"], "trip")
    (seen,) = (await asked(office, "job", one["id"], "director"))["data"]
    assert {
        "object": "job",
        "id": one["id"],
        "number": None,
        "title": None,
        "status": None,
    } == seen
    with pytest.raises(Problem) as problem:
        await asked(office, "job", one["number"], "director")
    assert (404, "not_found") == refusal(problem.value)
    found = await asked(office, "job", one["id"], "manager")
    assert {one["id"], trip["id"]} == ids(found)


async def test_the_nearest_are_told_where_there_are_many(
    office: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("objectry_runtime.query.chains.DOCUMENTS_MAX", 3)
    one = await job(office, "5")
    line = one["rows"][0]["id"]
    bills = [
        await office.do("job", one["id"], "bill", lines=[{"id": line, "quantity": "1"}])
        for _ in range(3)
    ]
    found = await asked(office, "bill", bills[1]["id"])
    assert (3, True) == (len(found["data"]), found["more"])
    assert {bills[1]["id"], one["id"]} < ids(found)
    assert {(one["id"], each["id"]) for each in found["data"] if each["object"] == "bill"} == {
        (edge["from"], edge["to"]) for edge in found["edges"]
    }


async def test_a_deleted_document_is_out_of_the_chain(office: World) -> None:
    one = await job(office, "1")
    trip = await office.do("job", one["id"], "trip")
    assert 2 == len(ids(await asked(office, "job", one["id"])))
    await office.remove("trip", trip["id"])
    assert {one["id"]} == ids(await asked(office, "job", one["id"]))


async def open_of(office: World, key: str, name: str, *roles: str) -> Record:
    return body(await open_lines(office.call(*roles), "job", key, name, ()))


async def test_open_quantities_are_told_line_by_line(office: World) -> None:
    one = await job(office, "5", "2.5")
    first, second = (row["id"] for row in one["rows"])
    assert {
        "data": [
            {"id": first, "quantity": "5.0", "converted": "0.0", "open": "5.0"},
            {"id": second, "quantity": "2.5", "converted": "0.0", "open": "2.5"},
        ],
        "open": True,
    } == await open_of(office, one["id"], "bill")
    part = await office.do("job", one["id"], "bill", lines=[{"id": first, "quantity": "3"}])
    found = await open_of(office, one["number"], "bill", "clerk")
    assert ["2.0", "2.5"] == [line["open"] for line in found["data"]]
    await office.do("job", one["id"], "bill")
    assert not (await open_of(office, one["id"], "bill"))["open"]
    await office.do("bill", part["id"], "void")
    given_back = await open_of(office, one["id"], "bill")
    assert (["3.0", "0.0"], True) == (
        [line["open"] for line in given_back["data"]],
        given_back["open"],
    )


async def test_a_conversion_without_lines_is_open_or_not(office: World) -> None:
    one = await job(office, "5")
    assert {"data": [], "open": True} == await open_of(office, one["id"], "trip")
    trip = await office.do("job", one["id"], "trip")
    assert {"data": [], "open": False} == await open_of(office, one["id"], "trip")
    await office.remove("trip", trip["id"])
    assert {"data": [], "open": True} == await open_of(office, one["id"], "trip")


async def test_open_quantities_are_for_who_may_convert(office: World) -> None:
    one = await job(office, "5")
    hidden = await job(office, "5", secret=True)
    for key, name, roles, expected in (
        (one["id"], "trip", "clerk", (403, "forbidden")),
        (hidden["id"], "trip", "clerk", (404, "not_found")),
        (hidden["id"], "bill", "clerk", (404, "not_found")),
        (one["id"], "nothing", "manager", (404, "not_found")),
        (one["id"], "bill", "driver", (404, "not_found")),
    ):
        with pytest.raises(Problem) as problem:
            await open_of(office, key, name, roles)
        assert expected == refusal(problem.value)
