"""The commands everybody has: create, update, replace, delete."""

from collections.abc import Callable, Sequence

from objectry.metadata.model import ObjectModel
from objectry.values.ids import new_id
from objectry_runtime.command import single
from objectry_runtime.command.admission import authorize, check_version, found, path_of
from objectry_runtime.command.bodies import (
    Body,
    Speech,
    parse,
    read_many,
    read_one,
    step,
    write_rights,
)
from objectry_runtime.command.causes import causes
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import Decide, Decision, Guard, Version, event_names
from objectry_runtime.command.drafting import changed_record, new_record, split
from objectry_runtime.command.faults import frozen, merge, said_wrong
from objectry_runtime.command.field_guards import conditional_fields, field_guards
from objectry_runtime.command.idempotency import hash_of, scope_of
from objectry_runtime.command.line_rights import line_faults
from objectry_runtime.command.numbering import draw
from objectry_runtime.command.questions import linked_ids, question_about, unkeyed
from objectry_runtime.command.refusals import forbidden
from objectry_runtime.command.translations import companions, translated_fields
from objectry_runtime.command.validate import validate
from objectry_runtime.command.write import Command, write
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Policy
from objectry_runtime.problems import FieldError
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.facts import Facts


async def create(call: Call, object_name: str, body: bytes, *, id: str = "") -> Answer:
    """Make the record, or all records of an array, that a body describes; `id` tells one its id."""
    model, rights = authorize(call, object_name)
    if not id:
        single.refuse(model, "POST")
    if rights.rule("create") is False:
        raise forbidden()
    document = parse(body)
    fields = write_rights(call.live, rights, "create")
    bodies = read_many(call.live, object_name, document, fields, _speech(call, model, fresh=True))
    ids = linked_ids(call.live, model, (one.decoded.values for one in bodies))
    path = path_of(model)
    scope = scope_of(call, "POST", path)
    command = Command(
        question=question_about(call, model, ids=ids),
        decide=_creation(model, rights, bodies, [id or new_id() for _ in bodies]),
        ids=ids,
        status=201,
        path=path,
        bulk=isinstance(document, list),
        deprecated=any(one.decoded.deprecated for one in bodies),
        scope=scope,
        body_hash=hash_of(call, body) if scope is not None else "",
    )
    return await write(call, command)


async def update(
    call: Call, object_name: str, record: str, body: bytes, *, replace: bool = False
) -> Answer:
    """Change what a body says of a record (PATCH), or make it what the body says (PUT)."""
    model, rights = authorize(call, object_name)
    fields = write_rights(call.live, rights, "update")
    speech = _speech(call, model, fresh=False)
    document = parse(body)
    said = read_one(call.live, object_name, document, fields, partial=not replace, speech=speech)
    conditional = conditional_fields(rights, said, "update")
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


def _speech(call: Call, model: ObjectModel, *, fresh: bool) -> Speech:
    """How a body's texts are to be read."""
    fields = translated_fields(model)
    return Speech(fields, call.language, call.usual_language, fresh)


async def ensure_single(call: Call, model: ObjectModel) -> None:
    """See to it that the one record of an object is there."""

    async def make(mine: Call, id: str) -> Answer:
        return await create(mine, model.name, b"{}", id=id)

    await single.ensure(call, model, make)


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
            said = said_wrong(body, model, initial)
            draft = new_record(
                context, model, id, values, lines, pointer=body.pointer, sound=not said
            )
            faults = line_faults(context, rights.roles, draft, None)
            errors += causes(draft, said, merge(said, [*faults, *validate(draft)]))
            at_once = model.numbering is not None and model.numbering.at == "create"
            number = draw(model.numbering, draft) if at_once and model.numbering else None
            versions.append(Version(id=id, after=draft, number=number))
            guards += field_guards(context, rights, draft, "create")
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
        errors = said_wrong(body, model, current)
        values, lines = split(body.decoded)
        values |= companions(body.translations, state.values)
        errors += [
            FieldError(step(name), "read_only", "You may not write this field.")
            for name in (*values, *lines)
            if not facts.allowed.get(f"write:{name}", True)
        ]
        draft = changed_record(context, model, state, values, lines, errors, replace=replace)
        faults = frozen(context, model, state, draft)
        faults += line_faults(
            context,
            rights.roles,
            draft,
            lambda: changed_record(context, model, state, {}, {}, []),
        )
        errors = causes(draft, errors, merge(errors, [*faults, *validate(draft)]))
        rule = rights.rule("update")
        guards = [Guard(object=model.name, rule=rule, ids=[state.id], code="forbidden")]
        return Decision(
            model=model,
            operation="update",
            versions=[Version(id=state.id, before=state, after=draft)],
            errors=errors,
            events=event_names(model, "updated"),
            guards=guards + field_guards(context, rights, draft, "update"),
        )

    return decide
