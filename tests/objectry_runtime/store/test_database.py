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
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": "40000",
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


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("postgresql://a:1,b:2/d?target_session_attrs=read-write", "a:1 or b:2"),
        ("host=a,b port=1 dbname=d", "a:1 or b:1"),
        ("host=a,b dbname=d", "a or b"),
    ],
)
def test_of_several_hosts_a_silent_one_is_given_up_soon(address: str, told: str) -> None:
    """All are told to people; an address that says how long to wait is obeyed."""
    patient = Database.of(conninfo.make_conninfo(address, connect_timeout="20"))
    database = Database.of(address)
    waits = [
        conninfo.conninfo_to_dict(each.runtime_dsn)["connect_timeout"]
        for each in (database, patient)
    ]
    assert (f"database d on {told}", ["3", "20"]) == (database.name, waits)


def test_an_address_that_can_not_be_read_is_refused() -> None:
    with pytest.raises(DatabaseUnusable, match="the database address can't be read"):
        Database.of("mysql://localhost/business")


def test_a_server_that_is_not_there_is_told_by_its_address() -> None:
    database = Database.of("host=/no/such/folder dbname=business")
    with pytest.raises(DatabaseUnusable, match="can't connect to database business on /no/such"):
        database.connect_owner()
