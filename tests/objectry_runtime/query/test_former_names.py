"""A renamed field keeps its former name in queries; the answer says that it is deprecated."""

import psycopg
import pytest

from objectry_runtime.identity.call import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import get_record, list_records
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.world import Store, data, document, new_call, pairs, publish

pytestmark = pytest.mark.anyio

PEOPLE = """
service: shop
---
role: guest
---
object: town
service: shop
fields:
  title: {type: text, was: name}
permissions: {guest: {read: true}}
---
object: person
service: shop
fields:
  full_name: {type: text, was: name}
  home: {type: link, to: town, was: town}
  secret: {type: text, was: hint}
permissions: {guest: {read: true, fields: {secret: none}}}
"""


@pytest.fixture
async def guest(database: Database, owner: psycopg.Connection, executor: Executor) -> Call:
    """A caller who may not read the secret of the two people there are."""
    live = publish(database, PEOPLE)
    store = Store(owner, live)
    town = store.insert("town", title="Ulm")
    store.insert("person", full_name="Ada", home=town, secret="x")
    store.insert("person", full_name="Bob", secret="y")
    return new_call(live, executor, "guest")


@pytest.mark.parametrize(
    ("former", "today"),
    [
        ({"name": "Ada"}, {"full_name": "Ada"}),
        ({"name__startswith": "A"}, {"full_name__startswith": "A"}),
        ({"town.name": "Ulm"}, {"home.title": "Ulm"}),
        ({"sort": "-name,id"}, {"sort": "-full_name,id"}),
        ({"fields": "name,town.name"}, {"fields": "full_name,home.title"}),
        ({"expand": "town"}, {"expand": "home"}),
    ],
)
async def test_a_list_takes_former_names(
    guest: Call, former: dict[str, str], today: dict[str, str]
) -> None:
    wanted = await list_records(guest, "person", pairs(**today))
    found = await list_records(guest, "person", pairs(**former))
    assert data(wanted) == data(found)
    assert (None, "@0") == (wanted.headers.get("Deprecation"), found.headers.get("Deprecation"))


async def test_a_single_record_takes_former_names(guest: Call) -> None:
    (ada,) = data(await list_records(guest, "person", pairs(full_name="Ada")))
    found = await get_record(guest, "person", str(ada["id"]), pairs(fields="name"))
    assert ({"full_name": "Ada"}, "@0") == (document(found), found.headers.get("Deprecation"))


async def test_the_former_name_of_a_hidden_field_is_as_unknown_as_a_typo(guest: Call) -> None:
    details: list[str] = []
    for name in ("hint", "hnit"):
        with pytest.raises(Problem) as refused:
            await list_records(guest, "person", pairs(**{name: "x"}))
        details.append(str(refused.value.detail).replace(name, "…"))
    assert details[0] == details[1]
