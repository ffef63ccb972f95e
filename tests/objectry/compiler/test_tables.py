"""The business tables, on a real PostgreSQL: what they hold, and what they refuse."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from objectry.compiler.tables import ConstraintMeaning, compile_tables, constraint_meanings
from objectry.metadata.model import Definitions, FieldDef, ObjectDef
from objectry.planner import LiveSchema, plan_changes
from objectry.registry import StorageMap, allocate, make_release
from objectry_runtime.store.database import Database
from tests.golden.project import reference_release

ID = "01890000-0000-7000-8000-00000000000"
SYSTEM = {
    "tenant_id": 1,
    "version": 1,
    "owner": ID + "9",
    "created_at": "2026-01-01T00:00:00Z",
    "created_by": ID + "9",
    "updated_at": "2026-01-01T00:00:00Z",
    "updated_by": ID + "9",
}
CUSTOMER = {**SYSTEM, "id": ID + "1", "code": "A-1", "name": "A", "currency": "EUR", "active": True}
OFFER = {
    **SYSTEM,
    "id": ID + "2",
    "customer": ID + "1",
    "status": "draft",
    "offer_date": "2026-01-01",
    "number": "OF-1",
}
LINE = {
    "tenant_id": 1,
    "id": ID + "3",
    "parent_id": ID + "2",
    "position": 1,
    "product": "bolt",
    "quantity": Decimal("1.000"),
}


@pytest.fixture
def tables(empty_database: Database) -> Iterator[psycopg.Connection]:
    """The reference project's tables, in a database of their own."""
    model = reference_release().model()
    wanted = compile_tables(model, allocate(StorageMap(), model))
    with psycopg.connect(empty_database.owner_dsn, autocommit=True) as connection:
        for step in plan_changes(LiveSchema(), wanted, {}).steps:
            for statement in step.sql:
                connection.execute(statement.encode())
        yield connection


def insert(connection: psycopg.Connection, table: str, row: Mapping[str, object]) -> None:
    schema, name = table.split(".")
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(schema, name),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        list(row.values()),
    )


def refusal(
    connection: psycopg.Connection, table: str, row: Mapping[str, object]
) -> ConstraintMeaning | None:
    """What the constraint that refuses a row means."""
    model = reference_release().model()
    meanings = constraint_meanings(model, allocate(StorageMap(), model))
    try:
        insert(connection, table, row)
    except psycopg.IntegrityError as error:
        diag = error.diag
        if error.sqlstate == "23502":
            return meanings[f"{diag.schema_name}.{diag.table_name}.{diag.column_name}"]
        return meanings[str(diag.constraint_name)]
    return None


def meaning(object_name: str, field: str, kind: str) -> ConstraintMeaning:
    return ConstraintMeaning(object=object_name, fields=(field,), kind=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "-Infinity", "0.005", "1.5", "10000000000.00", "-10000000000.00"],
)
def test_a_number_that_is_none_or_out_of_bounds_is_refused(
    tables: psycopg.Connection, value: str
) -> None:
    row = {**CUSTOMER, "credit": Decimal(value)}
    assert refusal(tables, "customers.customer", row) == meaning("customer", "credit", "range")


@pytest.mark.parametrize("value", ["0.00", "-0.01", "9999999999.99"])
def test_a_number_within_bounds_shows_all_its_places(
    tables: psycopg.Connection, value: str
) -> None:
    insert(tables, "customers.customer", {**CUSTOMER, "credit": Decimal(value)})
    found = tables.execute("select credit::text from customers.customer").fetchone()
    assert found == (value,)


def test_a_refused_row_can_be_explained(tables: psycopg.Connection) -> None:
    insert(tables, "customers.customer", CUSTOMER)
    insert(tables, "offers.offer", OFFER)
    second = {**OFFER, "id": ID + "4", "number": "OF-2"}
    found = [
        refusal(tables, "customers.customer", {**CUSTOMER, "id": ID + "5"}),
        refusal(tables, "customers.customer", {**CUSTOMER, "id": ID + "5", "name": None}),
        refusal(tables, "offers.offer", {**second, "customer": ID + "8"}),
        refusal(tables, "offers.offer", {**second, "number": "OF-1"}),
        refusal(tables, "offers.offer", {**second, "status": None}),
        refusal(tables, "offers.offer_line", {**LINE, "parent_id": ID + "8"}),
    ]
    assert found == [
        meaning("customer", "code", "unique"),
        meaning("customer", "name", "required"),
        meaning("offer", "customer", "link"),
        meaning("offer", "number", "number"),
        meaning("offer", "status", "required"),
        meaning("offer_line", "parent", "link"),
    ]


def test_tenants_do_not_meet(tables: psycopg.Connection) -> None:
    """The same id and code are free for another tenant, whose links reach its own records only."""
    insert(tables, "customers.customer", CUSTOMER)
    other = {**OFFER, "tenant_id": 2}
    assert refusal(tables, "offers.offer", other) == meaning("offer", "customer", "link")
    insert(tables, "customers.customer", {**CUSTOMER, "tenant_id": 2})
    insert(tables, "offers.offer", other)


def test_lines_go_with_their_record_and_a_linked_record_stays(tables: psycopg.Connection) -> None:
    insert(tables, "customers.customer", CUSTOMER)
    insert(tables, "offers.offer", OFFER)
    insert(tables, "offers.offer_line", LINE)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        tables.execute("delete from customers.customer")
    tables.execute("delete from offers.offer")
    assert tables.execute("select count(*) from offers.offer_line").fetchone() == (0,)


def test_any_number_of_records_may_leave_a_unique_field_empty(
    tables: psycopg.Connection,
) -> None:
    insert(tables, "customers.customer", CUSTOMER)
    insert(tables, "offers.offer", {**OFFER, "number": None})
    insert(tables, "offers.offer", {**OFFER, "number": None, "id": ID + "4"})
    assert tables.execute("select count(*) from offers.offer").fetchone() == (2,)


def test_text_is_compared_by_code_points(tables: psycopg.Connection) -> None:
    for number, name in enumerate(["a", "B", "ä", "Z"]):
        row = {**CUSTOMER, "id": f"{ID}{number}", "code": f"A-{number}", "name": name}
        insert(tables, "customers.customer", row)
    found = tables.execute("select name from customers.customer order by name").fetchall()
    assert [name for (name,) in found] == ["B", "Z", "a", "ä"]


def test_every_name_in_the_database_fits_and_has_one_meaning() -> None:
    """Also where object and field names are as long as they may be."""
    long = "x" * 48
    release = reference_release(
        {
            "object: offer_line": f"object: {long}",
            "of: offer_line": f"of: {long}",
            "unit_price:": f"{'y' * 48}:",
            "* unit_price": f"* {'y' * 48}",
        }
    )
    model = release.model()
    storage = allocate(StorageMap(), model)
    table = compile_tables(model, storage).tables[f"offers.{long}"]
    constraints = [str(each.name) for each in table.constraints]
    names = constraints + [str(each.name) for each in table.indexes]
    assert len(set(names)) == len(names)
    assert all(len(name.encode()) <= 63 for name in names)
    assert set(constraints) <= set(constraint_meanings(model, storage))


def test_a_drawn_number_is_unique_once_whoever_says_it_too() -> None:
    ticket = FieldDef(name="ticket", type="autonumber", pattern="T-{seq}")
    case = ObjectDef(name="case", service="desk", fields={"ticket": ticket}, uniques=(("ticket",),))
    release = make_release(Definitions(objects={"case": case}))
    model = release.model()
    meanings = constraint_meanings(model, allocate(StorageMap(), model))
    assert "number" == meanings["case__ticket__key"].kind
