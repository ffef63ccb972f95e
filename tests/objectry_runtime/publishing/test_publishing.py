"""A release is published whole or not at all, by one publisher, beside living clients."""

import signal
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from objectry.registry import TableStorage
from objectry_runtime.publishing import (
    PlanMoved,
    PlanRefused,
    PublishConflict,
    StepFailed,
    apply,
    ensure_first_release,
    introspect,
    live_release,
    make_plan,
    releases,
)
from objectry_runtime.store.changes import only_publisher
from objectry_runtime.store.database import Database
from tests.objectry_runtime.publishing.shop import FIRST, WITH_CODE, WITH_NOTE, WITH_TASK, release


def publish(database: Database, text: str) -> bool:
    wanted = release(text)
    return apply(database, wanted, make_plan(database, wanted), author="test", message="why")


def live_id(database: Database) -> str:
    found = live_release(database)
    return found[0].id if found else ""


def add_offers(connection: psycopg.Connection, number: int) -> None:
    """Rows as the runtime writes them, without what later releases add."""
    system = "1, gen_random_uuid(), 1, c.o, now(), c.o, now(), c.o"
    columns = "tenant_id, id, version, owner, created_at, created_by, updated_at, updated_by"
    connection.execute(
        f"insert into shop.customer ({columns}, name) "
        f"select {system}, 'C' from (select gen_random_uuid() o) c".encode()
    )
    connection.execute(
        f"insert into shop.offer ({columns}, customer) select {system}, u.id "
        f"from (select gen_random_uuid() o) c, shop.customer u, "
        f"generate_series(1, {number})".encode()
    )


def test_nothing_is_live_on_a_fresh_database(database: Database) -> None:
    assert (None, ()) == (live_release(database), releases(database))


def test_the_first_release_makes_tables_and_is_live(
    database: Database, owner: psycopg.Connection
) -> None:
    wanted = release(FIRST)
    ensure_first_release(database, wanted, "me")
    found = live_release(database)
    assert found is not None
    assert (
        wanted,
        TableStorage(
            schema="shop",
            table="customer",
            columns={
                name: name
                for name in (
                    *("id", "owner", "created_at", "created_by", "updated_at", "updated_by"),
                    "name",
                )
            },
        ),
    ) == (found[0], found[1].objects["customer"])
    [published] = releases(database)
    assert (wanted.id, None, "me", True) == (
        published.release,
        published.parent,
        published.author,
        published.live,
    )
    add_offers(owner, 3)
    assert (3,) == owner.execute("select count(*) from shop.offer").fetchone()


def test_a_second_first_release_is_none(database: Database) -> None:
    ensure_first_release(database, release(FIRST), "me")
    ensure_first_release(database, release(WITH_NOTE), "me")
    assert (release(FIRST).id, 1) == (live_id(database), len(releases(database)))


def test_servers_that_start_at_once_publish_once(database: Database) -> None:
    def start(author: str) -> None:
        ensure_first_release(database, release(FIRST), author)

    with ThreadPoolExecutor(4) as servers:
        list(servers.map(start, "abcd"))
    assert 1 == len(releases(database))


def test_after_each_change_the_plan_is_empty(database: Database, owner: psycopg.Connection) -> None:
    """Also when going back, and with rows in the tables."""
    plans: list[str] = []
    for number, text in enumerate((FIRST, WITH_NOTE, WITH_CODE, WITH_TASK, FIRST, WITH_TASK)):
        assert publish(database, text)
        plans.append(make_plan(database, release(text)).to_text())
        if number == 0:
            add_offers(owner, 20)
    assert ["No changes."] * 6 == plans
    assert not publish(database, WITH_TASK)
    assert [(6, 5), (5, 4), (4, 3), (3, 2), (2, 1), (1, None)] == [
        (row.sequence, row.parent) for row in releases(database)
    ]
    assert (20,) == owner.execute("select count(*) from shop.offer").fetchone()


def test_a_plan_changes_nothing(database: Database, owner: psycopg.Connection) -> None:
    plan = make_plan(database, release(FIRST))
    assert (False, None, None) == (
        plan.is_empty,
        live_release(database),
        (owner.execute("select to_regnamespace('shop')").fetchone() or ("?",))[0],
    )


def test_the_runtime_may_write_rows_of_new_tables_and_not_change_the_tables(
    database: Database,
) -> None:
    publish(database, FIRST)
    with psycopg.connect(database.runtime_dsn) as runtime:
        add_offers(runtime, 1)
        runtime.execute("update shop.offer set version = 2")
        runtime.execute("delete from shop.offer")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            runtime.execute("alter table shop.offer add column mine text")


@pytest.mark.parametrize("by", ["release", "hand"])
def test_a_plan_is_refused_when_the_database_moved(
    database: Database, owner: psycopg.Connection, by: str
) -> None:
    publish(database, FIRST)
    wanted = release(WITH_CODE)
    plan = make_plan(database, wanted)
    if by == "release":
        publish(database, WITH_NOTE)
    else:
        owner.execute("alter table shop.offer add column by_hand text")
    before = live_id(database)
    with pytest.raises(PlanMoved) as raised:
        apply(database, wanted, plan, author="test")
    assert (before, make_plan(database, wanted)) == (live_id(database), raised.value.plan)
    assert apply(database, wanted, raised.value.plan, author="test")


def test_a_plan_for_another_release_is_refused(database: Database) -> None:
    publish(database, FIRST)
    plan = make_plan(database, release(WITH_NOTE))
    with pytest.raises(PlanMoved):
        apply(database, release(WITH_CODE), plan, author="test")


def test_what_this_version_can_not_do_changes_nothing(database: Database) -> None:
    publish(database, FIRST)
    wanted = release(FIRST.replace("total: {type: money}", "total: {type: text}"))
    plan = make_plan(database, wanted)
    with pytest.raises(PlanRefused) as raised:
        apply(database, wanted, plan, author="test")
    assert (plan.refused, release(FIRST).id) == (raised.value.steps, live_id(database))
    assert plan.refused


def test_a_second_publisher_is_told_at_once(database: Database) -> None:
    wanted = release(FIRST)
    plan = make_plan(database, wanted)
    with (
        database.connect_owner() as other,
        only_publisher(other),
        pytest.raises(PublishConflict, match="another program is publishing"),
    ):
        apply(database, wanted, plan, author="test")
    assert apply(database, wanted, plan, author="test")


def test_of_publishers_at_once_one_wins_and_nothing_is_mixed(database: Database) -> None:
    publish(database, FIRST)
    wanted = {release(text).id: text for text in (WITH_NOTE, WITH_CODE, WITH_TASK)}
    plans = {name: make_plan(database, release(text)) for name, text in wanted.items()}
    gate = threading.Barrier(len(wanted))

    def race(name: str) -> str | None:
        gate.wait()
        try:
            apply(database, release(wanted[name]), plans[name], author="test")
        except (PlanMoved, PublishConflict):
            return None
        return name

    with ThreadPoolExecutor(len(wanted)) as publishers:
        winners = [name for name in publishers.map(race, wanted) if name]
    assert [live_id(database)] == winners
    assert make_plan(database, release(wanted[winners[0]])).is_empty


def test_a_reader_delays_a_change_and_is_not_disturbed(
    database: Database, owner: psycopg.Connection
) -> None:
    """While the change waits for the reader, others go on reading."""
    publish(database, FIRST)
    add_offers(owner, 5)
    wanted = release(WITH_NOTE)
    plan = make_plan(database, wanted)
    with psycopg.connect(database.runtime_dsn) as reader, ThreadPoolExecutor(1) as publisher:
        reader.execute("select count(*) from shop.offer")
        applied = publisher.submit(apply, database, wanted, plan, author="test")
        for _ in range(20):
            owner.execute("set statement_timeout = 1000")
            owner.execute("select count(*) from shop.offer")
            owner.execute("select pg_sleep(0.02)")
        assert not applied.done()
        reader.commit()
        assert applied.result(timeout=30)
    assert make_plan(database, wanted).is_empty


def test_a_reader_that_never_ends_is_a_conflict(database: Database) -> None:
    publish(database, FIRST)
    wanted = release(WITH_NOTE)
    plan = make_plan(database, wanted)
    with psycopg.connect(database.runtime_dsn) as reader:
        reader.execute("select count(*) from shop.offer")
        with pytest.raises(PublishConflict, match="kept a table locked"):
            apply(database, wanted, plan, author="test", patience=0.1)
    assert (release(FIRST).id, plan) == (live_id(database), make_plan(database, wanted))


def test_a_step_that_postgresql_refuses_is_named(
    database: Database, owner: psycopg.Connection
) -> None:
    """The tables know no code yet, so two equal ones get in by hand before they are unique."""
    text = WITH_CODE.replace("unique: true", "unique: false")
    publish(database, text)
    add_offers(owner, 2)
    owner.execute("update shop.offer set code = 'twice'")
    wanted = release(WITH_CODE)
    with pytest.raises(StepFailed) as raised:
        apply(database, wanted, make_plan(database, wanted), author="test")
    assert release(text).id == live_id(database)
    assert "code" in raised.value.step
    owner.execute("update shop.offer set code = id::text")
    assert publish(database, WITH_CODE)
    assert make_plan(database, wanted).is_empty


class Killed(BaseException):
    """As good as a SIGKILL to everything but the connection."""


def steps_with_rows(database: Database, owner: psycopg.Connection) -> int:
    publish(database, FIRST)
    add_offers(owner, 5)
    return len(make_plan(database, release(WITH_TASK)).steps)


def test_killed_before_any_step_the_next_apply_finishes(
    database: Database, owner: psycopg.Connection
) -> None:
    wanted = release(WITH_TASK)
    steps = steps_with_rows(database, owner)
    for last in range(1, steps + 1):

        def die(number: int, _: int, __: str, last: int = last) -> None:
            if number == last:
                raise Killed

        try:
            apply(database, wanted, make_plan(database, wanted), author="test", progress=die)
        except Killed:
            assert release(FIRST).id == live_id(database)
            continue
        break  # what was left had fewer steps than the whole
    assert make_plan(database, wanted).is_empty or publish(database, WITH_TASK)
    assert (wanted.id, True, (5,)) == (
        live_id(database),
        make_plan(database, wanted).is_empty,
        owner.execute("select count(*) from shop.offer").fetchone(),
    )


PUBLISHER = """
import os, signal, sys
from objectry_runtime.publishing import apply, make_plan
from objectry_runtime.store.database import Database
from tests.objectry_runtime.publishing.shop import WITH_TASK, release

database, wanted = Database.of(sys.argv[1]), release(WITH_TASK)

def die(number, steps, summary):
    if number == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

apply(database, wanted, make_plan(database, wanted), author="test", progress=die)
"""


def test_a_killed_publisher_holds_nobody_up(database: Database, owner: psycopg.Connection) -> None:
    """A real SIGKILL: lock and half-done step go with the process."""
    steps = steps_with_rows(database, owner)
    killed = subprocess.run(
        [sys.executable, "-c", PUBLISHER, database.owner_dsn, str(steps)],
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (-signal.SIGKILL, release(FIRST).id) == (killed.returncode, live_id(database))
    ensure_published(database, WITH_TASK)
    assert make_plan(database, release(WITH_TASK)).is_empty


def ensure_published(database: Database, text: str) -> None:
    """The server may need a moment to notice that the killed publisher is gone."""
    for _ in range(200):
        try:
            publish(database, text)
        except PublishConflict:
            threading.Event().wait(0.02)
        else:
            return
    raise AssertionError("the lock of a dead publisher is still held")


def test_an_index_left_half_built_is_built_again(
    database: Database, owner: psycopg.Connection
) -> None:
    publish(database, WITH_CODE)
    add_offers(owner, 5)
    index = "offer__customer__total__idx_d2"
    owner.execute(
        "update pg_catalog.pg_index set indisvalid = false where indexrelid = "
        "('shop.' || %s)::regclass",
        (index,),
    )
    found = introspect(owner, ("shop",)).table("shop", "offer")
    assert found is not None
    assert not found.indexes[index].valid
    assert publish(database, WITH_CODE)
    found = introspect(owner, ("shop",)).table("shop", "offer")
    assert found is not None
    assert found.indexes[index].valid


def test_schemas_that_are_not_ours_are_not_looked_at(
    database: Database, owner: psycopg.Connection
) -> None:
    publish(database, FIRST)
    plan = make_plan(database, release(WITH_NOTE))
    owner.execute("create schema theirs; create table theirs.thing (id integer)")
    assert plan == make_plan(database, release(WITH_NOTE))


def test_an_empty_schema_that_is_there_already_is_no_obstacle(
    database: Database, owner: psycopg.Connection
) -> None:
    owner.execute("create schema shop")
    assert publish(database, FIRST)
    assert make_plan(database, release(FIRST)).is_empty


def test_ids_of_rows_are_kept_through_a_change(
    database: Database, owner: psycopg.Connection
) -> None:
    publish(database, FIRST)
    add_offers(owner, 3)
    before: list[tuple[uuid.UUID]] = owner.execute(
        "select id from shop.offer order by 1"
    ).fetchall()
    publish(database, WITH_TASK)
    assert before == owner.execute("select id from shop.offer order by 1").fetchall()
