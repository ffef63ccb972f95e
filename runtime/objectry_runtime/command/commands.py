"""The commands everybody has: create, update, replace, delete."""

from collections.abc import Callable, Sequence

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.values.ids import new_id
from objectry_runtime.command.bodies import (
    Body,
    Rights,
    errors_of,
    parse,
    read_many,
    read_one,
    step,
)
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import Decide, Decision, Guard, Version
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record, new_record, split
from objectry_runtime.command.idempotency import hash_of, scope_of
from objectry_runtime.command.numbering import draw
from objectry_runtime.command.questions import linked_ids, question_about
from objectry_runtime.command.refusals import conflict, forbidden
from objectry_runtime.command.validate import validate
from objectry_runtime.command.write import Command, write
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Action, Policy, WriteAction, policy
from objectry_runtime.problems import FieldError, Problem, not_found
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.conversions import untie
from objectry_runtime.query.prefetch import Facts, Question
from objectry_runtime.query.record import RecordState

_ACTIONS: tuple[Action, ...] = ("read", "create", "update", "delete")


async def create(call: Call, object_name: str, body: bytes) -> Answer:
    """Make the record, or all records of an array, that a body describes."""
    model, rights = authorize(call, object_name)
    if rights.rule("create") is False:
        raise forbidden()
    document = parse(body)
    fields = Rights(live=call.live, policy=rights, action="create")
    bodies = read_many(call.live, object_name, document, fields)
    ids = linked_ids(call.live, model, (one.decoded.values for one in bodies))
    path = path_of(model)
    command = Command(
        question=question_about(call, model, ids=ids),
        decide=_creation(model, rights, bodies, [new_id() for _ in bodies]),
        ids=ids,
        status=201,
        path=path,
        bulk=isinstance(document, list),
        deprecated=any(one.decoded.deprecated for one in bodies),
        scope=scope_of(call, "POST", path),
        body_hash=hash_of(body),
    )
    return await write(call, command)


async def update(
    call: Call, object_name: str, record: str, body: bytes, *, replace: bool = False
) -> Answer:
    """Change what a body says of a record (PATCH), or make it what the body says (PUT)."""
    model, rights = authorize(call, object_name)
    fields = Rights(live=call.live, policy=rights, action="update")
    said = read_one(call.live, object_name, parse(body), fields, partial=not replace)
    conditional = _conditional(rights, said, "update")
    ids = linked_ids(call.live, model, (said.decoded.values,))
    question = question_about(
        call, model, record=record, rules=("read", "update"), fields=conditional, ids=ids
    )
    command = Command(
        question=unkeyed(question),
        decide=_change(model, rights, said, fields.may_write if replace else None),
        record=record,
        ids=ids,
        deprecated=bool(said.decoded.deprecated),
    )
    return await write(call, command)


async def delete(call: Call, object_name: str, record: str) -> Answer:
    """Delete a record with its lines; its history stays."""
    model, rights = authorize(call, object_name)
    command = Command(
        question=unkeyed(question_about(call, model, record=record, rules=("read", "delete"))),
        decide=_deletion(model, rights),
        record=record,
    )
    return await write(call, command)


def authorize(call: Call, object_name: str) -> tuple[ObjectModel, Policy]:
    """The object and the caller's rights on it; one nothing may be done with does not exist."""
    model = call.live.model.object(object_name)
    rights = policy(call.live, object_name, call.principal.roles)
    if model.is_line:
        title = "The method is not allowed here."
        detail = "Lines are written through the record that owns them."
        raise Problem(405, "method_not_allowed", title, detail, headers={"Allow": "GET, HEAD"})
    transitions = model.workflow.transitions if model.workflow is not None else {}
    if not (
        any(rights.rule(action) is not False for action in _ACTIONS)
        or any(rights.may_transition(one) for one in transitions)
        or any(rights.may_convert(one) for one in model.conversions)
    ):
        raise not_found()
    return model, rights


def path_of(model: ObjectModel) -> str:
    """The REST path of an object's records."""
    return f"/api/v1/{model.plural}"


def found(facts: Facts, action: str) -> RecordState:
    """The record, if the caller may do `action` on it: else 403 where it may be read, 404 not."""
    if facts.record is None:
        raise not_found()
    if action and not facts.allowed[action]:
        raise forbidden() if facts.allowed["read"] else not_found()
    return facts.record


def check_version(call: Call, model: ObjectModel, state: RecordState, *, asked: bool) -> None:
    """Hold `If-Match` against the record's version; `asked`: the object may demand the header."""
    if not call.if_match:
        if asked and model.definition.require_if_match:
            detail = "Send If-Match with the ETag of the record as you read it."
            raise Problem(428, "precondition_required", "This write needs If-Match.", detail)
        return
    if call.if_match.strip() == "*":
        return
    tags = (one.strip().removeprefix("W/").strip('"') for one in call.if_match.split(","))
    if str(state.version) not in (tag.split(".")[0] for tag in tags):
        detail = "Read it again: somebody changed it since."
        raise Problem(412, "precondition_failed", "The record is no longer that version.", detail)


def event_names(model: ObjectModel, what: str) -> tuple[str, ...]:
    """The declared event of what happens to a record."""
    name = model.definition.events.get(what)
    return (name,) if name else ()


def merge(said: Sequence[FieldError], found_later: Sequence[FieldError]) -> list[FieldError]:
    """All errors; where the body's own value is wrong, what follows from that is not said."""
    places = {one.pointer for one in said}
    # A row whose id is wrong is no new row that lacks its values.
    rows = tuple(place.removesuffix("id") for place in places if place.endswith("/id"))
    return [
        *said,
        *(
            one
            for one in found_later
            if one.pointer not in places and not one.pointer.startswith(rows)
        ),
    ]


def unkeyed(question: Question) -> Question:
    """Idempotency keys count on POST only."""
    return msgspec.structs.replace(question, idempotent=False)


def _creation(
    model: ObjectModel, rights: Policy, bodies: Sequence[Body], ids: Sequence[str]
) -> Decide:
    def decide(context: Context, facts: Facts) -> Decision:
        errors: list[FieldError] = []
        versions: list[Version] = []
        guards = [Guard(object=model.name, rule=rights.rule("create"), ids=ids, code="forbidden")]
        for id, body in zip(ids, bodies, strict=True):
            values, lines = split(body.decoded)
            initial = model.workflow.definition.initial if model.workflow else None
            said = _said(body, model, initial)
            draft = new_record(
                context, model, id, values, lines, pointer=body.pointer, sound=not said
            )
            errors += merge(said, validate(draft))
            at_once = model.numbering is not None and model.numbering.at == "create"
            number = draw(model.numbering, draft) if at_once and model.numbering else None
            versions.append(Version(id=id, after=draft, number=number))
            guards += _field_guards(context, rights, draft, "create")
        return Decision(
            model=model,
            operation="create",
            versions=versions,
            errors=errors,
            events=event_names(model, "created"),
            guards=guards,
        )

    return decide


def _change(
    model: ObjectModel, rights: Policy, body: Body, replace: Callable[[str], bool] | None
) -> Decide:
    def decide(context: Context, facts: Facts) -> Decision:
        state = found(facts, "update")
        check_version(context.call, model, state, asked=True)
        current = state.values.get(model.workflow.field) if model.workflow else None
        errors = _said(body, model, current)
        values, lines = split(body.decoded)
        errors += [
            FieldError(step(name), "read_only", "You may not write this field.")
            for name in (*values, *lines)
            if not facts.allowed.get(f"write:{name}", True)
        ]
        draft = changed_record(context, model, state, values, lines, errors, replace=replace)
        errors = merge(errors, [*frozen(context, model, state, draft), *validate(draft)])
        rule = rights.rule("update")
        guards = [Guard(object=model.name, rule=rule, ids=[state.id], code="forbidden")]
        return Decision(
            model=model,
            operation="update",
            versions=[Version(id=state.id, before=state, after=draft)],
            errors=errors,
            events=event_names(model, "updated"),
            guards=guards + _field_guards(context, rights, draft, "update"),
        )

    return decide


def _deletion(model: ObjectModel, rights: Policy) -> Decide:
    def decide(context: Context, facts: Facts) -> Decision:
        state = found(facts, "delete")
        check_version(context.call, model, state, asked=True)
        gapless = model.numbering is not None and model.numbering.gapless
        if gapless and state.values.get("number") is not None:
            title = "A record with a gapless number can't be deleted."
            raise conflict("gapless_number", title, "Cancel it instead: its number stays taken.")
        before = changed_record(context, model, state, {}, {}, [])
        if model.immutable is not None and before.holds(model.immutable.when) is True:
            raise conflict("immutable", "The record can't be changed any more, nor deleted.")
        return Decision(
            model=model,
            operation="delete",
            versions=[Version(id=state.id, before=state)],
            events=event_names(model, "deleted"),
            extra=untie(context.call, model.name, state.id),
        )

    return decide


def frozen(
    context: Context, model: ObjectModel, state: RecordState, draft: Draft
) -> list[FieldError]:
    """What a body changes of a record that `immutable` locks, as it was before the write."""
    lock = model.immutable
    if lock is None:
        return []
    before = changed_record(context, model, state, {}, {}, [])
    if before.holds(lock.when) is not True:
        return []
    message = "The record can't be changed here any more."
    changed = [
        name
        for name in sorted(draft.named)
        if name not in lock.allow and draft.value(name) != state.values.get(name)
    ]
    for table, lines in draft.lines.items():
        were = {line.id: line.values for line in state.lines.get(table, ())}
        same = [line.id for line in lines] == list(were) and all(
            line.value(name) == were[line.id].get(name) for line in lines for name in line.named
        )
        if not same and table not in lock.allow:
            changed.append(table)
    return [FieldError(step(name), "immutable", message) for name in changed]


def _said(body: Body, model: ObjectModel, state: object) -> list[FieldError]:
    """The codec's errors, without that of a state that the record has anyway."""
    issues = body.decoded.issues
    if model.workflow is not None and body.decoded.state == state:
        issues = tuple(one for one in issues if one.code != "state")
    return errors_of(issues)


def _conditional(rights: Policy, body: Body, action: WriteAction) -> list[str]:
    """The fields of a body that the caller may write on some records only."""
    return [
        name
        for name in body.decoded.values
        if not isinstance(rights.field(name, "write", action=action), bool)
    ]


def _field_guards(
    context: Context, rights: Policy, draft: Draft, action: WriteAction
) -> list[Guard]:
    """Guards for the fields that may be written on some records only, lines included."""
    guards = _guards_of(rights, draft, action)
    for table, lines in draft.lines.items():
        line_object = draft.model.tables[table]
        line_rights = policy(context.live, line_object, rights.roles)
        tables = rights.field(table, "write", action=action)
        touched = [line for line in lines if line.named]
        if touched and not isinstance(tables, bool):
            code = f"read_only:{draft.pointer}{step(table)}"
            guards.append(Guard(object=draft.model.name, rule=tables, ids=[draft.id], code=code))
        for line in touched:
            guards += _guards_of(line_rights, line, action)
    return guards


def _guards_of(rights: Policy, draft: Draft, action: WriteAction) -> list[Guard]:
    return [
        Guard(
            object=draft.model.name,
            rule=rule,
            ids=[draft.id],
            code=f"read_only:{draft.pointer}{step(name)}",
        )
        for name in sorted(draft.named)
        if not isinstance(rule := rights.field(name, "write", action=action), bool)
    ]
