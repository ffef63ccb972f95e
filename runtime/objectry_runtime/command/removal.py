"""Deleting a record, and bringing back one that was deleted and kept."""

from objectry.metadata.model import ObjectModel
from objectry.metadata.model.system import DELETED
from objectry_runtime.command import single
from objectry_runtime.command.admission import authorize, check_version, found, path_of
from objectry_runtime.command.bodies import takes_nothing
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import (
    DELETE,
    RESTORE,
    Decide,
    Decision,
    Version,
    event_names,
)
from objectry_runtime.command.drafting import changed_record
from objectry_runtime.command.idempotency import hash_of, scope_of
from objectry_runtime.command.questions import question_about, unkeyed
from objectry_runtime.command.refusals import conflict
from objectry_runtime.command.write import Command, write
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Action, Policy
from objectry_runtime.problems import not_found
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.conversions import untie
from objectry_runtime.query.drawing import NUMBER
from objectry_runtime.query.facts import Facts
from objectry_runtime.query.record import RecordState

RULES: tuple[Action, ...] = ("read", "delete")


async def delete(call: Call, object_name: str, record: str) -> Answer:
    """Delete a record with its lines; its history stays, and with `soft_delete` it does too."""
    model, _ = authorize(call, object_name)
    single.refuse(model, "DELETE")
    command = Command(
        question=unkeyed(question_about(call, model, record=record, rules=RULES)),
        decide=removal(model),
        record=record,
        status=204,
    )
    return await write(call, command)


async def restore(
    call: Call, model: ObjectModel, rights: Policy, record: str, body: bytes
) -> Answer:
    """Bring back a deleted record, for those who may delete it."""
    if rights.rule("delete") is False:
        raise not_found()
    takes_nothing(body, RESTORE)
    scope = scope_of(call, "POST", f"{path_of(model)}/{record}/actions/{RESTORE}")
    command = Command(
        question=question_about(call, model, record=record, rules=RULES),
        decide=_restoring(model),
        record=record,
        scope=scope,
        body_hash=hash_of(call, body) if scope is not None else "",
    )
    return await write(call, command)


def removal(model: ObjectModel) -> Decide:
    """How a record goes: for good, or hidden where deleted records are kept."""
    return _hiding(model) if model.definition.soft_delete else deletion(model)


def deletion(model: ObjectModel) -> Decide:
    """The decision to let a record go for good."""

    def decide(context: Context, facts: Facts) -> Decision:
        state = _to_delete(context, model, facts)
        return Decision(
            model=model,
            operation="delete",
            versions=[Version(id=state.id, before=state)],
            events=event_names(model, "deleted"),
            extra=untie(context.call, model.name, state.id),
        )

    return decide


def _hiding(model: ObjectModel) -> Decide:
    """What was made from the record keeps its tie: it may come back."""

    def decide(context: Context, facts: Facts) -> Decision:
        state = _to_delete(context, model, facts)
        engine = {DELETED: context.call.now}
        after = changed_record(context, model, state, {}, {}, [], engine=engine)
        not_converted, _ = untie(context.call, model.name, state.id)
        return Decision(
            model=model,
            operation="update",
            action=DELETE,
            versions=[Version(id=state.id, before=state, after=after)],
            events=event_names(model, "deleted"),
            extra=[not_converted],
        )

    return decide


def _restoring(model: ObjectModel) -> Decide:
    def decide(context: Context, facts: Facts) -> Decision:
        state = found(facts, "delete", deleted=True)
        check_version(context.call, model, state, asked=False)
        after = changed_record(context, model, state, {}, {}, [], engine={DELETED: None})
        return Decision(
            model=model,
            operation="update",
            action=RESTORE,
            versions=[Version(id=state.id, before=state, after=after)],
            events=event_names(model, "updated"),
        )

    return decide


def _to_delete(context: Context, model: ObjectModel, facts: Facts) -> RecordState:
    """The record, if it may go: a gapless number stays, and so does what is locked."""
    state = found(facts, "delete")
    check_version(context.call, model, state, asked=True)
    numberings = {**model.autonumbers, **({NUMBER: model.numbering} if model.numbering else {})}
    gapless = [name for name, numbering in numberings.items() if numbering.gapless]
    if any(state.values.get(name) is not None for name in gapless):
        title = "A record with a gapless number can't be deleted."
        raise conflict("gapless_number", title, "Cancel it instead: its number stays taken.")
    before = changed_record(context, model, state, {}, {}, [])
    if model.immutable is not None and before.holds(model.immutable.when) is True:
        raise conflict("immutable", "The record can't be changed any more, nor deleted.")
    return state
