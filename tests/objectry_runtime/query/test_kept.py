"""What reads keep: each caller their own, never more than a bound; and the order an index gives."""

from collections.abc import Callable
from functools import partial

import msgspec
import psycopg
import pytest

from objectry_runtime.host.live import Live
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import get_record, list_records, read_statement
from objectry_runtime.query.listing import Lists, plan, prepare
from objectry_runtime.query.single import Singles
from objectry_runtime.query.sql import Sql, is_plain
from objectry_runtime.query.statements import KEPT_LENGTH_MAX, KEPT_MAX, Kept, Selections, kept
from tests.world import ANN, Store, column, data, document, pairs, principal

pytestmark = pytest.mark.anyio

Caller = Callable[..., Call]


async def test_the_same_query_is_understood_for_each_caller_anew(
    store: Store, call: Caller
) -> None:
    """Roles that see different fields never get each other's, however often they take turns."""
    id = store.insert("customer", name="Ada", country="DE", credit_limit=100)

    for _ in range(2):
        for role, sees in (("manager", True), ("clerk", False)):
            page = await list_records(call(role), "customer", pairs(sort="name"))
            one = await get_record(call(role), "customer", id, ())
            assert (sees, sees) == (
                "credit_limit" in data(page)[0],
                "credit_limit" in document(one),
            )


async def test_a_cursor_is_its_tenants_own(store: Store, call: Caller) -> None:
    """The same query of the same roles in another tenant does not take it."""
    for name in ("Ada", "Bea"):
        store.insert("customer", name=name)
    ours = call("manager")
    theirs = msgspec.structs.replace(ours, principal=principal("manager", tenant=2))
    first = document(await list_records(ours, "customer", pairs(limit="1")))
    query = pairs(limit="1", cursor=str(first["next"]))

    second = await list_records(ours, "customer", query)
    with pytest.raises(Problem) as refused:
        await list_records(theirs, "customer", query)

    assert 1 == len(column(second, "id"))
    assert 400 == refused.value.status


async def test_a_cursor_given_twice_is_refused(call: Caller) -> None:
    """Also when both are the same."""
    with pytest.raises(Problem) as refused:
        await list_records(call("manager"), "customer", (("cursor", "a"), ("cursor", "a")))
    assert (400, True) == (refused.value.status, "twice" in refused.value.detail)


async def test_every_page_of_a_list_is_understood_once(
    store: Store, call: Caller, live: Live
) -> None:
    """The cursor says where a page starts, not what the list is."""
    ids = [store.insert("customer", name=f"C{number}") for number in range(5)]
    seen: list[object] = []
    cursor: dict[str, str] = {}
    for _ in ids:
        answer = await list_records(call("manager"), "customer", pairs(limit="1", **cursor))
        seen += column(answer, "id")
        cursor = {"cursor": str(document(answer)["next"])}

    assert (sorted(ids), 1) == (seen, len(kept(live, Lists)))


async def test_long_queries_are_not_kept(call: Caller, live: Live) -> None:
    """They would fill memory, and hardly ever come again."""
    long = ",".join(["DE"] * KEPT_LENGTH_MAX)[: KEPT_LENGTH_MAX + 1].rstrip(",")
    await list_records(call("manager"), "customer", pairs(country__in=long + ",AT"))
    assert 0 == len(kept(live, Lists))


async def test_long_lists_of_fields_are_not_kept(store: Store, call: Caller, live: Live) -> None:
    """The same field named a thousand times over is a new request each time, and no new answer."""
    id = store.insert("customer", name="Ada")
    reader = call("manager")
    for count in (KEPT_LENGTH_MAX // 5 + 1, KEPT_LENGTH_MAX // 5 + 2):
        fields = ",".join(["name"] * count)
        one = await get_record(reader, "customer", id, pairs(fields=fields))
        page = await list_records(reader, "customer", pairs(fields=fields))
        assert document(one) == data(page)[0] == {"name": "Ada"}
    assert 0 == len(kept(live, Singles)) == len(kept(live, Selections)) == len(kept(live, Lists))


async def test_what_is_refused_is_not_kept(call: Caller, live: Live) -> None:
    """A mistake is told each time, and takes no room."""
    for _ in range(2):
        with pytest.raises(Problem):
            await get_record(call("manager"), "customer", "x", pairs(nonsense="1"))
    assert 0 == len(kept(live, Singles))


def test_no_more_is_kept_than_the_bound() -> None:
    """Whoever asks for ever new things empties the store, and it begins again."""
    numbers: Kept[int] = Kept()
    for number in range(3 * KEPT_MAX + 5):
        assert number == numbers.get(number, partial(int, number))
        assert len(numbers) <= KEPT_MAX


async def test_who_may_only_write_is_answered_with_no_row(
    call: Caller, owner: psycopg.Connection, store: Store
) -> None:
    """The statement that answers a write is there for roles that read nothing."""
    id = store.insert("customer", name="Ada")
    statement = read_statement(call("nobody"), "customer", id)
    rows = await call("nobody").executor.read(statement)
    assert [] == list(rows)


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "-created_at,-id"])
@pytest.mark.parametrize("later", [False, True])
async def test_newest_first_is_read_from_an_index(
    call: Caller, owner: psycopg.Connection, sort: str, later: bool
) -> None:
    """Neither the first page by `created_at` nor a later one sorts what passes its filters."""
    caller = call("manager")
    prepared = prepare(caller, "customer", (("sort", sort), ("country", "DE")))
    position = ("2026-01-01T00:00:00+00:00", ANN) if later else None
    statement = plan(caller, prepared, position)
    owner.execute("set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off")
    lines = psycopg.RawCursor(owner).execute(
        b"explain (costs off) " + statement.sql.encode(), statement.params
    )
    text = "\n".join(str(line[0]) for line in lines)

    assert "customer__created_at__id__idx" in text
    assert "Sort" not in text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"status": "sent"}, "'sent'::text"),
        ({"urgent": "true"}, "'true'::boolean"),
        ({"currency": "EUR"}, "'EUR'::text"),
        ({"country": "DE"}, "'DE'::text"),
        ({"remark": "sent"}, ""),
        ({"status__ne": "sent"}, ""),
        ({"status__in": "sent,done"}, ""),
        ({"priority": "77"}, ""),
    ],
)
async def test_a_value_of_a_closed_set_has_a_statement_and_so_a_plan_of_its_own(
    call: Caller, query: dict[str, str], said: str
) -> None:
    """All other values are parameters."""
    caller = call("manager")
    statement = plan(caller, prepare(caller, "order", tuple(query.items())), None)
    value = next(iter(query.values())).partition(",")[0]

    assert f" = {said}" in statement.sql
    assert bool(said) != any(value in (text or "") for text in statement.params)


async def test_a_cursor_is_good_for_one_value_of_a_closed_set(store: Store, call: Caller) -> None:
    """Also where the value is not a parameter."""
    for _ in range(3):
        store.insert("order", status="sent", currency="EUR", order_date="2026-01-01")
    caller = call("manager")
    first = document(await list_records(caller, "order", pairs(status="sent", limit="1")))
    cursor = str(first["next"])

    second = await list_records(caller, "order", pairs(status="sent", limit="1", cursor=cursor))
    with pytest.raises(Problem) as refused:
        await list_records(caller, "order", pairs(status="draft", limit="1", cursor=cursor))

    assert (1, 400) == (len(data(second)), refused.value.status)


@pytest.mark.parametrize("text", ["a'b", "a\\", "a\n", "ä", "", "a" * 101, "a;b", "a$1", "a%s"])
def test_only_what_no_quoting_could_change_is_said_in_a_statement(text: str) -> None:
    """An option may be any text; those that need quoting are parameters."""
    assert not is_plain(text)
    with pytest.raises(AssertionError):
        Sql().constant(text, "text")
