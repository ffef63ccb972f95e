"""A field may bear any name that the definitions allow, the engine's own column names too."""

import pytest

from objectry_runtime.command import create, update
from objectry_runtime.query import get_record, history
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.objectry_runtime.command.world import body, text
from tests.world import data, new_call, publish

pytestmark = pytest.mark.anyio

PEOPLE = """
service: shop
---
object: person
service: shop
fields:
  position: {type: text}
  upper_position: {type: text, formula: upper(position)}
  phones: {type: table, of: phone}
---
object: phone
service: shop
fields:
  position: {type: integer}
  following: {type: integer, formula: position + 1}
"""


async def test_a_field_called_position_is_kept(database: Database, executor: Executor) -> None:
    call = new_call(publish(database, PEOPLE), executor, "admin")
    made = body(
        await create(call, "person", text({"position": "Clerk", "phones": [{"position": 7}]}))
    )
    same = [{"id": phone["id"]} for phone in made["phones"]]
    changed = body(await update(call, "person", made["id"], text({"phones": same})))
    for found in (made, changed, body(await get_record(call, "person", made["id"], []))):
        assert ("Clerk", "CLERK", [(7, 8)]) == (
            found["position"],
            found["upper_position"],
            [(phone["position"], phone["following"]) for phone in found["phones"]],
        )
    (first,) = data(await history(call, "person", made["id"], []))
    changes = first["changes"]
    assert isinstance(changes, dict)
    assert {"from": None, "to": "Clerk"} == changes["position"]
