"""Rows older than a stored formula have its value once the release with it is published."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import anyio
import anyio.to_thread
import pytest

from objectry.planner import Lock
from objectry_runtime.command import create, update
from objectry_runtime.host.live import Live
from objectry_runtime.publishing import apply, applying, filling, live_release, make_plan
from objectry_runtime.query import Answer
from objectry_runtime.services.verification import Trouble, verify
from objectry_runtime.store.database import Database, OwnerConnection
from objectry_runtime.store.executor import Executor
from tests.objectry_runtime.publishing.shop import release
from tests.world import new_call

pytestmark = pytest.mark.anyio

BEFORE = """
service: shop
label: Shop
---
object: order
service: shop
plural: orders
title: name
fields:
  name: {type: text}
  currency: {type: currency}
  lines: {type: table, of: order_line}
%s---
object: order_line
service: shop
plural: order_lines
fields:
  quantity: {type: decimal, scale: 2}
  price: {type: decimal, scale: 4}
%s"""
FIRST = BEFORE % ("", "")
AFTER = BEFORE % (
    """  gross: {type: money, formula: total * 1.1}
  total: {type: money, formula: sum(lines.amount)}
  pieces: {type: integer, formula: sum(lines.quantity)}
  shouted: {type: text, formula: upper(name)}
""",
    "  amount: {type: money, formula: quantity * price}\n",
)
COMPANY = {"company": {"currency": "JPY", "rounding": "half_even"}}


def served(database: Database) -> Live:
    found = live_release(database)
    assert found is not None
    model = found[0].model()
    return Live(release=found[0], model=model, storage=found[1], settings=COMPANY, compiled={})


def publish(database: Database, text: str, progress: applying.Progress | None = None) -> bool:
    wanted = release(text)
    plan = make_plan(database, wanted)
    return apply(database, wanted, plan, author="test", settings=COMPANY, progress=progress)


def troubles(database: Database) -> list[Trouble]:
    found: list[Trouble] = []
    list(verify(database, served(database), found.append))
    return found


def body(currency: str, *lines: tuple[str, str], name: str = "straße") -> bytes:
    listed = ", ".join(f'{{"quantity": "{one}", "price": "{price}"}}' for one, price in lines)
    told = f'"{currency}"' if currency else "null"
    return f'{{"name": "{name}", "currency": {told}, "lines": [{listed}]}}'.encode()


async def add(live: Live, executor: Executor, *bodies: bytes) -> list[str]:
    answers = [await create(new_call(live, executor, "admin"), "order", one) for one in bodies]
    return [id_of(answer) for answer in answers]


def id_of(answer: Answer) -> str:
    assert answer.status == 201, answer.body
    return answer.headers["Location"].rpartition("/")[2]


SOME = [body("EUR", ("1", "0.125"), ("2", "3")), body("JPY", ("1", "2.5"), ("2.5", "1"))]
OTHERS = [body("", ("3", "0.5")), body("EUR")]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server serves these databases: nothing is to be waited for."""
    monkeypatch.setattr(applying, "TAKEOVER_SECONDS", 0.0)


async def in_thread(work: Callable[[], object]) -> None:
    await anyio.to_thread.run_sync(work)


def rows(owner: OwnerConnection) -> list[tuple[object, ...]]:
    return owner.execute(
        "select currency, total, gross, pieces, shouted, version, "
        "array(select amount from shop.order_line l where l.parent_id = o.id order by position) "
        'from shop."order" o order by id'
    ).fetchall()


@pytest.mark.usefixtures("quick")
async def test_rows_that_are_there_get_what_a_write_would_give(
    database: Database, executor: Executor, owner: OwnerConnection
) -> None:
    """Record and lines, formulas over formulas, in each record's currency, by the company's rule.

    No version is made of it.
    """
    publish(database, FIRST)
    await add(served(database), executor, *SOME, *OTHERS)
    assert publish(database, AFTER)
    D = Decimal
    assert [
        ("EUR", D("6.12"), D("6.73"), 3, "STRASSE", 1, [D("0.12"), D("6.00")]),
        ("JPY", D(4), D(4), 4, "STRASSE", 1, [D(2), D(2)]),
        (None, D(2), D(2), 3, "STRASSE", 1, [D(2)]),
        ("EUR", D("0.00"), D("0.00"), 0, "STRASSE", 1, []),
    ] == rows(owner)
    assert [] == troubles(database)
    assert "No changes." == make_plan(database, release(AFTER)).to_text()


@pytest.mark.usefixtures("quick")
async def test_what_is_filled_is_what_a_write_makes(
    database: Database, executor: Executor, owner: OwnerConnection
) -> None:
    publish(database, FIRST)
    await add(served(database), executor, *SOME, *OTHERS)
    publish(database, AFTER)
    filled = rows(owner)
    await add(served(database), executor, *SOME, *OTHERS)
    assert [str(row) for row in filled] == [str(row) for row in rows(owner)[len(filled) :]]


async def test_the_plan_says_what_is_filled(database: Database, executor: Executor) -> None:
    publish(database, FIRST)
    await add(served(database), executor, *SOME)
    plan = make_plan(database, release(AFTER))
    found = [step for step in plan.steps if step.kind == "backfill"]
    assert [
        ("order_line.amount", "quantity * price", 4, Lock.ROWS),
        ("order.total", "sum(lines.amount)", 2, Lock.ROWS),
        ("order.gross", "total * 1.1", 2, Lock.ROWS),
        ("order.pieces", "sum(lines.quantity)", 2, Lock.ROWS),
        ("order.shouted", "upper(name)", 2, Lock.ROWS),
    ] == [
        (
            *step.summary.removeprefix("fill shop.").split(" of the rows that are there: "),
            step.rows,
            step.lock,
        )
        for step in found
    ]
    assert (
        "backfill    fill shop.order_line.amount of the rows that are there: quantity * price"
        "  [lock ROWS ONLY, 4 rows]"
    ) in plan.to_text()


def test_tables_without_rows_need_no_filling(database: Database) -> None:
    publish(database, FIRST)
    assert {"safe"} == {step.kind for step in make_plan(database, release(AFTER)).steps}


class Killed(BaseException):
    """As good as a SIGKILL to everything but the connection."""


@pytest.mark.usefixtures("quick")
async def test_killed_anywhere_the_next_apply_finishes(
    database: Database,
    executor: Executor,
    owner: OwnerConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before each step, between batches, and after the switch. What is filled is left alone."""
    monkeypatch.setattr(filling, "BATCH", 2)
    monkeypatch.setattr(applying, "TOLD_EVERY", 1)
    publish(database, FIRST)
    old = served(database)
    ids = await add(old, executor, *SOME, *SOME, *SOME)
    told: list[str] = []
    for last in range(1, 30):
        reports = iter(range(1, 1000))

        def die(
            _: int, __: int, summary: str, at: int = last, reports: Iterator[int] = reports
        ) -> None:
            if next(reports) == at or summary == applying.MEANWHILE:
                told.append(summary)
                raise Killed

        try:
            publish(database, AFTER, die)
        except Killed:
            assert not make_plan(database, release(AFTER)).is_empty
            if told[-1] == applying.MEANWHILE:
                break
    assert {"2 records filled", "4 records filled"} <= set(told)
    assert release(AFTER).id == served(database).release.id
    stamps = 'select id, xmin::text from shop."order" order by 1'
    filled = owner.execute(stamps).fetchall()
    await add(old, executor, *SOME)
    await update(new_call(old, executor, "admin"), "order", ids[0], b'{"name": "other"}')
    assert publish(database, AFTER)
    assert filled[1:] == owner.execute(stamps).fetchall()[1 : len(filled)]
    assert ([], "No changes.") == (
        troubles(database),
        make_plan(database, release(AFTER)).to_text(),
    )


async def test_beside_writers_of_the_release_before_no_row_is_left_and_no_write_fails(
    database: Database,
    executor: Executor,
    owner: OwnerConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They write until a second after the switch, as a server does that hears of it late."""
    monkeypatch.setattr(filling, "BATCH", 3)
    publish(database, FIRST)
    old = served(database)
    ids = await add(old, executor, *SOME * 10)
    done = threading.Event()
    written: list[int] = []

    def progress(_: int, __: int, summary: str) -> None:
        if summary == applying.MEANWHILE:
            threading.Timer(1.0, done.set).start()

    async def write(worker: int) -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            call = new_call(old, executor, "admin")
            changed = body("JPY", (str(turn % 7), "1.5"), ("1", str(worker)), name=f"n{turn}")
            answer = await update(call, "order", ids[(turn * 3 + worker) % len(ids)], changed)
            written.append(answer.status)
            if turn % 10 == 0:
                written.append(
                    (await create(new_call(old, executor, "admin"), "order", changed)).status
                )

    async with anyio.create_task_group() as group:
        for worker in range(3):
            group.start_soon(write, worker)
        await in_thread(lambda: publish(database, AFTER, progress))
    assert {200, 201} == set(written)
    assert ([], "No changes.") == (
        troubles(database),
        make_plan(database, release(AFTER)).to_text(),
    )
    counted: Mapping[str, int] = dict(
        owner.execute(
            "select op, count(*) from objectry.history where object = 'order' group by 1"
        ).fetchall()
    )
    assert counted["update"] == written.count(200)


@pytest.mark.usefixtures("quick")
async def test_a_record_that_is_just_being_written_is_waited_for(
    database: Database, executor: Executor, owner: OwnerConnection
) -> None:
    """Its lines of before are no longer true when it can be filled."""
    publish(database, FIRST)
    await add(served(database), executor, SOME[0])

    def die(_: int, __: int, summary: str) -> None:
        if summary == applying.MEANWHILE:
            raise Killed

    def publish_until_switch() -> None:
        with pytest.raises(Killed):
            publish(database, text, die)

    text = FIRST.replace(
        "  lines: {type", "  pieces: {type: integer, formula: sum(lines.quantity)}\n  lines: {type"
    )
    with database.connect_owner(autocommit=False) as writer, ThreadPoolExecutor(1) as publisher:
        # The column is there beforehand: only the filling meets the writer.
        owner.execute('alter table shop."order" add column pieces bigint')
        writer.execute("update shop.order_line set quantity = 50.00")
        writer.execute('update shop."order" set version = version')
        published = publisher.submit(publish_until_switch)
        waits = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ~ %s"
        )
        while owner.execute(waits, ("no key update|update .shop",)).fetchone() == (0,):
            assert not published.done()
        writer.commit()
        published.result(timeout=60)
    assert [(100,)] == owner.execute('select pieces from shop."order"').fetchall()


@pytest.mark.usefixtures("quick")
async def test_a_value_its_column_refuses_stops_before_the_switch(
    database: Database, executor: Executor
) -> None:
    publish(database, FIRST)
    await add(served(database), executor, *SOME)
    text = FIRST.replace(
        "  lines: {type: table",
        "  once: {type: text, unique: true, formula: upper(name)}\n  lines: {type: table",
    )
    with pytest.raises(applying.StepFailed, match=r"fill shop\.order\.once .*: duplicate key"):
        publish(database, text)
    assert release(FIRST).id == served(database).release.id


@pytest.mark.usefixtures("quick")
async def test_what_only_a_write_takes_stays_without_a_value_and_the_plan_says_so(
    database: Database, executor: Executor
) -> None:
    """A snapshot; a formula over it is filled with what follows from its absence."""
    publish(database, LINKED % "")
    shop = served(database)
    made = await create(new_call(shop, executor, "admin"), "customer", b'{"city": "Ulm"}')
    await add(shop, executor, f'{{"customer": "{id_of(made)}"}}'.encode())
    text = LINKED % (
        "  city: {type: text, formula: customer.city, snapshot: true}\n"
        "  abroad: {type: boolean, formula: city == None}\n"
    )
    notes = [step.note for step in make_plan(database, release(text)).steps[:2]]
    assert sorted(notes) == [
        "",
        "Rows that are there stay without a value: it is taken by a write.",
    ]
    assert publish(database, text)
    with database.connect_owner() as owner:
        found = owner.execute('select city, abroad from shop."order"').fetchall()
    assert ([(None, True)], []) == (found, troubles(database))


WAITING = (
    "select count(*) from pg_stat_activity where datname = current_database() "
    "and wait_event_type = 'Lock' and query ~ 'no key update|^update .shop'"
)

LINKED = """
service: shop
label: Shop
---
object: customer
service: shop
plural: customers
fields: {city: {type: text}}
---
object: order
service: shop
plural: orders
fields:
  customer: {type: link, to: customer}
%s"""


ORDERS = """
service: shop
---
object: customer
service: shop
plural: customers
fields:
  name: {type: text}
%s---
object: order
service: shop
plural: orders
fields:
  customer: {type: link, to: customer}
  net: {type: decimal, scale: 2}
%s"""
ROLLED_UP = ORDERS % (
    "  total: {rollup: {op: sum, of: order, via: customer, field: gross}, stored: true}\n"
    "  orders: {rollup: {op: count, of: order, via: customer}, stored: true}\n",
    "  gross: {type: decimal, scale: 3, formula: net * 1.1}\n",
)


@pytest.mark.usefixtures("quick")
async def test_stored_rollups_are_filled_in_records_that_are_there(
    database: Database, executor: Executor, owner: OwnerConnection
) -> None:
    """Over a formula that is filled by the same publication, too."""
    publish(database, ORDERS % ("", ""))
    live = served(database)
    call = new_call(live, executor, "admin")
    ids = [id_of(await create(call, "customer", b'{"name": "One"}')) for _ in range(2)]
    for net in ("10", "2.5"):
        body = f'{{"customer": "{ids[0]}", "net": "{net}"}}'.encode()
        assert (await create(call, "order", body)).status == 201
    assert publish(database, ROLLED_UP)
    found = owner.execute("select total, orders, version from shop.customer order by id").fetchall()
    assert [(Decimal("13.750"), 2, 1), (Decimal("0.000"), 0, 1)] == found
    assert [] == troubles(database)
    assert "No changes." == make_plan(database, release(ROLLED_UP)).to_text()
    # A rollup that counts otherwise than before is filled anew.
    fewer = ROLLED_UP.replace("field: gross}", "field: gross, where: net > 5}")
    assert publish(database, fewer)
    found = owner.execute("select total, orders from shop.customer order by id").fetchall()
    assert [(Decimal("11.000"), 2), (Decimal("0.000"), 0)] == found
    assert [] == troubles(database)
    assert "No changes." == make_plan(database, release(fewer)).to_text()


@pytest.mark.usefixtures("quick")
async def test_a_link_may_lead_to_one_object_more(
    database: Database, executor: Executor, owner: OwnerConnection
) -> None:
    """Nothing is moved: a table of references takes over from the foreign key."""
    publish(database, ORDERS % ("", ""))
    live = served(database)
    call = new_call(live, executor, "admin")
    made = id_of(await create(call, "customer", b'{"name": "One"}'))
    await create(call, "order", f'{{"customer": "{made}"}}'.encode())
    more = (ORDERS % ("", "")).replace("to: customer}", "to: [customer, lead]}")
    more += "---\nobject: lead\nservice: shop\nplural: leads\nfields: {name: {type: text}}\n"
    assert publish(database, more)
    assert [] == troubles(database)
    assert "No changes." == make_plan(database, release(more)).to_text()
    assert [(made,)] == owner.execute(
        'select target::text from shop."order__customer__customer__ref"'
    ).fetchall()
    call = new_call(served(database), executor, "admin")
    lead = id_of(await create(call, "lead", b'{"name": "Two"}'))
    assert (await create(call, "order", f'{{"customer": "{lead}"}}'.encode())).status == 201
    assert [] == troubles(database)
    listed = more.replace("  net:", "  leads: {type: links, to: lead}\n  net:", 1)
    assert publish(database, listed)
    assert "No changes." == make_plan(database, release(listed)).to_text()
    call = new_call(served(database), executor, "admin")
    assert (await create(call, "order", f'{{"leads": ["{lead}"]}}'.encode())).status == 201
    assert [] == troubles(database)
    back = ORDERS % ("", "")
    assert "No changes." != make_plan(database, release(back)).to_text()


@pytest.mark.usefixtures("quick")
async def test_what_was_typed_in_gives_way_to_the_formula_that_takes_its_column(
    database: Database, executor: Executor, owner: OwnerConnection
) -> None:
    """In records and in lines; a formula of another text leaves old documents as they are."""
    typed = BEFORE % ("  shouted: {type: text}\n", "  amount: {type: money}\n")
    computed = "  shouted: {type: text, formula: %s(name)}\n"
    amount = "  amount: {type: money, formula: quantity * price}\n"
    publish(database, typed)
    line = '{"quantity": "2", "price": "3", "amount": "99"}'
    given = f'{{"name": "Oak", "shouted": "typed", "currency": "EUR", "lines": [{line}]}}'
    await add(served(database), executor, given.encode())
    said = 'select shouted, amount from shop."order" o join shop.order_line l on l.parent_id = o.id'
    assert publish(database, BEFORE % (computed % "upper", amount))
    assert [("OAK", Decimal("6.00"))] == owner.execute(said).fetchall()
    assert [] == troubles(database)
    assert publish(database, BEFORE % (computed % "lower", amount))
    assert [("OAK", Decimal("6.00"))] == owner.execute(said).fetchall()
