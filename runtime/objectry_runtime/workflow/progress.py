"""`GET /{plural}/{id}/approvals`: which steps a record must pass, who approved, what is missing."""

from collections.abc import Sequence

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.metadata.model.resolved import TransitionModel
from objectry.values.dates import datetime_text
from objectry.values.ids import parse_id
from objectry_runtime.command.admission import found
from objectry_runtime.command.context import Context
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record
from objectry_runtime.command.lanes import Sealed
from objectry_runtime.command.questions import question_about, settled
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Policy, policy
from objectry_runtime.problems import not_found
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.facts import Approval, Facts, read_facts
from objectry_runtime.query.prefetch import prefetch
from objectry_runtime.query.refusal import bad_query, quoted
from objectry_runtime.workflow.approvals import needed, standing, voices
from objectry_runtime.workflow.steps import filled, wanted

Params = Sequence[tuple[str, str]]
Json = dict[str, object]


async def approvals(call: Call, object_name: str, key: str, params: Params) -> Answer:
    """The approvals of the transitions that lead on from the record's state."""
    for name, _ in params:
        raise bad_query(f"Approvals take no parameter {quoted(name)}.")
    model = call.live.model.object(object_name)
    rights = policy(call.live, object_name, call.principal.roles)
    if rights.rule("read") is False:
        raise not_found()
    question = question_about(
        call, model, record=key, rules=("read",), approvals=True, idempotent=False
    )
    lane = Sealed(call)
    asked = prefetch(call, question, record=parse_id(key) or key)
    facts = read_facts(call.live, question, await lane.read(asked))
    found(facts, "read")
    data = await settled(
        lane, call, {}, facts, lambda context: _told(context, model, rights, facts)
    )
    body = msgspec.json.encode({"data": data})
    return Answer(status=200, body=body, headers={"Content-Type": "application/json"})


def _told(context: Context, model: ObjectModel, rights: Policy, facts: Facts) -> list[Json]:
    state = found(facts, "read")
    current = changed_record(context, model, state, {}, {}, [])
    workflow = model.workflow
    if workflow is None:
        return []
    return [
        _progress(one, current, standing(facts.approvals, state.version, name))
        for name, one in workflow.transitions.items()
        if one.approvals
        and current.value(workflow.field) in one.definition.sources
        and _may_know(model, rights, one)
    ]


def _may_know(model: ObjectModel, rights: Policy, one: TransitionModel) -> bool:
    """Whether the steps tell the caller nothing that is hidden from them.

    Who may approve is told anyway; to others the steps would tell of what their conditions read.
    """
    assert model.workflow is not None, "only a workflow has transitions"
    reads = {path for step in one.approvals if step.when for _, path in step.when.reads}
    told = {(model.workflow.field,), *reads}
    return rights.may_transition(one.definition.name) or all(
        len(path) == 1 and rights.field(path[0], "read") is True for path in told
    )


def _progress(one: TransitionModel, current: Draft, given: Sequence[Approval]) -> Json:
    steps = needed(one, current)
    places = filled(steps, voices(given))
    return {
        "transition": one.definition.name,
        "to": one.definition.to,
        "missing": wanted(steps) - sum(places),
        "steps": [
            {
                "roles": step.roles,
                "count": step.count,
                "approved": taken,
                "missing": step.count - taken,
            }
            for step, taken in zip(steps, places, strict=True)
        ],
        "approvals": [
            {
                "by": approval.principal,
                "on_behalf_of": approval.voice if approval.voice != approval.principal else None,
                "roles": sorted(approval.roles),
                "at": datetime_text(approval.at),
            }
            for approval in reversed(given)
        ],
    }
