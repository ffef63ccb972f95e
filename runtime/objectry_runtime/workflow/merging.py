"""Merging: a record takes in a duplicate of it, and whatever referred to that one refers to it.

The record keeps its values and takes those it lacks; lists are united, lines appended. All of it is
one transaction, and the other record is deleted in it as anybody would delete it.
"""

import msgspec

from objectry.metadata.model import ObjectModel
from objectry_runtime.command.admission import check_version, found, path_of
from objectry_runtime.command.bodies import is_array, is_object, parse, step
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import MERGE, Decide, Decision, Guard, Version, event_names
from objectry_runtime.command.idempotency import hash_of, scope_of
from objectry_runtime.command.lanes import Lane
from objectry_runtime.command.questions import question_about, unkeyed
from objectry_runtime.command.refusals import forbidden
from objectry_runtime.command.removal import removal
from objectry_runtime.command.unit import unit_of
from objectry_runtime.command.validate import validate
from objectry_runtime.command.write import Command, write
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Policy, all_of
from objectry_runtime.problems import FieldError, Problem, invalid
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.facts import Facts, read_facts
from objectry_runtime.query.prefetch import guard, lock, prefetch
from objectry_runtime.query.rewiring import note, rewire
from objectry_runtime.query.rollups import compute_anew
from objectry_runtime.store.executor import Bound
from objectry_runtime.workflow.uniting import is_taken, united

NO_RECORD = "There is no such record."


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a body asks for: the other record, and the fields whose values are to be its."""

    other: str
    take: tuple[str, ...]


async def merge(call: Call, model: ObjectModel, rights: Policy, record: str, body: bytes) -> Answer:
    """Let a record take in another one; the answer is the record."""
    asked = _read(parse(body), model, rights)
    if rights.rule("update") is False or rights.rule("delete") is False:
        raise forbidden()

    async def inquire(lane: Lane, facts: Facts) -> Decide:
        state = found(facts, "update")
        check_version(call, model, state, asked=False)
        other = await _hold(lane, call, model, asked.other)
        if found(other, "delete").id == state.id:
            raise invalid([FieldError("/with", "link", "A record can't be merged with itself.")])
        return _merging(model, rights, asked, other)

    scope = scope_of(call, "POST", f"{path_of(model)}/{record}/actions/{MERGE}")
    command = Command(
        question=question_about(call, model, record=record, rules=("read", "update")),
        inquire=inquire,
        record=record,
        scope=scope,
        body_hash=hash_of(call, body) if scope is not None else "",
    )
    return await write(call, command)


def _read(document: object, model: ObjectModel, rights: Policy) -> Asked:
    if not is_object(document):
        raise invalid([FieldError("", "type", 'Send {"with": "<id>"}, the record to take in.')])
    errors = [
        FieldError(step(name), "unknown_field", f"`{MERGE}` takes `with` and `take`.")
        for name in document
        if name not in ("with", "take")
    ]
    other, take = document.get("with"), document.get("take", [])
    if not isinstance(other, str) or not other:
        errors.append(FieldError("/with", "required", "The id of the record to take in."))
    elif "\0" in other:  # PostgreSQL has no text with it
        errors.append(FieldError("/with", "link", NO_RECORD))
    if not is_array(take):
        errors.append(FieldError("/take", "type", "A list of names of fields."))
        take = []
    for place, name in enumerate(take):
        field = model.fields.get(name) if isinstance(name, str) else None
        if field is None or not is_taken(field) or rights.field(field.name, "write") is not True:
            message = "There is no field of that name that you may write."
            errors.append(FieldError(f"/take/{place}", "unknown_field", message))
    if errors:
        raise invalid(errors)
    return Asked(other=str(other), take=tuple(str(name) for name in take))


async def _hold(lane: Lane, call: Call, model: ObjectModel, other: str) -> Facts:
    """The record that goes. From now on nobody links to it; who was about to finds it gone."""
    try:
        question = question_about(call, model, record=other, rules=("read", "delete"))
        await lane.read(lock(call, model.name, question.by, [other], unlinked=True))
        asked = prefetch(call, unkeyed(question), record=other)
        facts = read_facts(call.live, unkeyed(question), await lane.read(asked))
        found(facts, "read")
    except Problem as problem:
        if problem.status != 404:
            raise
        raise invalid([FieldError("/with", "link", NO_RECORD)]) from None
    return facts


def _merging(model: ObjectModel, rights: Policy, asked: Asked, other: Facts) -> Decide:
    leave = removal(model)

    def decide(context: Context, facts: Facts) -> Decision:
        call, state = context.call, found(facts, "update")
        # If-Match speaks of the record that stays.
        gone = leave(Context(msgspec.structs.replace(call, if_match="*"), context.linked), other)
        loser = found(other, "delete")
        for version in gone.versions:
            if version.after is not None:
                version.after.lines = {table: [] for table in version.after.lines}
        errors: list[FieldError] = []
        draft = united(context, model, state, loser, asked.take, errors)
        rule = rights.rule("update")
        declared = event_names(model, "merged")
        return Decision(
            model=model,
            operation="update",
            action=MERGE,
            versions=[Version(id=state.id, before=state, after=draft)],
            errors=[*errors, *validate(draft)],
            events=declared or event_names(model, "updated"),
            guards=[Guard(object=model.name, rule=rule, ids=[state.id], code="forbidden")],
            before=[
                *_seen(call, model, rights, loser.id),
                *rewire(call, model, loser.id, state.id),
                *unit_of(call, gone, other.subject_key, answering=False).statements,
            ],
            extra=[
                *note(call, model, loser.id, state.id),
                *_rollups(call, model, [state.id, loser.id]),
            ],
            always=True,
        )

    return decide


def _seen(call: Call, model: ObjectModel, rights: Policy, id: str) -> list[Bound]:
    """Refuses a record of which fields are hidden that others show: the one that stays would."""
    rules = (rights.field(name, "read") for name in model.fields)
    rule = all_of(one for one in rules if not isinstance(one, bool))
    return [] if rule is True else [guard(call, model.name, rule, [id], "forbidden")]


def _rollups(call: Call, model: ObjectModel, ids: list[str]) -> list[Bound]:
    fields = tuple(name for name, field in model.fields.items() if field.is_rollup and field.stored)
    return [compute_anew(call, model.name, fields, ids)] if fields else []
