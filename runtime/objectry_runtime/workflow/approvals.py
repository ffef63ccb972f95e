"""Approvals: a transition that waits until enough people have agreed to the record as it is.

An approval is a version of the record that changes nothing. It stands as long as all versions since
are approvals too: whoever changes the record voids them, and so does leaving the state.
"""

from collections.abc import Mapping, Sequence

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.metadata.model.documents import ApprovalStepDef
from objectry.metadata.model.resolved import TransitionModel
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.refusals import conflict, forbidden
from objectry_runtime.identity.call import Call
from objectry_runtime.query.facts import Approval
from objectry_runtime.query.record import RecordState
from objectry_runtime.query.slots import array_text
from objectry_runtime.store.executor import Bound
from objectry_runtime.workflow.deputies import Lent
from objectry_runtime.workflow.steps import Voice, filled, helps, wanted


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The approval that a caller gives: as whose voice, and whether it is the last one needed."""

    voice: Voice
    lent: Lent | None
    last: bool


def needed(transition: TransitionModel, record: Draft) -> list[ApprovalStepDef]:
    """The steps that a record as it is must pass; a null needs none."""
    return [
        step.definition
        for step in transition.approvals
        if step.when is None or record.holds(step.when) is True
    ]


def standing(approvals: Sequence[Approval], version: int, transition: str) -> list[Approval]:
    """The approvals of a transition that count for a record at a version, the latest first.

    `approvals` are the record's, the latest first.
    """
    found: list[Approval] = []
    for one in approvals:
        if one.version != version - len(found) or one.taken:
            break
        found.append(one)
    return [one for one in found if one.transition == transition]


def voices(approvals: Sequence[Approval]) -> list[Voice]:
    """Who counts by the approvals that stand."""
    return [Voice(who=one.voice, roles=one.roles) for one in approvals]


def approve(
    call: Call,
    steps: Sequence[ApprovalStepDef],
    given: Sequence[Approval],
    barred: frozenset[str],
) -> Given:
    """The caller's approval, in their own name if they can, else for somebody who lent them a role.

    Nobody counts twice, neither by themselves nor through others. `barred` are those whose voice
    doesn't count.
    """
    principal, before = call.principal, voices(given)
    counted = {name for one in given for name in (one.principal, one.voice)}
    if principal.user in counted:
        title = "You have approved this already."
        raise conflict("already_approved", title, "Somebody else must approve it too.")
    own = Voice(who=principal.user, roles=principal.without_lent().roles)
    choices: list[tuple[Voice, Lent | None]] = [(own, None)]
    choices += [
        (Voice(who=lender, roles=frozenset({role})), Lent(role=role, lender=lender))
        for role, lender in sorted(_lent(call).items())
        if lender not in counted | barred
    ]
    for voice, lent in choices:
        if helps(steps, before, voice):
            last = sum(filled(steps, [*before, voice])) == wanted(steps)
            return Given(voice=voice, lent=lent, last=last)
    if any(voice.counts_for(step) for voice, _ in choices for step in steps):
        title = "Your approval is not needed any more."
        raise conflict("approval_not_needed", title, "What is missing is for other roles.")
    raise forbidden()


def keep(
    call: Call, model: ObjectModel, state: RecordState, transition: str, given: Given
) -> Bound:
    """Keeps an approval, with the version of the record that it makes."""
    return Bound(
        "insert into objectry.approval (tenant_id, object, record_id, version, transition, "
        "principal, voice, roles, taken, at) values ($1::integer, $2::text, $3::uuid, $4::integer, "
        "$5::text, $6::uuid, $7::uuid, $8::text[], $9::boolean, $10::timestamptz)",
        (
            str(call.principal.tenant),
            model.name,
            state.id,
            str(state.version + 1),
            transition,
            call.principal.user,
            given.voice.who,
            array_text(sorted(given.voice.roles)),
            "true" if given.last else "false",
            call.now.isoformat(),
        ),
    )


def _lent(call: Call) -> Mapping[str, str]:
    """The roles that the caller has by somebody else, and by whom."""
    principal = call.principal
    return {role: who for role, who in principal.lent.items() if role in principal.roles}
