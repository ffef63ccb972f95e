"""Transitions: the only way a state changes."""

from objectry.metadata.model import ObjectModel, WorkflowModel
from objectry_runtime.command.admission import check_version, found, path_of
from objectry_runtime.command.bodies import empty, is_object, parse, step
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import Decide, Decision, Version, event_names
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record
from objectry_runtime.command.idempotency import hash_of, scope_of
from objectry_runtime.command.numbering import draw
from objectry_runtime.command.questions import question_about
from objectry_runtime.command.refusals import conflict, forbidden
from objectry_runtime.command.validate import validate
from objectry_runtime.command.write import Command, write
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Policy
from objectry_runtime.problems import FieldError, Problem, invalid
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.facts import Facts


async def transition(
    call: Call, model: ObjectModel, rights: Policy, record: str, name: str, body: bytes
) -> Answer:
    """Take the transition `name` of a record."""
    _takes_nothing(parse(body), name)
    path = f"{path_of(model)}/{record}/actions/{name}"
    scope = scope_of(call, "POST", path)
    command = Command(
        question=question_about(call, model, record=record, rules=("read",)),
        decide=_taking(model, rights, name),
        record=record,
        scope=scope,
        body_hash=hash_of(call, body) if scope is not None else "",
    )
    return await write(call, command)


def _taking(model: ObjectModel, rights: Policy, name: str) -> Decide:
    workflow = model.workflow
    assert workflow is not None, f"{model.name} has a workflow"
    declared = workflow.transitions[name].definition

    def decide(context: Context, facts: Facts) -> Decision:
        state = found(facts, "read")
        if not rights.may_transition(name):
            raise forbidden()
        check_version(context.call, model, state, asked=False)
        errors: list[FieldError] = []
        current = changed_record(context, model, state, {}, {}, errors)
        refusal = _refusal(context, workflow, name, current)
        if refusal is not None and not context.linked.missing:
            raise refusal
        engine = {workflow.field: declared.to}
        draft = changed_record(context, model, state, {}, {}, errors, engine=engine)
        numbering = model.numbering
        due = numbering is not None and numbering.at == name and state.values["number"] is None
        return Decision(
            model=model,
            operation="update",
            action=name,
            versions=[
                Version(
                    id=state.id,
                    before=state,
                    after=draft,
                    number=draw(numbering, draft) if due and numbering is not None else None,
                )
            ],
            errors=[*errors, *validate(draft)],
            always=True,
            events=(declared.event,) if declared.event else event_names(model, "updated"),
        )

    return decide


def _refusal(
    context: Context, workflow: WorkflowModel, name: str, current: Draft
) -> Problem | None:
    """Why the record can't take the transition now; the guard is asked of it as it is."""
    one = workflow.transitions[name]
    state = str(current.value(workflow.field))
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
    return None


def _takes_nothing(document: object, name: str) -> None:
    if empty(document):
        return
    if is_object(document):
        message = f"`{name}` takes no parameters."
        raise invalid([FieldError(step(key), "unknown_field", message) for key in document])
    raise invalid([FieldError("", "type", f"`{name}` takes no parameters: send {{}}.")])
