"""Changing a value the caller may not see changes no byte of any answer."""

from collections.abc import Awaitable, Sequence
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from objectry_runtime.host.live import Live
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import Answer, feed, get_record, history, list_records
from objectry_runtime.store.executor import Executor
from tests.world import ANN, BOB, Store, new_call, pairs

pytestmark = pytest.mark.anyio

MINE, THEIRS = (f"0190a000-0000-7000-8000-00000000010{n}" for n in (1, 2))
ACME, BLUM = (f"0190a000-0000-7000-8000-00000000020{n}" for n in (1, 2))
ROLES = ("clerk",)

LISTS: Sequence[tuple[str, dict[str, str]]] = [
    ("order", {}),
    ("order", {"count": "exact"}),
    ("order", {"count": "estimate", "limit": "1"}),
    ("order", {"expand": "customer,lines"}),
    ("order", {"fields": "number,customer.name,customer.email,lines.article"}),
    ("order", {"sort": "-net_total,customer.name"}),
    ("order", {"sort": "margin"}),
    ("order", {"sort": "customer.credit_limit"}),
    ("order", {"margin__gt": "1"}),
    ("order", {"customer.credit_limit__gt": "1"}),
    ("order", {"customer.email__contains": "a"}),
    ("order", {"where": "margin > 1"}),
    ("order", {"where": "customer.credit_limit > 1"}),
    ("order", {"where": "customer.name == 'Acme' and sum(lines.quantity) > 0"}),
    ("order", {"remark__icontains": "s"}),
    ("order", {"status__ne": "draft", "sort": "status"}),
    ("order", {"expand": "margin"}),
    ("order_line", {}),
    ("order_line", {"parent": THEIRS}),
    ("order_line", {"parent.remark__isnull": "false"}),
    ("order_line", {"quantity__gt": "1", "sort": "-amount", "count": "exact"}),
    ("customer", {"sort": "name"}),
    ("customer", {"email": "x@y.zz"}),
    ("customer", {"note__contains": "x"}),
    ("customer", {"fields": "email,name"}),
]


async def told(answer: Awaitable[Answer]) -> str:
    """Everything a caller learns from a request."""
    try:
        found = await answer
    except Problem as problem:
        return repr((problem.status, problem.code, problem.detail, problem.errors))
    return repr((found.status, found.body, sorted(found.headers.items())))


async def everything(call: Call) -> list[str]:
    """All that the read path answers to a set of requests that try their best."""
    requests: list[Awaitable[Answer]] = [
        list_records(call, name, pairs(**params)) for name, params in LISTS
    ]
    for key in (MINE, THEIRS, "OR-0001", "OR-0002"):
        requests += [
            get_record(call, "order", key, pairs(expand="customer")),
            history(call, "order", key, ()),
            history(call, "order", key, pairs(at="2030-01-01T00:00:00Z")),
        ]
    for key in (ACME, BLUM):
        requests += [get_record(call, "customer", key, ()), history(call, "customer", key, ())]
    requests.append(feed(call, ()))
    return [await told(request) for request in requests]


HIDDEN = ["credit_limit", "note", "email", "margin", "theirs", "their_lines", "past"]
AMOUNTS = st.none() | st.decimals(min_value=0, max_value=9999, places=2)
TEXTS = st.none() | st.text("abxyz@.•", max_size=8)


def hide(owner: psycopg.Connection, what: str, amount: Decimal | None, text: str | None) -> None:
    """Change one kind of value that a clerk called Ann may not see."""
    match what:
        case "credit_limit" | "note" | "email":
            value = amount if what == "credit_limit" else text
            owner.execute(
                sql.SQL("update shop.customer set {} = %s").format(sql.Identifier(what)), (value,)
            )
        case "margin":
            owner.execute('update shop."order" set margin = %s', (amount,))
        case "theirs":
            owner.execute(
                'update shop."order" set remark = %s, net_total = %s, version = version + 1,'
                " status = 'sent', customer = %s where id = %s",
                (text, amount, ACME if amount else None, THEIRS),
            )
        case "their_lines":
            owner.execute(
                "update shop.order_line set article = %s, quantity = %s where parent_id = %s",
                (text, amount, THEIRS),
            )
        case _:
            owner.execute(
                "update objectry.history set record = record || jsonb_build_object('margin',"
                " %(a)s::text, 'credit_limit', %(a)s::text, 'note', %(t)s::text),"
                " changes = changes || jsonb_build_object('margin', jsonb_build_object('from',"
                " null, 'to', %(a)s::text), 'note', jsonb_build_object('from', null, 'to',"
                " %(t)s::text)) where record_id <> %(theirs)s",
                {"a": None if amount is None else str(amount), "t": text, "theirs": THEIRS},
            )
            owner.execute(
                "update objectry.history set record = jsonb_build_object('remark', %s::text)"
                " where record_id = %s",
                (text, THEIRS),
            )


@pytest.fixture
async def world(store: Store) -> None:
    """Two customers, an order of Ann's and one of Bob's, each with a line and a past."""
    for id, name in ((ACME, "Acme"), (BLUM, "Blüm")):
        store.insert("customer", id=id, name=name, country="DE")
        image = {"id": id, "name": name, "note": None, "credit_limit": None}
        change = {"name": {"from": None, "to": name}, "note": {"from": None, "to": None}}
        store.past("customer", id, 1, image, change, op="create", event="CustomerCreated")
    for id, number, who in ((MINE, "OR-0001", ANN), (THEIRS, "OR-0002", BOB)):
        store.insert("order", id=id, number=number, customer=ACME, status="draft", owner=who)
        store.insert("order_line", parent=id, article="nut", quantity=Decimal("2.00"))
        image = {"id": id, "number": number, "margin": None}
        store.past("order", id, 1, image, {"margin": {"from": None, "to": None}}, op="create")
        store.past("order", id, 2, image, event="OrderUpdated")
    await store.settled()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(st.sampled_from(HIDDEN), AMOUNTS, TEXTS), min_size=1, max_size=4))
async def test_what_is_hidden_does_not_show(
    changes: list[tuple[str, Decimal | None, str | None]],
    world: None,
    owner: psycopg.Connection,
    live: Live,
    executor: Executor,
) -> None:
    call = new_call(live, executor, *ROLES)
    before = await everything(call)
    for what, amount, text in changes:
        hide(owner, what, amount, text)

    after = await everything(call)

    assert before == after


async def test_the_requests_do_show_what_may_be_seen(
    world: None, owner: psycopg.Connection, live: Live, executor: Executor
) -> None:
    """The test above would pass if nothing were ever shown."""
    call = new_call(live, executor, "manager")
    silent: list[str] = []
    for what in HIDDEN:
        before = await everything(call)
        hide(owner, what, Decimal("77.00"), "b@x.yz")
        if before == await everything(call):
            silent.append(what)

    assert silent == []
