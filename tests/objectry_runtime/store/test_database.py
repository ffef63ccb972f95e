"""An address in either form becomes the owner's and the runtime's, settings included."""

import pytest
from psycopg import conninfo

from objectry_runtime.store.database import Database, DatabaseUnusable

SETTINGS = "-c TimeZone=UTC -c search_path=pg_catalog -c client_min_messages=warning"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:secret@db.example:5433/business?application_name=mine",
        "host=db.example port=5433 user=me password=secret dbname=business application_name=mine",
    ],
)
def test_both_forms_of_an_address_are_taken(address: str) -> None:
    words = {
        "host": "db.example",
        "port": "5433",
        "user": "me",
        "password": "secret",
        "dbname": "business",
        "application_name": "mine",
        "connect_timeout": "10",
        "client_encoding": "UTF8",
    }
    database = Database.of(address)
    assert (
        words | {"options": SETTINGS},
        words | {"options": f"{SETTINGS} -c role=objectry_runtime"},
    ) == (
        conninfo.conninfo_to_dict(database.owner_dsn),
        conninfo.conninfo_to_dict(database.runtime_dsn),
    )


def test_options_of_the_address_are_kept() -> None:
    database = Database.of("dbname=business options='-c work_mem=8MB'")
    assert f"-c work_mem=8MB {SETTINGS}" == conninfo.conninfo_to_dict(database.owner_dsn)["options"]


def test_the_name_for_people_holds_no_password() -> None:
    name = Database.of("postgresql://me:secret@db.example:5433/business").name
    assert "database business on db.example:5433" == name


def test_an_address_that_can_not_be_read_is_refused() -> None:
    with pytest.raises(DatabaseUnusable, match="the database address can't be read"):
        Database.of("mysql://localhost/business")


def test_a_server_that_is_not_there_is_told_by_its_address() -> None:
    database = Database.of("host=/no/such/folder dbname=business")
    with pytest.raises(DatabaseUnusable, match="can't connect to database business on /no/such"):
        database.connect_owner()
