"""What a write refuses or repeats tells nothing of fields the caller may not see."""

import msgspec
import pytest

from objectry.values.ids import new_id
from objectry_runtime.command import create
from objectry_runtime.problems import Problem
from tests.objectry_runtime.command.world import World, errors, refusal, text

pytestmark = pytest.mark.anyio


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
