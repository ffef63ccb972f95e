"""What a query can't say: a 400 that names it, the same for a hidden name and a typo."""

import base64
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from objectry_runtime.host.live import Live
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import feed, get_record, history, list_records
from objectry_runtime.store.executor import Executor
from tests.world import Store, document, new_call, pairs

pytestmark = pytest.mark.anyio

Caller = Callable[..., Call]


async def detail(call: Call, params: Sequence[tuple[str, str]], object_name: str = "order") -> str:
    with pytest.raises(Problem) as refused:
        await list_records(call, object_name, params)
    assert (refused.value.status, refused.value.code) == (400, "bad_query")
    return refused.value.detail


REFUSED = [
    (
        {"prioritty": "1"},
        'There is no parameter or field "prioritty". Did you mean "priority"?',
    ),
    (
        {"prioritty__gt": "1"},
        'prioritty__gt: order has no field "prioritty". Did you mean "priority"?',
    ),
    (
        {"priority__gtt": "1"},
        'priority__gtt: there is no operator "gtt". Did you mean "gt"?',
    ),
    (
        {"urgent__gt": "true"},
        'urgent__gt: a boolean field takes eq, ne, in, not_in, isnull; not "gt".',
    ),
    ({"lines": "1"}, 'lines: a table field can\'t be filtered by; not "eq".'),
    ({"priority": "1.5"}, 'priority: "1.5" is not a whole number, such as 42.'),
    ({"priority": "9223372036854775808"}, None),
    ({"priority": "NaN"}, None),
    ({"discount": "1e999"}, None),
    ({"discount": ""}, 'discount: "" is not a number, such as 119.00.'),
    ({"urgent": "yes"}, 'urgent: "yes" is not true or false.'),
    ({"order_date": "31.3.2026"}, 'order_date: "31.3.2026" is not a date, such as 2026-03-31.'),
    ({"shipped_at": "2026-03-31"}, None),
    ({"customer": "Acme"}, 'customer: "Acme" is not the id of a record.'),
    ({"currency": "eur"}, 'currency: "eur" is not a currency of ISO 4217, such as EUR.'),
    ({"customer.country": "Germany"}, None),
    ({"status": "snet"}, 'status: "snet" is no option. Did you mean "sent"?'),
    ({"priority__between": "1"}, "priority__between: between takes two values, such as 1,5."),
    ({"priority__isnull": "maybe"}, 'priority__isnull: "maybe" is not true or false.'),
    ({"remark": "a\0b"}, None),
    ({"lines.article": "nut"}, None),
    ({"number.x": "1"}, 'number.x: "number" leads to nothing that can be read.'),
    ({"sort": "prio"}, 'sort: order has no field "prio". Did you mean "priority"?'),
    ({"sort": "priority,-priority"}, 'sort: "priority" is named twice.'),
    ({"sort": "lines"}, 'sort: "lines" is a table and has no order.'),
    ({"sort": "--priority"}, None),
    ({"fields": "numbr"}, 'fields: order has no field "numbr". Did you mean "number"?'),
    ({"fields": "number,,id"}, None),
    ({"fields": "number.x"}, 'fields: "number" is no link and no table.'),
    ({"expand": "number"}, 'expand: "number" is no link and no table.'),
    ({"expand": "owner"}, 'expand: "owner" leads to nothing that can be read.'),
    ({"limit": "501"}, 'limit: "501" is not a whole number from 1 to 500.'),
    ({"limit": "0"}, 'limit: "0" is not a whole number from 1 to 500.'),
    ({"limit": "²"}, None),
    ({"count": "yes"}, 'count: "yes" is neither exact nor estimate.'),
    ({"cursor": "abc"}, None),
    ({"where": "priority +"}, None),
    ({"where": "priority"}, None),
    ({"where": "unknown_name == 1"}, None),
    ({"q": "x"}, 'There is no parameter or field "q".'),
    ({"x" * 500: "1"}, None),
    ({"": "1"}, None),
    ({"__": "1"}, None),
    ({".": "1"}, None),
]


async def test_a_wrong_query_is_told_what_is_wrong(call: Caller) -> None:
    told = [(params, await detail(call("manager"), pairs(**params))) for params, _ in REFUSED]

    assert told == [
        (params, message if message is not None else detail)
        for (params, message), (_, detail) in zip(REFUSED, told, strict=True)
    ]
    assert all(len(message) < 400 for _, message in told)


async def test_a_parameter_that_comes_twice_is_refused(call: Caller) -> None:
    params = (("priority", "1"), ("priority", "2"))

    assert await detail(call("manager"), params) == '"priority" is given twice.'


HIDDEN = [
    ({name: "1"}, {name.replace("margin", "margix"): "1"})
    for name in ("margin", "margin__gt", "margin__nonsense", "margin.x")
] + [
    ({"sort": "margin"}, {"sort": "margix"}),
    ({"fields": "margin"}, {"fields": "margix"}),
    ({"expand": "margin"}, {"expand": "margix"}),
    ({"where": "margin > 1"}, {"where": "margix > 1"}),
    ({"customer.credit_limit": "1"}, {"customer.credit_limix": "1"}),
    ({"sort": "customer.credit_limit"}, {"sort": "customer.credit_limix"}),
    ({"where": "customer.credit_limit > 1"}, {"where": "customer.credit_limix > 1"}),
    ({"where": "customer.note == 'x'"}, {"where": "customer.nota == 'x'"}),
]


async def test_a_hidden_name_reads_like_a_typo(call: Caller) -> None:
    def plain(text: str) -> str:
        return text.replace("margix", "margin").replace("limix", "limit").replace("nota", "note")

    hidden = [await detail(call("clerk"), pairs(**one)) for one, _ in HIDDEN]
    typos = [plain(await detail(call("clerk"), pairs(**other))) for _, other in HIDDEN]

    assert hidden == typos


async def test_no_hint_names_what_is_hidden(call: Caller) -> None:
    hints = [
        await detail(call("clerk"), pairs(**params))
        for params in ({"margi": "1"}, {"sort": "margi"}, {"where": "margi > 1"})
    ]

    assert all("margin" not in hint for hint in hints)


async def test_a_masked_field_is_shown_and_nothing_else(call: Caller) -> None:
    told = [
        await detail(call("clerk"), pairs(**params), "customer")
        for params in ({"email": "a@b.de"}, {"sort": "email"})
    ]

    assert told == [
        f'{parameter}: "email" is masked for you, so it can only be shown.'
        for parameter in ("email", "sort")
    ]


async def test_who_may_read_nothing_is_forbidden_to_list(call: Caller) -> None:
    with pytest.raises(Problem) as refused:
        await list_records(call("nobody"), "order", ())

    assert refused.value.status == 403


async def test_a_cursor_is_good_for_its_own_query_only(store: Store, call: Caller) -> None:
    for number in range(3):
        store.insert("order", number=f"OR-000{number}", status="draft", priority=number)
    page = await list_records(call("manager"), "order", pairs(limit="1", priority__gte="0"))
    cursor = str(document(page)["next"])
    flipped = bytearray(base64.urlsafe_b64decode(cursor + "=="))
    flipped[-2] ^= 1
    forged = base64.urlsafe_b64encode(bytes(flipped)).decode().rstrip("=")

    for params in (
        {"cursor": forged, "priority__gte": "0"},
        {"cursor": cursor},
        {"cursor": cursor, "priority__gte": "1"},
        {"cursor": cursor, "priority__gte": "0", "sort": "number"},
        {"cursor": cursor[:-1], "priority__gte": "0"},
        {"cursor": "é", "priority__gte": "0"},
        {"cursor": "", "priority__gte": "0"},
    ):
        assert "did not give it out" in await detail(call("manager"), pairs(**params))


async def test_other_reads_refuse_unknown_parameters_too(store: Store, call: Caller) -> None:
    order = store.insert("order", number="OR-0001", status="draft")
    manager = call("manager")

    for refused in (
        get_record(manager, "order", order, pairs(field="number")),
        get_record(manager, "order", order, pairs(sort="number")),
        history(manager, "order", order, pairs(form="x")),
        history(manager, "order", order, pairs(at="yesterday")),
        feed(manager, pairs(limit="0")),
        feed(manager, pairs(cursor="x")),
        feed(manager, pairs(since="x")),
    ):
        with pytest.raises(Problem) as problem:
            await refused
        assert (problem.value.status, problem.value.code) == (400, "bad_query")


NAMES = st.sampled_from(
    ["priority", "remark", "customer.name", "where", "sort", "fields", "expand", "cursor", "lines"]
)
PARAMETERS = st.lists(
    st.tuples(
        st.tuples(
            st.one_of(NAMES, st.text(max_size=12)),
            st.sampled_from(["", "__gt", "__in", "__contains", "__between", "__x", ".y"]),
        ).map("".join),
        st.one_of(st.text(max_size=20), st.sampled_from(["1", "'", "a,b", "-priority", "\0"])),
    ),
    max_size=3,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(params=PARAMETERS)
async def test_whatever_is_asked_is_answered_or_refused(
    params: list[tuple[str, str]], live: Live, executor: Executor
) -> None:
    try:
        answer = await list_records(new_call(live, executor, "manager"), "order", params)
        status = answer.status
    except Problem as problem:
        status = problem.status

    assert status in (200, 400)
