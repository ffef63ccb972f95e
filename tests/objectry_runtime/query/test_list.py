"""A list: filters, links, order, pages, counts, what is shown; one statement each time."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from objectry_runtime.identity import Call
from objectry_runtime.query import list_records
from objectry_runtime.store.executor import Bound, Executor, Rows
from tests.world import ANN, BOB, Store, column, data, document, pairs

pytestmark = pytest.mark.anyio

Caller = Callable[..., Call]
ACME = "0190a000-0000-7000-8000-0000000000ac"


@pytest.fixture
def orders(store: Store) -> dict[str, str]:
    """Two customers, four orders, two lines; a null in every kind of field."""
    acme = store.insert(
        "customer", id=ACME, name="Acme", country="DE", credit_limit=Decimal("100.00")
    )
    blum = store.insert("customer", name="blüm", country="FR", credit_limit=Decimal("9.50"))
    ids = {"acme": acme, "blum": blum}
    rows = {
        "OR-0001": {
            "customer": acme,
            "order_date": date(2026, 3, 31),
            "shipped_at": datetime(2026, 4, 1, 8, 0, tzinfo=UTC),
            "priority": 1,
            "urgent": True,
            "discount": Decimal("2.5000"),
            "remark": "50% off, 'now'",
            "margin": Decimal("1.00"),
            "net_total": Decimal("119.00"),
            "status": "sent",
        },
        "OR-0002": {
            "customer": blum,
            "priority": 2,
            "urgent": False,
            "margin": Decimal("9.00"),
            "status": "draft",
        },
        "OR-0003": {"order_date": date(2027, 1, 1), "remark": "Zebra", "status": "draft"},
        "OR-0004": {"customer": acme, "priority": 3, "remark": "äpfel", "status": "done"},
    }
    for number, values in rows.items():
        owner = BOB if number == "OR-0004" else ANN
        ids[number] = store.insert("order", values, number=number, currency="EUR", owner=owner)
    for position, (article, quantity) in enumerate((("nut", "2.00"), ("bolt", "1.50")), 1):
        ids[article] = store.insert(
            "order_line",
            parent=ids["OR-0001"],
            position=position,
            article=article,
            quantity=Decimal(quantity),
            unit_price=Decimal("10.00"),
            amount=Decimal("20.00"),
        )
    return ids


FILTERS: list[tuple[dict[str, str], list[int]]] = [
    ({"number": "OR-0002"}, [2]),
    ({"number__ne": "OR-0002"}, [1, 3, 4]),
    ({"priority": "2"}, [2]),
    ({"priority__eq": "2"}, [2]),
    ({"priority__ne": "2"}, [1, 3, 4]),  # null-safe, as != is
    ({"priority__lt": "2"}, [1]),
    ({"priority__lte": "2"}, [1, 2]),
    ({"priority__gt": "1"}, [2, 4]),
    ({"priority__gte": "2"}, [2, 4]),
    ({"priority__between": "1,2"}, [1, 2]),
    ({"priority__in": "1,3"}, [1, 4]),
    ({"priority__in": ""}, []),
    ({"priority__not_in": "1,3"}, [2, 3]),
    ({"priority__not_in": ""}, [1, 2, 3, 4]),
    ({"priority__isnull": "true"}, [3]),
    ({"priority__isnull": "false"}, [1, 2, 4]),
    ({"urgent": "true"}, [1]),
    ({"urgent__ne": "true"}, [2, 3, 4]),
    ({"discount": "2.5"}, [1]),
    ({"discount__gte": "2.4999"}, [1]),
    ({"net_total__between": "118.99,119"}, [1]),
    ({"order_date": "2026-03-31"}, [1]),
    ({"order_date__gt": "2026-03-31"}, [3]),
    ({"shipped_at": "2026-04-01T10:00:00+02:00"}, [1]),
    ({"shipped_at__lt": "2026-04-01T08:00:00Z"}, []),
    ({"remark": "50% off, 'now'"}, [1]),
    ({"remark__contains": "%"}, [1]),
    ({"remark__contains": "_"}, []),
    ({"remark__contains": "ZEBRA"}, []),
    ({"remark__icontains": "ZEBRA"}, [3]),
    ({"remark__icontains": "ÄPF"}, [4]),
    ({"remark__startswith": "50%"}, [1]),
    ({"remark__endswith": "'now'"}, [1]),
    ({"remark__lt": "Z"}, [1]),
    ({"status__in": "sent,done"}, [1, 4]),
    ({"customer.country": "DE"}, [1, 4]),
    ({"customer.name__icontains": "BLÜM"}, [2]),
    ({"customer.credit_limit__gt": "50"}, [1, 4]),
    ({"customer__isnull": "true"}, [3]),
    ({"country": "FR"}, [2]),
    ({"overdue": "true"}, [1]),
    ({"overdue": "false"}, [3]),
    ({"where": "customer.country == 'DE' and priority > 1"}, [4]),
    ({"where": "sum(lines.quantity) > 3"}, [1]),
    ({"where": "any(lines.article == 'bolt')"}, [1]),
    ({"where": "remark == \"50% off, 'now'\""}, [1]),
    ({"customer.country": "DE", "priority": "3"}, [4]),
]


async def test_filters_find(orders: dict[str, str], call: Caller) -> None:
    found = [
        await list_records(call("manager"), "order", pairs(**params, sort="number"))
        for params, _ in FILTERS
    ]

    assert FILTERS == [
        (params, [int(str(number)[-1]) for number in column(answer, "number")])
        for (params, _), answer in zip(FILTERS, found, strict=True)
    ]


SORTS = [
    ("number", [1, 2, 3, 4]),
    ("-number", [4, 3, 2, 1]),
    ("priority", [1, 2, 4, 3]),
    ("-priority", [3, 4, 2, 1]),
    ("remark", [1, 4, 3, 2]),  # as people read, not as bytes; null last
    ("-order_date,number", [2, 4, 3, 1]),
    ("customer.name,-number", [4, 1, 2, 3]),
    ("country,number", [1, 4, 2, 3]),
    ("overdue,number", [3, 1, 2, 4]),
    ("-net_total,status,-number", [4, 3, 2, 1]),
    ("-id", [4, 3, 2, 1]),
]


async def test_a_list_is_in_order(orders: dict[str, str], call: Caller) -> None:
    found = [await list_records(call("manager"), "order", pairs(sort=sort)) for sort, _ in SORTS]

    assert SORTS == [
        (sort, [int(str(number)[-1]) for number in column(answer, "number")])
        for (sort, _), answer in zip(SORTS, found, strict=True)
    ]


@pytest.mark.parametrize("limit", ["1", "2", "3"])
async def test_pages_join_to_the_whole(limit: str, orders: dict[str, str], call: Caller) -> None:
    found: list[tuple[str, list[int]]] = []
    for sort, _ in SORTS:
        seen: list[int] = []
        more: dict[str, str] | None = {}
        while more is not None:
            params = pairs(sort=sort, limit=limit, **more)
            answer = await list_records(call("manager"), "order", params)
            seen += [int(str(number)[-1]) for number in column(answer, "number")]
            cursor = document(answer)["next"]
            more = None if cursor is None else {"cursor": str(cursor)}
        found.append((sort, seen))

    assert SORTS == found


async def test_a_record_is_shown_with_its_types(orders: dict[str, str], call: Caller) -> None:
    answer = await list_records(call("manager"), "order", pairs(number="OR-0001"))

    assert data(answer) == [
        {
            "id": orders["OR-0001"],
            "owner": ANN,
            "created_at": "2026-11-22T09:30:00Z",
            "created_by": ANN,
            "updated_at": "2026-11-22T09:30:00Z",
            "updated_by": ANN,
            "number": "OR-0001",
            "status": "sent",
            "customer": orders["acme"],
            "order_date": "2026-03-31",
            "shipped_at": "2026-04-01T08:00:00Z",
            "currency": "EUR",
            "priority": 1,
            "urgent": True,
            "discount": "2.5000",
            "remark": "50% off, 'now'",
            "margin": "1.00",
            "net_total": "119.00",
            "country": "DE",
            "overdue": True,
        }
    ]


SHOWN = [
    ({"fields": "number"}, {"number": "OR-0001"}),
    ({"fields": "status,number"}, {"number": "OR-0001", "status": "sent"}),
    (
        {"fields": "number,customer.name"},
        {"number": "OR-0001", "customer": {"name": "Acme"}},
    ),
    (
        {"fields": "number,lines.article"},
        {"number": "OR-0001", "lines": [{"article": "nut"}, {"article": "bolt"}]},
    ),
    (
        {"fields": "number,customer", "expand": "customer"},
        {
            "number": "OR-0001",
            "customer": {
                "id": ACME,
                "owner": ANN,
                "created_at": "2026-11-22T09:30:00Z",
                "created_by": ANN,
                "updated_at": "2026-11-22T09:30:00Z",
                "updated_by": ANN,
                "name": "Acme",
                "country": "DE",
                "email": "•••",
                "vip": None,
            },
        },
    ),
]


@pytest.mark.parametrize(("params", "expected"), SHOWN)
async def test_fields_and_expand_say_what_is_shown(
    params: dict[str, str], expected: dict[str, object], orders: dict[str, str], call: Caller
) -> None:
    answer = await list_records(call("clerk"), "order", pairs(number="OR-0001", **params))

    found = data(answer)
    assert found == [expected]


async def test_lines_are_in_a_list_only_when_opened(orders: dict[str, str], call: Caller) -> None:
    plain = await list_records(call("manager"), "order", pairs(number="OR-0001"))
    opened = await list_records(call("manager"), "order", pairs(number="OR-0001", expand="lines"))

    assert "lines" not in data(plain)[0]
    assert data(opened)[0]["lines"] == [
        {
            "id": orders[article],
            "article": article,
            "quantity": quantity,
            "unit_price": "10.00",
            "amount": "20.00",
        }
        for article, quantity in (("nut", "2.00"), ("bolt", "1.50"))
    ]


async def test_lines_have_a_path_of_their_own(orders: dict[str, str], call: Caller) -> None:
    params = pairs(parent=orders["OR-0001"], **{"parent.number": "OR-0001"}, sort="article")
    answer = await list_records(call("clerk"), "order_line", params)

    assert [(one["article"], one["parent"]) for one in data(answer)] == [
        ("bolt", orders["OR-0001"]),
        ("nut", orders["OR-0001"]),
    ]


@pytest.mark.parametrize("count", ["exact", "estimate"])
async def test_a_count_is_of_what_may_be_read(
    count: str, orders: dict[str, str], call: Caller
) -> None:
    answer = await list_records(call("clerk"), "order", pairs(count=count, limit="1"))

    assert document(answer)["count"] == 3  # not BOB's


async def test_a_row_rule_admits_its_records(orders: dict[str, str], call: Caller) -> None:
    mine = await list_records(call("clerk"), "order", pairs(sort="number"))
    theirs = await list_records(call("clerk", user=BOB), "order", pairs(sort="number"))

    assert (column(mine, "number"), column(theirs, "number")) == (
        ["OR-0001", "OR-0002", "OR-0003"],
        ["OR-0004"],
    )


async def test_a_field_of_some_records_is_null_in_the_others(
    orders: dict[str, str], call: Caller
) -> None:
    """A clerk reads no margin, a cashier that of sent orders."""
    answer = await list_records(call("clerk", "cashier"), "order", pairs(sort="number"))

    assert column(answer, "margin") == ["1.00", None, None]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"margin__gt": "0"}, [1]),
        ({"margin__isnull": "true"}, [2, 3]),
        ({"margin__ne": "9"}, [1, 2, 3]),
        ({"where": "margin > 0"}, [1]),
        ({"where": "not (margin > 0)"}, []),
        ({"sort": "-margin,number"}, [2, 3, 1]),
        ({"sort": "margin,number"}, [1, 2, 3]),
    ],
)
async def test_a_field_of_some_records_is_null_wherever_it_is_used(
    params: dict[str, str], expected: list[int], orders: dict[str, str], call: Caller
) -> None:
    answer = await list_records(call("clerk", "cashier"), "order", pairs(**params))

    assert [f"OR-000{number}" for number in expected] == column(answer, "number")


async def test_a_link_to_what_may_not_be_read_shows_nothing_behind_it(
    orders: dict[str, str], call: Caller
) -> None:
    """A cashier reads only customers that are very important; Acme is not."""
    answer = await list_records(call("cashier"), "order", pairs(expand="customer"))

    assert column(answer, "customer") == [None]


async def test_another_tenant_has_nothing_here(
    orders: dict[str, str], store: Store, call: Caller
) -> None:
    admin = call("admin")
    other = msgspec.structs.replace(
        admin, principal=msgspec.structs.replace(admin.principal, tenant=2)
    )

    assert data(await list_records(other, "order", ())) == []


class Counting:
    """An executor that notes what it is asked."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.seen: list[Bound] = []

    async def read(self, statement: Bound) -> Rows:
        self.seen.append(statement)
        return await self._executor.read(statement)


async def test_a_list_is_one_statement_whatever_it_opens(
    orders: dict[str, str], call: Caller, executor: Executor
) -> None:
    counting = Counting(executor)
    counted = msgspec.structs.replace(call("manager"), executor=counting)

    await list_records(counted, "order", pairs(expand="customer,lines", count="exact"))

    assert len(counting.seen) == 1


async def test_request_text_travels_as_a_parameter_only(
    orders: dict[str, str], call: Caller, executor: Executor
) -> None:
    counting = Counting(executor)
    counted = msgspec.structs.replace(call("manager"), executor=counting)
    hostile = "x'); drop table shop.order; --"

    params = pairs(remark=hostile, where=f'remark == "{hostile}"')
    answer = await list_records(counted, "order", params)

    assert data(answer) == []
    assert "drop" not in counting.seen[0].sql
    assert counting.seen[0].params.count(hostile) == 2


async def test_the_same_shape_is_the_same_statement(
    orders: dict[str, str], call: Caller, executor: Executor
) -> None:
    counting = Counting(executor)
    for user, number in ((ANN, "1"), (BOB, "2")):
        one = msgspec.structs.replace(call("clerk", user=user), executor=counting)
        await list_records(one, "order", pairs(priority=number))

    assert len({id(statement.sql) for statement in counting.seen}) == 1
