"""Plans carried out on a real PostgreSQL: they do what they say, and nothing twice."""

from collections.abc import Iterator

import psycopg
import pytest

from objectry.compiler.tables import compile_tables
from objectry.planner import Plan, plan_changes
from objectry.registry import Release, StorageMap, allocate, diff_definitions
from objectry_runtime.publishing.introspection import introspect, row_counts
from objectry_runtime.store.database import Database, OwnerConnection
from tests.golden.project import published, reference_release

SCHEMAS = ("customers", "offers")
INSERT = """
insert into customers.customer (tenant_id, id, version, owner, created_at, created_by, updated_at,
    updated_by, code, name, currency, active, email)
values (1, gen_random_uuid(), 1, gen_random_uuid(), now(), gen_random_uuid(), now(),
    gen_random_uuid(), %s, 'A', 'EUR', true, %s)
"""


class Publisher:
    """Plans and carries out one release after the other, as publishing does."""

    def __init__(self, connection: OwnerConnection) -> None:
        self.connection = connection
        self.storage = StorageMap()
        self.live: Release | None = None

    def plan(self, release: Release) -> Plan:
        model = release.model()
        changes = diff_definitions(self.live.definitions, release.definitions) if self.live else ()
        return plan_changes(
            introspect(self.connection, SCHEMAS),
            compile_tables(model, allocate(self.storage, model)),
            row_counts(self.connection, SCHEMAS),
            release=release.id,
            definitions=changes,
        )

    def publish(self, release: Release, steps: int | None = None) -> Plan:
        plan = self.plan(release)
        assert not plan.refused, plan.to_text()
        for step in plan.steps[:steps]:
            for statement in step.sql:
                self.connection.execute(statement.encode())
        if steps is None:
            self.storage, self.live = allocate(self.storage, release.model()), release
        return plan

    def insert(self, code: str, email: str | None = None) -> None:
        self.connection.execute(INSERT, (code, email))


@pytest.fixture
def publisher(empty_database: Database) -> Iterator[Publisher]:
    with empty_database.connect_owner() as connection:
        yield Publisher(connection)


RICHER = {
    "  email:      {type: email}\n": "  mail:       {type: email, unique: true, was: email}\n",
    "  note:       {type: long_text, max_length: 2000}\n": (
        "  rating:     {type: integer, required: true, default: 3}\n"
        "  mother:     {type: link, to: customer}\n"
        "  limit_a:    {type: decimal, scale: 1, precision: 5}\n"
    ),
    "indexes: [[customer, -offer_date]]": "indexes: [[customer, -valid_until]]",
}


def test_there_is_nothing_to_do_right_after(publisher: Publisher) -> None:
    publisher.publish(reference_release())
    assert publisher.plan(reference_release()).to_text() == "No changes."


def test_introspection_finds_what_was_planned(publisher: Publisher) -> None:
    release = reference_release()
    publisher.publish(release)
    found = introspect(publisher.connection, SCHEMAS)
    wanted = published(release, publisher.storage)
    for schema, tables in wanted.schemas.items():
        for name, table in tables.items():
            live = found.schemas[schema][name]
            assert live.columns == table.columns
            assert set(live.constraints) == set(table.constraints)
            assert set(table.indexes) <= set(live.indexes)


def test_a_change_of_a_table_with_rows_keeps_them_and_is_then_done(publisher: Publisher) -> None:
    publisher.publish(reference_release())
    publisher.insert("A-1", "a@example.com")
    publisher.publish(reference_release(RICHER))
    assert publisher.plan(reference_release(RICHER)).to_text() == "No changes."
    found = publisher.connection.execute(
        "select code, email, rating, mother, limit_a from customers.customer"
    ).fetchall()
    assert found == [("A-1", "a@example.com", 3, None, None)]


def test_the_release_before_goes_on_writing(publisher: Publisher) -> None:
    """Between the steps and the switch, and until every server has taken it up."""
    publisher.publish(reference_release())
    publisher.publish(reference_release(RICHER))
    publisher.insert("A-2")
    found = publisher.connection.execute("select rating from customers.customer").fetchall()
    assert found == [(3,)]


@pytest.mark.parametrize("done", range(1, 13))
def test_a_plan_cut_short_is_finished_by_the_next(publisher: Publisher, done: int) -> None:
    publisher.publish(reference_release())
    publisher.insert("A-1")
    publisher.publish(reference_release(RICHER), steps=done)
    publisher.publish(reference_release(RICHER))
    assert publisher.plan(reference_release(RICHER)).to_text() == "No changes."


def test_a_unique_that_was_built_badly_is_built_again(publisher: Publisher) -> None:
    publisher.publish(reference_release())
    publisher.insert("A-1", "same@example.com")
    publisher.insert("A-2", "same@example.com")
    with pytest.raises(psycopg.errors.UniqueViolation):
        publisher.publish(reference_release(RICHER))
    publisher.connection.execute("update customers.customer set email = code")
    publisher.publish(reference_release(RICHER))
    assert publisher.plan(reference_release(RICHER)).to_text() == "No changes."


def test_a_field_taken_away_stays_hidden_and_refuses_nothing(publisher: Publisher) -> None:
    publisher.publish(reference_release())
    publisher.insert("A-1")
    gone = {
        '  code:       {type: text, unique: true, required: true, pattern: "^[A-Z]+-[0-9]+$", '
        "max_length: 20}\n": ""
    }
    plan = publisher.publish(reference_release(gone))
    assert [step.kind for step in plan.steps] == ["safe", "safe"]
    publisher.connection.execute(
        "insert into customers.customer select tenant_id, gen_random_uuid(), version, owner, "
        "created_at, created_by, updated_at, updated_by, null, name, email, country, currency, "
        "credit, birth_date, active, note from customers.customer"
    )
    found = publisher.connection.execute("select code from customers.customer order by code")
    assert found.fetchall() == [("A-1",), (None,)]
    assert "customers.customer.code" in publisher.storage.retired


def test_what_this_version_can_not_do_is_refused(publisher: Publisher) -> None:
    publisher.publish(reference_release())
    publisher.insert("A-1")
    plan = publisher.plan(
        reference_release(
            {
                "country:    {type: country,": "country:    {type: country, required: true,",
                "birth_date: {type: date, sensitive: true}": "birth_date: {type: datetime}",
                "scale: 2, precision": "scale: 3, precision",
                "  active:": "  tier: {type: text, required: true}\n  active:",
            }
        )
    )
    assert [step.summary for step in plan.refused] == [
        "customers.customer.country is always filled",
        "change customers.customer.birth_date from date to timestamp with time zone",
        "add column customers.customer.tier, always filled",
        "customers.customer: rule customer__credit__digits_9",
        "customers.customer: rule customer__credit__scale_3",
    ]
    assert all(not step.sql and step.note for step in plan.refused)


def test_the_same_changes_are_fine_while_there_are_no_rows(publisher: Publisher) -> None:
    publisher.publish(reference_release())
    after = reference_release(
        {
            "country:    {type: country,": "country:    {type: country, required: true,",
            "scale: 2, precision": "scale: 3, precision",
            "  active:": "  tier: {type: text, required: true}\n  active:",
        }
    )
    publisher.publish(after)
    publisher.insert("A-1")
    assert publisher.plan(after).to_text() == "No changes."


def test_a_field_may_have_more_digits_though_there_are_rows(publisher: Publisher) -> None:
    publisher.publish(reference_release())
    publisher.insert("A-1")
    wider = reference_release({"precision: 12": "precision: 14"})
    publisher.publish(wider)
    publisher.connection.execute("update customers.customer set credit = 100000000000.00")
    assert publisher.plan(wider).to_text() == "No changes."
    assert publisher.plan(reference_release()).refused


def test_a_change_of_labels_changes_no_table(publisher: Publisher) -> None:
    publisher.publish(reference_release())
    plan = publisher.plan(reference_release({"label: Customer\n": "label: Client\n"}))
    assert plan.steps == ()
    assert plan.to_text() == (
        "Definitions:\n"
        '  object customer: label changes from "Customer" to "Client"\n'
        "Definitions change, no table changes."
    )


def test_a_plan_says_what_it_was_made_from(publisher: Publisher) -> None:
    first = publisher.plan(reference_release())
    publisher.publish(reference_release())
    second = publisher.plan(reference_release())
    assert first.release == second.release == reference_release().id
    assert first.live_hash != second.live_hash
    assert second.to_builtins() == {
        "format": 1,
        "release": second.release,
        "live_hash": second.live_hash,
        "steps": (),
        "changes": (),
    }
