"""Transitions: the only way a state changes."""

from collections.abc import Mapping

from objectry.expressions import Value
from objectry.metadata.model import ObjectModel, WorkflowModel
from objectry.metadata.model.resolved import TransitionModel
from objectry_runtime.command.admission import check_version, found, path_of
from objectry_runtime.command.bodies import parse
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import Decide, Decision, Version, event_names
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record, split
from objectry_runtime.command.idempotency import hash_of, scope_of
from objectry_runtime.command.numbering import draw
from objectry_runtime.command.questions import linked_ids, question_about
from objectry_runtime.command.refusals import conflict, forbidden
from objectry_runtime.command.validate import validate
from objectry_runtime.command.write import Command, write
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Policy
from objectry_runtime.problems import FieldError, Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.facts import Facts
from objectry_runtime.query.record import RecordState
from objectry_runtime.workflow.approvals import Given, approve, keep, needed, standing
from objectry_runtime.workflow.deputies import lent_for, note_lent
from objectry_runtime.workflow.taking import read_taken


async def transition(
    call: Call, model: ObjectModel, rights: Policy, record: str, name: str, body: bytes
) -> Answer:
    """Take the transition `name` of a record, or approve it where others must too."""
    assert model.workflow is not None, f"{model.name} has a workflow"
    one = model.workflow.transitions[name]
    taken = read_taken(call, model, rights, one, parse(body))
    path = f"{path_of(model)}/{record}/actions/{name}"
    scope = scope_of(call, "POST", path)
    ids = linked_ids(call.live, model, (taken.values,))
    command = Command(
        question=question_about(
            call, model, record=record, rules=("read",), ids=ids, approvals=bool(one.approvals)
        ),
        decide=_taking(model, model.workflow, rights, one, split(taken)[0]),
        record=record,
        ids=ids,
        deprecated=bool(taken.deprecated),
        scope=scope,
        body_hash=hash_of(call, body) if scope is not None else "",
    )
    return await write(call, command)


def _taking(
    model: ObjectModel,
    workflow: WorkflowModel,
    rights: Policy,
    one: TransitionModel,
    values: Mapping[str, Value],
) -> Decide:
    declared, name = one.definition, one.definition.name

    def decide(context: Context, facts: Facts) -> Decision:
        call, state = context.call, found(facts, "read")
        if not rights.may_transition(name):
            raise forbidden()
        check_version(call, model, state, asked=False)
        errors: list[FieldError] = []
        current = changed_record(context, model, state, {}, {}, errors)
        refusal = _refusal(context, workflow, one, current)
        if refusal is not None and not context.linked.missing:
            raise refusal
        lent = lent_for(call, model, name)
        if lent is not None and declared.four_eyes and lent.lender in _makers(current):
            raise _own_record()
        given = _approval(context, one, current, state, facts)
        takes = given is None or given.last
        engine = {workflow.field: declared.to} if takes else {}
        draft = changed_record(context, model, state, values, {}, errors, engine=engine)
        numbering = model.numbering
        due = takes and numbering is not None and numbering.at == name
        unnumbered = due and state.values["number"] is None
        event = declared.event if takes else declared.approval_event
        extra = [keep(call, model, state, name, given)] if given is not None else []
        lent = given.lent or lent if given is not None else lent
        if lent is not None:
            extra.append(note_lent(call, model, state.id, state.version + 1, lent))
        return Decision(
            model=model,
            operation="update",
            action=name,
            versions=[
                Version(
                    id=state.id,
                    before=state,
                    after=draft,
                    number=draw(numbering, draft) if unnumbered and numbering is not None else None,
                )
            ],
            errors=[*errors, *validate(draft)],
            always=True,
            events=(event,) if event else event_names(model, "updated"),
            extra=extra,
        )

    return decide


def _approval(
    context: Context, one: TransitionModel, current: Draft, state: RecordState, facts: Facts
) -> Given | None:
    """The approval that this is; None where the transition needs none now."""
    steps = needed(one, current)
    if not steps or context.linked.missing:
        return None
    given = standing(facts.approvals, state.version, one.definition.name)
    barred = _makers(current) if one.definition.four_eyes else frozenset[str]()
    return approve(context.call, steps, given, barred)


def _makers(record: Draft) -> frozenset[str]:
    """Whose record it is."""
    return frozenset(str(record.value(name)) for name in ("owner", "created_by"))


def _refusal(
    context: Context, workflow: WorkflowModel, one: TransitionModel, current: Draft
) -> Problem | None:
    """Why the record can't take the transition now; the guard is asked of it as it is."""
    name, state = one.definition.name, str(current.value(workflow.field))
    title = "The transition is refused."
    if state in workflow.final:
        return conflict("transition_refused", title, f"`{state}` is a final state.")
    if state not in one.definition.sources:
        states = " or ".join(f"`{source}`" for source in one.definition.sources)
        detail = f"`{name}` leads from {states}; the record is `{state}`."
        return conflict("transition_refused", title, detail)
    if one.guard is not None and current.holds(one.guard) is not True:
        detail = one.definition.message or (
            f"The record does not meet the conditions of `{name}`; it is `{state}`."
        )
        return conflict("transition_refused", title, detail)
    if one.definition.four_eyes and context.call.principal.user in _makers(current):
        return _own_record()
    return None


def _own_record() -> Problem:
    detail = "The record is your own, or that of who lent you the role."
    return Problem(403, "four_eyes", "Somebody else must do this.", detail)
