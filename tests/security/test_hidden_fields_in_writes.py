"""What a write refuses or repeats tells nothing of fields the caller may not see."""

import msgspec
import pytest

from objectry.values.ids import new_id
from objectry_runtime.command import create
from objectry_runtime.problems import Problem
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.objectry_runtime.command.world import World, body, errors, refusal, text
from tests.world import new_call, publish

pytestmark = pytest.mark.anyio

KIOSK = """
service: kiosk
---
role: seller
---
object: ware
service: kiosk
fields:
  cost: {type: money, scale: 6, currency: EUR}
permissions:
  seller: {read: true, fields: {cost: none}}
---
object: sale
service: kiosk
fields:
  lines:  {type: table, of: sale_line}
  margin: {type: money, currency: EUR, formula: sum(lines.margin)}
permissions:
  seller: {read: true, create: true, fields: {margin: none}}
---
object: sale_line
service: kiosk
fields:
  ware:     {type: link, to: ware}
  quantity: {type: decimal, scale: 3}
  spent:    {type: money, scale: 6, currency: EUR, formula: ware.cost, snapshot: true}
  margin:   {type: money, currency: EUR, formula: 0 - quantity * spent}
permissions:
  seller: {read: true, create: true, fields: {spent: none, margin: none}}
"""


async def test_no_error_names_a_hidden_field(world: World) -> None:
    """`spouse` is hidden from clerks, and required of who is married."""
    with pytest.raises(Problem) as refused:
        await world.make("customer", "clerk", name="Ada", married=True)
    assert {"": "not_possible"} == errors(refused.value)
    assert "spouse" not in str([one.message for one in refused.value.errors])


async def test_no_error_of_an_array_names_a_hidden_field(world: World) -> None:
    rows = [{"name": "Ada"}, {"name": "Eve", "married": True}]
    with pytest.raises(Problem) as refused:
        await create(world.call("clerk"), "customer", text(rows))
    assert {"/1": "not_possible"} == errors(refused.value)


async def test_who_may_see_the_field_is_told_its_name(world: World) -> None:
    with pytest.raises(Problem) as refused:
        await world.make("customer", name="Ada", married=True)
    assert {"/spouse": "required"} == errors(refused.value)


async def test_a_hidden_field_in_a_body_stays_as_unknown_as_a_typo(world: World) -> None:
    told: list[list[tuple[str, str]]] = []
    for name in ("spouse", "spuose"):
        with pytest.raises(Problem) as refused:
            await world.make("customer", "clerk", **{"name": "Ada", "married": True, name: "x"})
        said = [one for one in refused.value.errors if one.code == "unknown_field"]
        told.append([(one.pointer.replace(name, ""), one.message) for one in said])
    assert told[0] == told[1] == [("/", "There is no such field.")]


async def test_an_answer_is_not_repeated_to_a_key_of_other_roles(world: World) -> None:
    """Two API keys of one principal: the repeat would show a clerk what an admin was shown."""
    user, raw = new_id(), text({"name": "Ada"})
    admin = msgspec.structs.replace(world.call(user=user), idempotency_key="k")
    clerk = msgspec.structs.replace(world.call("clerk", user=user), idempotency_key="k")
    first = await create(admin, "customer", raw)
    with pytest.raises(Problem) as refused:
        await create(clerk, "customer", raw)
    assert (422, "idempotency_mismatch") == refusal(refused.value)
    assert first.body == (await create(admin, "customer", raw)).body


async def test_no_number_is_so_large_that_its_refusal_tells_a_hidden_factor(
    database: Database, executor: Executor
) -> None:
    """Of `quantity * cost` a caller could find the cost by when it no longer fits."""
    live = publish(database, KIOSK)
    cost, most = "999999999999999.999999", "9" * 15
    ware = await create(new_call(live, executor, "admin"), "ware", text({"cost": cost}))
    line = {"ware": body(ware)["id"], "quantity": most}
    seller = new_call(live, executor, "seller")
    told = body(await create(seller, "sale", text({"lines": [line] * 10})))
    assert {"id", "quantity", "ware"} == set(told["lines"][0])
    with pytest.raises(Problem) as refused:
        await create(seller, "sale", text({"lines": [{**line, "quantity": most + "9"}]}))
    assert {"/lines/0/quantity": "precision"} == errors(refused.value)
