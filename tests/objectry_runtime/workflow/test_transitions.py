"""Transitions: from states, guards, rights, numbers and events."""

import pytest

from objectry_runtime.problems import Problem
from objectry_runtime.query import history
from objectry_runtime.workflow import act
from tests.objectry_runtime.command.world import World, body, errors, picked, refusal

pytestmark = pytest.mark.anyio


async def a_sale(world: World) -> str:
    customer = await world.make("customer", name="Ada")
    lines = [{"what": "Tea", "price": "10"}]
    return str((await world.make("sale", customer=customer["id"], lines=lines))["id"])


async def test_a_transition_changes_the_state_and_says_so(world: World) -> None:
    id = await a_sale(world)
    assert "agreed" == (await world.do("sale", id, "agree", "clerk"))["status"]
    assert ["CustomerCreated", "SaleCreated", "SaleAgreed"] == await world.events()
    last = (await world.history(id))[-1]
    assert ("update", "agree", {"status": {"from": "open", "to": "agreed"}}) == (
        last["op"],
        last["action"],
        last["changes"],
    )


async def test_a_transition_without_an_event_of_its_own_is_an_update(world: World) -> None:
    id = await a_sale(world)
    await world.do("sale", id, "agree")
    await world.do("sale", id, "finish")
    assert "SaleUpdated" == (await world.events())[-1]


async def test_a_transition_from_elsewhere_is_refused_and_names_the_states(world: World) -> None:
    id = await a_sale(world)
    with pytest.raises(Problem) as refused:
        await world.do("sale", id, "finish")
    assert (409, "transition_refused") == refusal(refused.value)
    assert "`agreed`" in refused.value.detail
    assert "`open`" in refused.value.detail


async def test_a_final_state_is_final(world: World) -> None:
    id = await a_sale(world)
    await world.do("sale", id, "agree")
    await world.do("sale", id, "finish")
    for name in ("agree", "reopen", "finish"):
        with pytest.raises(Problem) as refused:
            await world.do("sale", id, name)
        assert (409, "transition_refused") == refusal(refused.value)


async def test_a_guard_that_fails_says_its_message(world: World) -> None:
    customer = await world.make("customer", name="Ada")
    sale = await world.make("sale", customer=customer["id"])
    with pytest.raises(Problem) as refused:
        await world.do("sale", sale["id"], "agree")
    assert (409, "A sale needs a line.") == (refused.value.status, refused.value.detail)


async def test_a_transition_needs_its_grant_and_its_role(world: World) -> None:
    id = await a_sale(world)
    await world.do("sale", id, "agree", "clerk")
    for roles in (("clerk",), ("clerk", "guest")):
        with pytest.raises(Problem) as refused:
            await world.do("sale", id, "reopen", *roles)
        assert (403, "forbidden") == refusal(refused.value)
    assert "open" == (await world.do("sale", id, "reopen", "chief"))["status"]


async def test_who_may_not_read_a_record_finds_no_action_on_it(world: World) -> None:
    id = await a_sale(world)
    for name in ("agree", "nonsense"):
        with pytest.raises(Problem) as refused:
            await world.do("sale", id, name, "guest")
        assert (404, "not_found") == refusal(refused.value)


async def test_an_unknown_action_is_not_found(world: World) -> None:
    with pytest.raises(Problem) as refused:
        await world.do("sale", await a_sale(world), "nonsense")
    assert (404, "not_found") == refusal(refused.value)


async def test_a_transition_takes_no_parameters(world: World) -> None:
    id = await a_sale(world)
    with pytest.raises(Problem) as refused:
        await world.do("sale", id, "agree", status="done")
    assert {"/status": "unknown_field"} == errors(refused.value)
    with pytest.raises(Problem) as refused:
        await act(world.call(), "sale", id, "agree", b"[]")
    assert 422 == refused.value.status


async def test_a_number_may_be_drawn_at_a_transition(world: World) -> None:
    paper = await world.make("paper", dated="2025-12-31")
    assert paper["number"] is None
    issued = await world.do("paper", paper["id"], "issue")
    assert {"number": "P-2025-0001", "state": "issued"} == picked(issued, "number", "state")
    last = (await world.history(paper["id"]))[-1]
    assert {"from": None, "to": "P-2025-0001"} == last["changes"]["number"]
    assert "P-2025-0001" == last["record"]["number"]
    later = await world.make("paper")
    assert "P-2026-0001" == (await world.do("paper", later["id"], "issue"))["number"]
    voided = await world.do("paper", paper["id"], "void")
    assert "P-2025-0001" == voided["number"]


async def test_a_draft_without_its_gapless_number_may_go(world: World) -> None:
    paper = await world.make("paper")
    assert 204 == (await world.remove("paper", paper["id"])).status
    issued = await world.make("paper")
    await world.do("paper", issued["id"], "issue")
    with pytest.raises(Problem) as refused:
        await world.remove("paper", issued["id"])
    assert (409, "gapless_number") == refusal(refused.value)


async def test_a_stale_if_match_stops_a_transition(world: World) -> None:
    id = await a_sale(world)
    with pytest.raises(Problem) as refused:
        await act(world.call(if_match='"9"'), "sale", id, "agree", b"{}")
    assert (412, "precondition_failed") == refusal(refused.value)


async def test_a_dry_run_of_a_transition_draws_no_number(world: World) -> None:
    paper = await world.make("paper")
    await act(world.call(dry_run=True), "paper", paper["id"], "issue", b"{}")
    assert "draft" == (await world.get("paper", paper["id"]))["state"]
    assert "P-2026-0001" == (await world.do("paper", paper["id"], "issue"))["number"]


async def test_history_names_the_action_to_who_may_see_the_state(world: World) -> None:
    """What a transition is called tells the state; a conversion is the first version's action."""
    sale = await a_sale(world)
    await world.do("sale", sale, "agree")
    paper = (await world.do("sale", sale, "paper"))["id"]
    await world.change("paper", paper, key="k")
    await world.do("paper", paper, "issue")

    async def actions(*roles: str) -> list[str | None]:
        answer = await history(world.call(*roles), "paper", paper, ())
        return [one["action"] for one in body(answer)["data"]]

    assert ["issue", None, "paper"] == await actions("clerk")
    assert [None, None, "paper"] == await actions("guest")
