"""One record: by id or number, its lines, its ETag; and what a write answers with."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import psycopg
import pytest
from psycopg import sql

from objectry.values.ids import new_id
from objectry_runtime.events.json_values import as_object, as_rows
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import (
    get_record,
    read_many_statement,
    read_statement,
    record_answer,
)
from objectry_runtime.store.executor import Executor
from tests.world import BOB, Store, document, pairs

pytestmark = pytest.mark.anyio

Caller = Callable[..., Call]


@pytest.fixture
def order(store: Store) -> str:
    """An order with one line, sold to Acme."""
    acme = store.insert("customer", name="Acme", vip=False)
    order = store.insert(
        "order", number="OR-0001", customer=acme, status="draft", margin=Decimal("3.00")
    )
    store.insert("order_line", parent=order, article="nut", quantity=Decimal("1.00"))
    return order


async def refusal(call: Call, object_name: str, key: str) -> tuple[object, ...]:
    with pytest.raises(Problem) as refused:
        await get_record(call, object_name, key, ())
    problem = refused.value
    return (problem.status, problem.code, problem.title, problem.detail, problem.errors)


async def test_a_record_comes_with_its_lines_by_id_and_by_number(order: str, call: Caller) -> None:
    by_id = await get_record(call("manager"), "order", order.upper(), ())
    by_number = await get_record(call("manager"), "order", "OR-0001", ())

    lines = [as_object(line) for line in as_rows(document(by_id)["lines"])]
    assert [(one["article"], one["quantity"], one["amount"]) for one in lines] == [
        ("nut", "1.00", None)
    ]
    assert by_number == by_id


async def test_hidden_fields_are_not_there(order: str, call: Caller) -> None:
    shown = document(await get_record(call("clerk"), "order", order, pairs(expand="customer")))

    assert "margin" not in shown
    assert {"credit_limit", "note"}.isdisjoint(as_object(shown["customer"]))


async def test_absent_and_forbidden_read_the_same(order: str, call: Caller) -> None:
    bob = call("clerk", user=BOB)

    answers = [
        await refusal(bob, "order", key) for key in (order, new_id(), "OR-0001", "OR-9", "x" * 999)
    ]
    answers.append(await refusal(call("nobody"), "order", order))

    assert {repr(answer) for answer in answers} == {repr(answers[0])}
    assert answers[0][0] == 404


async def test_an_object_without_numbers_has_ids_only(store: Store, call: Caller) -> None:
    store.insert("customer", name="Acme")

    assert (await refusal(call("manager"), "customer", "Acme"))[0] == 404


async def test_the_tag_is_the_version_and_what_was_shown(order: str, call: Caller) -> None:
    manager = await get_record(call("manager"), "order", order, ())
    clerk = await get_record(call("clerk"), "order", order, ())

    tags = [answer.headers["ETag"] for answer in (manager, clerk)]
    assert all(tag.startswith('"1.') and len(tag) == 20 for tag in tags)
    assert tags[0] != tags[1]


@pytest.mark.parametrize(
    ("header", "status"),
    [("{tag}", 304), ('"x", W/{tag}', 304), ("*", 304), ('"1.0000000000000000"', 200), ("", 200)],
)
async def test_if_none_match_spares_the_body(
    header: str, status: int, order: str, call: Caller
) -> None:
    first = await get_record(call("manager"), "order", order, ())
    tag = first.headers["ETag"]
    again = msgspec.structs.replace(call("manager"), if_none_match=header.format(tag=tag))

    answer = await get_record(again, "order", order, ())

    assert (status, b"" if status == 304 else first.body, tag) == (
        answer.status,
        answer.body,
        answer.headers["ETag"],
    )


async def test_a_line_has_the_version_of_its_record(
    order: str, call: Caller, owner: psycopg.Connection
) -> None:
    owner.execute('update shop."order" set version = 7')
    row = owner.execute("select id::text from shop.order_line").fetchone()
    assert row is not None

    answer = await get_record(call("clerk"), "order_line", row[0], ())

    assert answer.headers["ETag"].startswith('"7.')
    assert document(answer)["parent"] == order


async def test_a_write_answers_with_what_get_shows(
    order: str, store: Store, call: Caller, executor: Executor
) -> None:
    other = store.insert("order", number="OR-0002", status="draft")
    clerk = call("clerk")

    (one,) = await executor.read(read_statement(clerk, "order", order))
    many = await executor.read(read_many_statement(clerk, "order", [other, order]))

    assert record_answer(one) == await get_record(clerk, "order", order, ())
    assert [record_answer(row) for row in many] == [
        await get_record(clerk, "order", id, ()) for id in (other, order)
    ]


async def test_dates_are_iso_whatever_the_server_is_set_to(
    order: str, call: Caller, owner: psycopg.Connection, executor: Executor
) -> None:
    before = await get_record(call("manager"), "order", order, ())
    row = owner.execute("select current_database()").fetchone()
    assert row is not None
    owner.execute(
        sql.SQL("alter database {} set datestyle = 'SQL, DMY'").format(sql.Identifier(row[0]))
    )
    await executor.close()
    await executor.open()

    assert await get_record(call("manager"), "order", order, ()) == before
