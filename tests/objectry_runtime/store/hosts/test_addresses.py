"""The setting `replica_urls`: which texts name replicas, and what is wrong with others."""

import pytest
from psycopg import conninfo

from objectry_runtime.store.database import DatabaseUnusable
from objectry_runtime.store.hosts import replica_dsns
from objectry_runtime.store.hosts.addresses import place


def places(urls: str) -> list[str]:
    return [place(dsn) for dsn in replica_dsns(urls)]


def test_urls_stand_between_spaces_commas_or_lines() -> None:
    """Commas inside of a URL belong to it."""
    found = places(" postgresql://u:a,b@x:1/d,postgres://y/d\n  postgresql://[::1]:3/d , ")
    assert found == ["x:1", "y", "::1:3"]
    assert (places(""), places(" ")) == ([], [])


def test_a_replica_is_only_connected_to_while_it_is_a_standby_and_in_the_runtime_role() -> None:
    """Whatever its own URL says."""
    (dsn,) = replica_dsns("postgresql://u@x/d?target_session_attrs=any&connect_timeout=7")
    words = conninfo.conninfo_to_dict(dsn)
    assert (words["target_session_attrs"], words["connect_timeout"]) == ("standby", "7")
    assert "role=objectry_runtime" in str(words["options"])


@pytest.mark.parametrize(
    ("urls", "told"),
    [
        ("host=x dbname=d", "it takes URLs"),
        ("x:5432", "it takes URLs"),
        ("postgresql://x,y/d", "one host"),
        ("postgresql://x/d?port=1,2", "one host"),
        ("postgresql://x/d postgresql://x/d", "named twice"),
        ("postgresql://u:top%secret@x/d", "can't be read"),
        ("postgresql://x/d?colour=red", "can't be read"),
    ],
)
def test_what_is_wrong_is_told_without_the_password(urls: str, told: str) -> None:
    """It stands in logs."""
    with pytest.raises(DatabaseUnusable, match=told) as caught:
        replica_dsns(urls)
    assert "secret" not in str(caught.value)
