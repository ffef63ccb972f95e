"""Creating: defaults, formulas, checks, rights, and what is kept beside the record."""

from typing import Any

import msgspec
import pytest

from objectry_runtime.command import create
from objectry_runtime.problems import Problem
from tests.objectry_runtime.command.world import World, body, errors, picked, refusal, text

pytestmark = pytest.mark.anyio


async def test_a_record_is_completed_by_defaults_formulas_and_plugins(world: World) -> None:
    customer = await world.make("customer", name="Jansson", currency="JPY")
    sale = await world.make(
        "sale",
        customer=customer["id"],
        lines=[
            {"what": "Tea", "quantity": "2.50", "price": "333"},
            {"what": "Cup", "price": 1000, "rate": "7"},
        ],
    )
    assert {
        "number": "S-2026-001",
        "status": "open",
        "sold_on": "2026-03-31",
        "due_on": "2026-04-14",
        "currency": "JPY",
        "address": "Jansson",
        "rebate": "0",
        "net": "1833",
        "tax": "228",
        "gross": "2061",
    } == picked(
        sale,
        *("number", "status", "sold_on", "due_on", "currency"),
        *("address", "rebate", "net", "tax", "gross"),
    )
    assert [("2.50", "333", "833"), ("1.00", "1000", "1000")] == [
        (line["quantity"], line["price"], line["net"]) for line in sale["lines"]
    ]


async def test_the_answer_of_a_create_is_what_reading_it_answers(world: World) -> None:
    answer = await create(world.call(), "customer", text({"name": "Ada", "discount": "5"}))
    record = body(answer)
    assert (201, f"/api/v1/customers/{record['id']}") == (answer.status, answer.headers["Location"])
    assert answer.headers["ETag"].startswith('"1.')
    assert record == await world.get("customer", record["id"])
    assert "5.0000" == record["discount"]


async def test_history_and_event_stand_beside_the_record(world: World) -> None:
    customer = await world.make("customer", name="Ada", code="A1")
    (version,) = await world.history(customer["id"])
    assert ("create", 1, "Ada") == (
        version["op"],
        version["version"],
        version["record"]["name"],
    )
    assert {"from": None, "to": "A1"} == version["changes"]["code"]
    assert ["CustomerCreated"] == await world.events()


async def test_sensitive_values_are_sealed_in_history(world: World) -> None:
    customer = await world.make("customer", name="Ada", born="1990-05-17")
    await world.change("customer", customer["id"], born="1990-05-18")
    first, second = await world.history(customer["id"])
    assert ["$sealed"] == list(first["record"]["born"])
    assert ["$sealed"] == list(second["changes"]["born"]["from"])
    assert "1990" not in str((first, second))
    assert [("1",)] == await world.ask(
        "select count(*)::text from objectry.subject_key where tenant_id = $1::integer"
    )


async def test_all_field_errors_come_at_once(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    with pytest.raises(Problem) as refused:
        await world.make(
            "sale",
            customer=customer["id"],
            sold_on="2026-03-31",
            due_on="2026-03-01",
            net="5",
            status="done",
            nonsense=1,
            rebate="0.005",
            lines=[{"quantity": "-1", "price": "1.999"}, {"what": "x", "price": "1000000"}],
        )
    assert (422, "validation_failed") == refusal(refused.value)
    assert {
        "/net": "read_only",
        "/status": "state",
        "/nonsense": "unknown_field",
        "/lines/0/quantity": "min",
        "/lines/0/what": "required",
        "/lines/0/price": "scale",
        "/lines/1/price": "check",
        "/rebate": "scale",
        "/due_on": "check",
    } == errors(refused.value)


async def test_the_workflow_field_may_be_named_as_it_will_be(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    assert "open" == (await world.make("sale", customer=customer["id"], status="open"))["status"]


async def test_an_amount_has_the_places_of_its_currency(world: World) -> None:
    customer = await world.make("customer", name="Ada", currency="BHD")
    line = {"what": "Tea", "price": "1.001"}
    sale = await world.make("sale", customer=customer["id"], lines=[line])
    assert ("1.001", "1.001") == (sale["net"], sale["lines"][0]["price"])
    with pytest.raises(Problem) as refused:
        await world.change("sale", sale["id"], currency="EUR")
    assert {"/lines/0/price": "scale"} == errors(refused.value)
    with pytest.raises(Problem) as refused:
        await world.change("sale", sale["id"], rebate="0.0001")
    assert {"/rebate": "scale"} == errors(refused.value)


async def test_defaults_may_follow_a_link_that_is_a_default(world: World) -> None:
    secret = await world.make("region", name="secret")
    customer = await world.make("customer", name="Ada", region=secret["id"])
    sale = await world.make("sale", "clerk", customer=customer["id"])
    assert (secret["id"], "secret") == (sale["region"], sale["area"])
    with pytest.raises(Problem) as refused:
        await world.make("sale", "clerk", customer=customer["id"], region=secret["id"])
    assert {"/region": "link"} == errors(refused.value)


async def test_checks_may_read_live_formulas(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    sale = await world.make("sale", customer=customer["id"], sold_on="2026-03-30")
    assert 1 == sale["open_for"]
    with pytest.raises(Problem) as refused:
        await world.make("sale", customer=customer["id"], sold_on="2026-04-01")
    assert {"/sold_on": "check"} == errors(refused.value)


async def test_the_company_may_round_half_to_even(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    line = {"what": "x", "price": "0.25", "quantity": "0.5"}
    raw = {"customer": customer["id"], "lines": [line]}
    world.live = msgspec.structs.replace(
        world.live, settings={"company": {"rounding": "half_even"}}, compiled={}
    )
    assert "0.12" == (await world.make("sale", **raw))["net"]


async def test_an_old_name_is_taken_and_said_to_be_old(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    raw = text({"customer": customer["id"], "remark": "hello"})
    answer = await create(world.call(), "sale", raw)
    assert ("hello", True) == (body(answer)["note"], "Deprecation" in answer.headers)
    assert (
        "Deprecation" not in (await create(world.call(), "customer", text({"name": "A"}))).headers
    )


async def test_hidden_and_missing_links_answer_the_same(world: World) -> None:
    hidden = await world.make("customer", name="hidden")
    told: list[Any] = []
    for link in (hidden["id"], "0190a6d0-0000-7000-8000-000000000000"):
        with pytest.raises(Problem) as refused:
            await world.make("sale", "clerk", customer=link)
        told.append([(one.pointer, one.code, one.message) for one in refused.value.errors])
    assert told[0] == told[1]
    assert ("/customer", "link", "There is no such record.") in told[0]


async def test_a_rule_that_needs_a_value_is_asked_of_the_record(world: World) -> None:
    with pytest.raises(Problem) as refused:
        await world.make("customer", name="Ada", married=True)
    assert {"/spouse": "required"} == errors(refused.value)
    with pytest.raises(Problem) as refused:
        await world.make("customer", name="Ada", maiden="B")
    assert {"/maiden": "not_applicable"} == errors(refused.value)


async def test_a_field_that_no_longer_applies_is_emptied(world: World) -> None:
    ada = await world.make("customer", name="Ada", married=True, spouse="W", maiden="B")
    assert "B" == ada["maiden"]
    assert (await world.change("customer", ada["id"], married=False))["maiden"] is None


async def test_what_a_caller_may_not_see_is_as_unknown_as_a_typo(world: World) -> None:
    told: list[Any] = []
    for name in ("spouse", "spuose"):
        with pytest.raises(Problem) as refused:
            await world.make("customer", "clerk", **{"name": "Ada", name: "x"})
        told.append([(one.code, one.message) for one in refused.value.errors])
    assert told[0] == told[1]
    with pytest.raises(Problem) as refused:
        await world.make("customer", "clerk", name="Ada", discount="1", vip=True)
    assert {"/discount": "read_only", "/vip": "read_only"} == errors(refused.value)


async def test_a_create_rule_must_hold_of_the_new_record(world: World) -> None:
    with pytest.raises(Problem) as refused:
        await world.make("customer", "clerk", name="forbidden")
    assert (403, "forbidden") == refusal(refused.value)
    assert [] == await world.events()


async def test_who_may_not_create_is_told_so_and_strangers_nothing(world: World) -> None:
    with pytest.raises(Problem) as refused:
        await world.make("shelf", "chief", row=1)
    assert (403, "forbidden") == refusal(refused.value)
    with pytest.raises(Problem) as refused:
        await world.make("shelf", "guest", row=1)
    assert (404, "not_found") == refusal(refused.value)


async def test_who_may_create_but_not_read_gets_the_id(world: World) -> None:
    record = await world.make("customer", "writer", name="Ada")
    assert ["id"] == list(record)
    assert "Ada" == (await world.get("customer", record["id"]))["name"]


async def test_a_taken_unique_value_is_a_field_error(world: World) -> None:
    await world.make("customer", name="Ada", code="A")
    with pytest.raises(Problem) as refused:
        await world.make("customer", name="Bob", code="A")
    assert {"/code": "unique"} == errors(refused.value)
    assert "A" not in refused.value.errors[0].message.split()
    assert 2 == len([await world.make("customer", name=name) for name in "CD"])


async def test_a_dry_run_answers_as_usual_and_keeps_nothing(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    dry = await create(world.call(dry_run=True), "sale", text({"customer": customer["id"]}))
    assert (201, "S-2026-001") == (dry.status, body(dry)["number"])
    assert "S-2026-001" == (await world.make("sale", customer=customer["id"]))["number"]
    assert ["CustomerCreated", "SaleCreated"] == await world.events()


async def test_a_thousand_records_at_once(world: World) -> None:
    rows = [{"name": f"C{index}", "code": f"c{index}"} for index in range(1000)]
    answer = await create(world.call(), "customer", text(rows))
    assert 201 == answer.status
    assert [row["name"] for row in rows] == [one["name"] for one in body(answer)["data"]]
    assert 1000 == len(await world.events())


async def test_one_bad_row_refuses_all_of_them(world: World) -> None:
    await world.make("customer", name="Z", code="taken")
    with pytest.raises(Problem) as refused:
        await create(world.call(), "customer", text([{"name": "A"}, {"nam": "B"}, {"name": ""}]))
    assert {"/1/nam": "unknown_field", "/1/name": "required", "/2/name": "required"} == errors(
        refused.value
    )
    rows = [{"name": "A", "code": "x"}, {"name": "B", "code": "taken"}, {"name": "C", "code": "x"}]
    with pytest.raises(Problem) as refused:
        await create(world.call(), "customer", text(rows))
    assert {"/1/code": "unique", "/2/code": "unique"} == errors(refused.value)
    assert ["CustomerCreated"] == await world.events()


async def test_numbers_of_a_bulk_follow_its_order_in_each_series(world: World) -> None:
    rows = [{"queue": "b"}, {"queue": "a"}, {"queue": "b"}, {}]
    answer = await create(world.call(), "ticket", text(rows))
    assert ["b/1", "a/1", "b/2", "a/2"] == [one["number"] for one in body(answer)["data"]]


@pytest.mark.parametrize("raw", [b"", b"{", b"[", b"\xff", b'{"name": 1, "name": 2}', b"NaN"])
async def test_what_is_no_json_is_a_bad_request(world: World, raw: bytes) -> None:
    with pytest.raises(Problem) as refused:
        await create(world.call(), "customer", raw)
    assert (400, "invalid_json") == refusal(refused.value)


async def test_a_key_that_can_be_no_field_is_unknown(world: World) -> None:
    raw = {"name": "A", "region.name": 1, "lines.x": 1, "": 1, "a/b": 1, "sale.": 1}
    with pytest.raises(Problem) as refused:
        await create(world.call(), "customer", text(raw))
    assert {"unknown_field"} == set(errors(refused.value).values())
    assert 5 == len(refused.value.errors)


@pytest.mark.parametrize("raw", [b"null", b"1", b'"x"', b"[]", b"[1]", b"[[]]"])
async def test_what_is_no_record_is_a_field_error(world: World, raw: bytes) -> None:
    with pytest.raises(Problem) as refused:
        await create(world.call(), "customer", raw)
    assert 422 == refused.value.status


async def test_lines_are_not_written_by_themselves(world: World) -> None:
    with pytest.raises(Problem) as refused:
        await world.make("sale_line", what="Tea", price="1")
    assert (405, "method_not_allowed") == refusal(refused.value)


async def test_a_result_too_large_to_keep_is_a_field_error(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    line = {"what": "x", "price": "999999", "quantity": "9" * 15, "rate": "9" * 15}
    with pytest.raises(Problem) as refused:
        await world.make("sale", customer=customer["id"], lines=[line] * 2)
    assert "range" == errors(refused.value)["/tax"]


async def test_what_only_follows_from_another_error_is_not_said(world: World) -> None:
    """The currency is missing because the customer is; what else is wrong comes all the same."""
    customer = await world.make("customer", name="Ada")
    lines = [{"price": "1"}, {"what": "Tea"}]
    own = {"/lines/0/what": "required", "/lines/1/price": "required"}
    stranger = "0190a6d0-0000-7000-8000-000000000000"
    wrong: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({}, {"/customer": "required"}),
        ({"customer": 7}, {"/customer": "type"}),
        ({"customer": stranger}, {"/customer": "link"}),
        ({"currency": None}, {"/customer": "required", "/currency": "required"}),
        ({"customer": customer["id"], "currency": None}, {"/currency": "required"}),
        ({"customer": customer["id"], "currency": "EURO"}, {"/currency": "currency"}),
    ]
    for said, expected in wrong:
        with pytest.raises(Problem) as refused:
            await create(world.call(), "sale", text({**said, "lines": lines}))
        assert {**expected, **own} == errors(refused.value)
    with pytest.raises(Problem) as bulk:
        await create(world.call(), "sale", text([{}, {"customer": stranger}]))
    assert {"/0/customer": "required", "/1/customer": "link"} == errors(bulk.value)


async def test_what_follows_through_other_fields_is_not_said_either(world: World) -> None:
    """A chain of defaults and formulas, over lines and their parent, leads to its cause."""
    with pytest.raises(Problem) as refused:
        await create(world.call(), "chain", text({"links": [{}, {"size": "2"}]}))
    assert {"/first": "required"} == errors(refused.value)
    with pytest.raises(Problem) as refused:
        await create(world.call(), "chain", text({"first": "1", "last": None, "links": [{}]}))
    assert {"/last": "required"} == errors(refused.value)
