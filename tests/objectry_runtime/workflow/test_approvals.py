"""Approvals: several people, thresholds, nobody twice; what voids them; who is the last of them."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectry.metadata.model.documents import ApprovalStepDef
from objectry.values.ids import new_id
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.services.verification.checks import verify
from objectry_runtime.services.verification.view import Trouble
from objectry_runtime.store.database import Database
from objectry_runtime.workflow import act, approvals
from objectry_runtime.workflow.steps import Voice, filled, helps
from tests.objectry_runtime.command.world import World, body, errors, refusal

pytestmark = pytest.mark.anyio

Record = dict[str, Any]
ANN, BEN, CAT, DAN = (new_id() for _ in range(4))


def caller(office: World, who: str, *roles: str, **lent: str) -> Call:
    call = office.call(*roles, user=who)
    principal = msgspec.structs.replace(call.principal, lent=lent).with_lent()
    return msgspec.structs.replace(call, principal=principal)


async def offer(office: World, total: str, **values: Any) -> Record:
    made = await office.make("offer", total=total, **values)
    return dict(await office.do("offer", made["id"], "submit"))


async def approve(office: World, id: str, who: str, *roles: str, **lent: str) -> str:
    """Approve, and tell the state that follows."""
    answer = await act(caller(office, who, *roles, **lent), "offer", id, "approve", b"{}")
    assert 200 == answer.status
    return str((await office.get("offer", id))["status"])


async def refused(office: World, id: str, who: str, *roles: str, **lent: str) -> tuple[int, str]:
    with pytest.raises(Problem) as problem:
        await approve(office, id, who, *roles, **lent)
    return refusal(problem.value)


async def shown(office: World, id: str, *roles: str) -> list[Any]:
    return list(body(await approvals(office.call(*roles), "offer", id, ()))["data"])


async def test_below_every_threshold_one_call_takes_the_transition(office: World) -> None:
    one = await offer(office, "1000")
    assert "approved" == await approve(office, one["id"], ANN, "director")
    assert "OfferApproved" == (await office.events())[-1]


async def test_every_step_that_applies_must_be_met(office: World) -> None:
    one = await offer(office, "20000")
    states = [
        await approve(office, one["id"], ANN, "director"),
        await approve(office, one["id"], BEN, "manager"),
        await approve(office, one["id"], CAT, "director"),
    ]
    assert ["submitted", "submitted", "approved"] == states
    assert ["OfferApprovalGiven", "OfferApprovalGiven", "OfferApproved"] == (await office.events())[
        -3:
    ]
    past = await office.history(one["id"])
    assert ["approve"] * 3 == [version["action"] for version in past[-3:]]
    assert [False, False, True] == ["status" in version["changes"] for version in past[-3:]]


async def test_nobody_counts_twice_and_who_is_not_needed_is_told(office: World) -> None:
    one = await offer(office, "20000")
    await approve(office, one["id"], ANN, "manager")
    assert (409, "already_approved") == await refused(office, one["id"], ANN, "director")
    assert (409, "approval_not_needed") == await refused(office, one["id"], BEN, "manager")
    assert (403, "forbidden") == await refused(office, one["id"], BEN, "clerk")
    assert (403, "forbidden") == await refused(office, one["id"], BEN, "driver")
    await approve(office, one["id"], BEN, "director")
    assert "approved" == await approve(office, one["id"], CAT, "director")


async def test_who_has_two_roles_is_counted_where_others_cannot_be(office: World) -> None:
    one = await offer(office, "20000")
    await approve(office, one["id"], ANN, "manager", "director")
    await approve(office, one["id"], BEN, "director")
    assert "approved" == await approve(office, one["id"], CAT, "director")
    two = await offer(office, "20000")
    await approve(office, two["id"], ANN, "manager", "director")
    await approve(office, two["id"], BEN, "manager")
    assert "approved" == await approve(office, two["id"], CAT, "director")


async def test_an_admin_is_one_of_any_step_but_only_one(office: World) -> None:
    one = await offer(office, "20000")
    assert "submitted" == await approve(office, one["id"], ANN, "admin")
    assert (409, "already_approved") == await refused(office, one["id"], ANN, "admin")


async def test_four_eyes_bar_who_made_the_record_even_an_admin(office: World) -> None:
    one = await offer(office, "5000")
    maker = one["owner"]
    assert (403, "four_eyes") == await refused(office, one["id"], maker, "admin")
    assert (403, "four_eyes") == await refused(office, one["id"], maker, "manager")
    assert (403, "forbidden") == await refused(office, one["id"], BEN, "director", manager=maker)
    assert "approved" == await approve(office, one["id"], BEN, "manager")


async def test_who_made_the_record_lends_nobody_the_right_to_wave_it_through(
    office: World,
) -> None:
    one = await offer(office, "5000")
    for lent, expected in ((one["owner"], (403, "four_eyes")), (ANN, None)):
        call = caller(office, BEN, "clerk", manager=lent)
        if expected is None:
            await act(call, "offer", one["id"], "waive", b"{}")
            continue
        with pytest.raises(Problem) as problem:
            await act(call, "offer", one["id"], "waive", b"{}")
        assert expected == refusal(problem.value)
    rows = await office.ask(
        "select lender::text, role from objectry.on_behalf where tenant_id = $1::integer"
    )
    assert [(ANN, "manager")] == rows


async def test_a_change_of_the_record_voids_what_was_approved(office: World) -> None:
    one = await offer(office, "20000")
    await approve(office, one["id"], ANN, "director")
    await office.change("offer", one["id"], rows=[{"what": "more"}])
    await approve(office, one["id"], ANN, "director")
    await approve(office, one["id"], BEN, "manager")
    assert "approved" == await approve(office, one["id"], CAT, "director")


async def test_a_dearer_record_needs_more_and_a_patch_that_changes_nothing_voids_nothing(
    office: World,
) -> None:
    one = await offer(office, "5000")
    await office.change("offer", one["id"], total="20000")
    assert "submitted" == await approve(office, one["id"], ANN, "manager")
    await office.change("offer", one["id"], total="20000")
    (told,) = await shown(office, one["id"])
    assert 2 == told["missing"]


async def test_leaving_the_state_voids_what_was_approved(office: World) -> None:
    one = await offer(office, "20000")
    await approve(office, one["id"], ANN, "director")
    for name in ("revise", "submit"):
        await office.do("offer", one["id"], name)
    await approve(office, one["id"], ANN, "director")
    await approve(office, one["id"], BEN, "manager")
    assert "submitted" == (await office.get("offer", one["id"]))["status"]


async def test_what_is_missing_is_shown(office: World) -> None:
    one = await offer(office, "20000")
    await approve(office, one["id"], ANN, "director")
    (told,) = await shown(office, one["id"], "manager")
    assert ("approve", "approved", 2) == (told["transition"], told["to"], told["missing"])
    assert [
        {"roles": ["manager"], "count": 1, "approved": 0, "missing": 1},
        {"roles": ["director"], "count": 2, "approved": 1, "missing": 1},
    ] == told["steps"]
    (approval,) = told["approvals"]
    assert (ANN, None) == (approval["by"], approval["on_behalf_of"])
    await approve(office, one["id"], BEN, "manager")
    await approve(office, one["id"], CAT, "director")
    assert [] == await shown(office, one["id"])


async def test_steps_tell_nothing_of_a_field_that_is_hidden(office: World) -> None:
    """`total` decides which steps there are: who sees neither it nor approves sees no steps."""
    one = await offer(office, "20000")
    assert 1 == len(await shown(office, one["id"], "clerk"))
    assert 1 == len(await shown(office, one["id"], "driver"))  # may approve as far as grants go
    with pytest.raises(Problem) as problem:
        await shown(office, new_id(), "clerk")
    assert (404, "not_found") == refusal(problem.value)


async def test_the_last_two_at_the_same_moment_make_one_transition(office: World) -> None:
    for _ in range(6):
        one = await offer(office, "20000")
        await approve(office, one["id"], ANN, "manager")
        outcomes = await asyncio.gather(
            *(
                act(caller(office, who, "director"), "offer", one["id"], "approve", b"{}")
                for who in (BEN, CAT, DAN)
            ),
            return_exceptions=True,
        )
        assert 2 == sum(isinstance(each, Answer) for each in outcomes), outcomes
        (late,) = [each for each in outcomes if isinstance(each, Problem)]
        assert (409, "transition_refused") == refusal(late)
        past = await office.history(one["id"])
        assert 1 == sum(
            version["changes"].get("status", {}).get("to") == "approved" for version in past
        )
    events = await office.events()
    assert (6, 12) == (events.count("OfferApproved"), events.count("OfferApprovalGiven"))


async def test_one_person_at_the_same_moment_is_counted_once(office: World) -> None:
    one = await offer(office, "20000")
    outcomes = await asyncio.gather(
        *(
            act(caller(office, ANN, "director"), "offer", one["id"], "approve", b"{}")
            for _ in range(8)
        ),
        return_exceptions=True,
    )
    assert 1 == sum(isinstance(each, Answer) for each in outcomes)
    assert [(409, "already_approved")] * 7 == [
        refusal(each) for each in outcomes if isinstance(each, Problem)
    ]


async def test_a_dry_run_approves_nothing_and_a_key_once(office: World) -> None:
    one = await offer(office, "20000")
    dry = msgspec.structs.replace(caller(office, ANN, "director"), dry_run=True)
    await act(dry, "offer", one["id"], "approve", b"{}")
    keyed = msgspec.structs.replace(caller(office, ANN, "director"), idempotency_key="k")
    answers = [await act(keyed, "offer", one["id"], "approve", b"{}") for _ in range(2)]
    assert answers[0].body == answers[1].body
    (told,) = await shown(office, one["id"])
    assert 1 == len(told["approvals"])


async def test_a_deputy_counts_for_who_lent_the_role_and_both_once(office: World) -> None:
    one = await offer(office, "20000")
    await approve(office, one["id"], BEN, "clerk", director=ANN)
    assert (409, "already_approved") == await refused(office, one["id"], ANN, "director")
    assert (409, "already_approved") == await refused(office, one["id"], BEN, "manager")
    assert (403, "forbidden") == await refused(office, one["id"], CAT, "clerk", director=ANN)
    (told,) = await shown(office, one["id"])
    assert (BEN, ANN, ["director"]) == (
        told["approvals"][0]["by"],
        told["approvals"][0]["on_behalf_of"],
        told["approvals"][0]["roles"],
    )
    await approve(office, one["id"], CAT, "manager", director=ANN)  # in their own name
    assert "approved" == await approve(office, one["id"], DAN, "director")


async def test_a_reason_is_taken_with_the_transition(office: World) -> None:
    one = await offer(office, "1")
    client = (await office.make("client", name="Ada"))["id"]
    rejected = await office.do(
        "offer", one["id"], "reject", "manager", reason="dear", note="n", contact=client
    )
    assert ("rejected", "dear", "n", client) == tuple(
        rejected[name] for name in ("status", "reason", "note", "contact")
    )


async def test_a_reason_is_required_and_judged_as_in_any_body(office: World) -> None:
    one = await offer(office, "1")
    wrong: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({}, {"/reason": "required"}),
        ({"reason": None}, {"/reason": "required"}),
        ({"reason": ""}, {"/reason": "required"}),
        ({"reason": "x" * 21}, {"/reason": "max_length"}),
        ({"reason": "x", "total": "2"}, {"/total": "read_only"}),
        ({"reason": "x", "nonsense": 1}, {"/nonsense": "unknown_field"}),
        ({"reason": "x", "contact": new_id()}, {"/contact": "link"}),
        ({"reason": "x", "status": "approved"}, {"/status": "state"}),
    ]
    for said, expected in wrong:
        with pytest.raises(Problem) as problem:
            await office.do("offer", one["id"], "reject", "manager", **said)
        assert expected == errors(problem.value), said
    assert "submitted" == (await office.get("offer", one["id"]))["status"]


ROLES = st.frozensets(st.sampled_from("abc"), max_size=3)
STEPS = st.lists(
    st.builds(
        ApprovalStepDef,
        roles=st.lists(st.sampled_from("abc"), min_size=1, max_size=2).map(tuple),
        count=st.integers(1, 3),
    ),
    min_size=1,
    max_size=3,
)


def most(steps: list[ApprovalStepDef], voices: list[Voice]) -> int:
    """The most places that can be taken, by trying everything."""

    def best(index: int, left: tuple[int, ...]) -> int:
        if index == len(voices):
            return 0
        found = best(index + 1, left)
        for at, step in enumerate(steps):
            if left[at] and voices[index].counts_for(step):
                fewer = (*left[:at], left[at] - 1, *left[at + 1 :])
                found = max(found, 1 + best(index + 1, fewer))
        return found

    return best(0, tuple(step.count for step in steps))


@given(STEPS, st.lists(ROLES, max_size=5), ROLES)
def test_as_many_places_are_taken_as_can_be(
    steps: list[ApprovalStepDef], roles: list[frozenset[str]], another: frozenset[str]
) -> None:
    voices = [Voice(who=str(index), roles=one) for index, one in enumerate(roles)]
    assert most(steps, voices) == sum(filled(steps, voices))
    late = Voice(who="late", roles=another)
    assert helps(steps, voices, late) == (most(steps, [*voices, late]) > most(steps, voices))


async def test_verification_knows_the_event_of_an_approval(
    office: World, paperwork: Database
) -> None:
    made = await offer(office, "20000")
    assert "submitted" == await approve(office, made["id"], ANN, "director")
    assert "OfferApprovalGiven" == (await office.events())[-1]
    troubles: list[Trouble] = []
    assert list(verify(paperwork, office.live, troubles.append))
    assert [] == troubles
