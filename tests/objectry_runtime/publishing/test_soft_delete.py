"""An object takes up soft delete, and gives it up, beside the rows that it has."""

import psycopg
import pytest

from objectry_runtime.publishing import apply, ensure_first_release, make_plan
from objectry_runtime.store.database import Database
from tests.objectry_runtime.publishing.shop import WITH_CODE, release
from tests.objectry_runtime.publishing.test_publishing import add_offers

KEPT = WITH_CODE.replace("plural: offers", "plural: offers\nsoft_delete: true")


def test_uniques_become_those_of_what_is_there_and_back(
    database: Database, owner: psycopg.Connection
) -> None:
    ensure_first_release(database, release(WITH_CODE), "me")
    add_offers(owner, 3)
    owner.execute(
        "update shop.offer set code = 'a' where id = (select min(id::text)::uuid from shop.offer)"
    )
    owner.commit()
    wanted = release(KEPT)
    plan = make_plan(database, wanted)
    assert {"safe"} == {step.kind for step in plan.steps}
    assert apply(database, wanted, plan, author="me", message="keep what is deleted")
    assert not make_plan(database, wanted).steps
    deleted = "update shop.offer set deleted_at = now() where code = 'a'"
    again = (
        "update shop.offer set code = 'a' where id = (select max(id::text)::uuid from shop.offer)"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(again)
    owner.rollback()
    owner.execute(deleted)
    owner.execute(again)
    owner.execute(
        "update shop.offer set code = 'b', deleted_at = null where deleted_at is not null"
    )
    owner.commit()
    before = release(WITH_CODE)
    assert apply(database, before, make_plan(database, before), author="me", message="back")
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute("update shop.offer set code = 'a'")
