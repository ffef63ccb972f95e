"""Conversions: a record made from another, whole or in part; open quantities under its lock."""

from collections.abc import Sequence
from decimal import Decimal

from objectry.expressions import Value
from objectry.metadata.model import ConversionModel, ObjectModel
from objectry.values.ids import new_id
from objectry_runtime.command.admission import check_version, found, path_of
from objectry_runtime.command.bodies import parse
from objectry_runtime.command.causes import causes
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import Decide, Decision, Version, event_names
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record, new_record
from objectry_runtime.command.idempotency import hash_of, scope_of
from objectry_runtime.command.lanes import Lane
from objectry_runtime.command.numbering import draw
from objectry_runtime.command.questions import question_about
from objectry_runtime.command.refusals import conflict, forbidden
from objectry_runtime.command.validate import validate
from objectry_runtime.command.write import Command, write
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Policy
from objectry_runtime.problems import FieldError, Problem
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.conversions import announce, converted, tie
from objectry_runtime.query.facts import Facts
from objectry_runtime.query.record import RecordState
from objectry_runtime.store.executor import Bound
from objectry_runtime.workflow.parts import Part, Wanted, choose, nothing_open, read_wanted

WHOLE = b""  # stands for the line where a whole document is converted


async def convert(
    call: Call, model: ObjectModel, rights: Policy, record: str, name: str, body: bytes
) -> Answer:
    """Make the record that the conversion `name` makes of a record."""
    conversion = model.conversions[name]
    wanted = read_wanted(parse(body), lines=conversion.lines is not None)

    async def inquire(lane: Lane, facts: Facts) -> Decide:
        state = found(facts, "read")
        if not rights.may_convert(name):
            raise forbidden()
        check_version(call, model, state, asked=False)
        done = {
            (line or WHOLE).decode(): Decimal((quantity or b"0").decode())
            for line, quantity in await lane.read(converted(call, model, name, state.id))
        }
        return _converting(model, conversion, name, state, done, wanted)

    path = f"{path_of(model)}/{record}/actions/{name}"
    command = Command(
        question=question_about(call, model, record=record, rules=("read",)),
        inquire=inquire,
        record=record,
        status=201,
        path=path_of(call.live.model.object(conversion.to)),
        scope=scope_of(call, "POST", path),
        body_hash=hash_of(call, body),
    )
    return await write(call, command)


def _converting(
    model: ObjectModel,
    conversion: ConversionModel,
    name: str,
    state: RecordState,
    done: dict[str, Decimal],
    wanted: Sequence[Wanted] | None,
) -> Decide:
    target_id = new_id()

    def decide(context: Context, facts: Facts) -> Decision:
        errors: list[FieldError] = []
        source = changed_record(context, model, state, {}, {}, errors)
        holds = conversion.when is None or source.holds(conversion.when) is True
        if not holds and not context.linked.missing:
            raise _refused(model, name, source)
        parts: list[Part] = []
        if conversion.lines is not None:
            parts = choose(source, conversion.lines, done, wanted, errors)
        elif done and not context.linked.missing:
            raise nothing_open()
        target = _target(context, conversion, source, target_id, parts)
        number = None
        numbering = target.model.numbering
        if numbering is not None and numbering.at == "create":
            number = draw(numbering, target)
        extra, causation = _consequences(context, model, conversion, name, state, target, parts)
        return Decision(
            model=target.model,
            operation="create",
            action=name,
            versions=[Version(id=target_id, after=target, number=number)],
            errors=errors or causes(target, [], validate(target)),
            events=event_names(target.model, "created"),
            extra=extra,
            causation=causation,
        )

    return decide


def _target(
    context: Context,
    conversion: ConversionModel,
    source: Draft,
    id: str,
    parts: Sequence[Part],
) -> Draft:
    """The new record. What the definition maps is its author's doing, whatever the caller may."""
    values = {field: source.holds(one) for field, one in conversion.map.items()}
    rows: list[dict[str, Value]] = []
    lines = conversion.lines
    for part in parts:
        assert lines is not None, "parts come from lines"
        row = {field: part.line.holds(one) for field, one in lines.map.items()}
        if part.quantity is not None:
            row[lines.target_quantity] = part.quantity
        rows.append(row)
    return new_record(
        context,
        context.live.model.object(conversion.to),
        id,
        values,
        {lines.to: rows} if lines is not None else {},
        trusted=frozenset(values),
        trusted_lines=frozenset(name for row in rows for name in row),
    )


def _consequences(
    context: Context,
    model: ObjectModel,
    conversion: ConversionModel,
    name: str,
    state: RecordState,
    target: Draft,
    parts: Sequence[Part],
) -> tuple[list[Bound], str]:
    """What is written beside the new record, and the event that is the cause of its own."""
    call, lines = context.call, conversion.lines
    pairs: list[tuple[str | None, str | None]] = [(None, None)]
    if lines is not None:
        made = target.lines[lines.to]
        pairs = [(part.line.id, line.id) for part, line in zip(parts, made, strict=True)]
    extra = [tie(call, name, (model.name, state.id), (conversion.to, target.id), pairs)]
    causation = ""
    if conversion.definition.event:
        causation = new_id()
        event = conversion.definition.event
        extra.append(announce(call, causation, event, model, state.id, state.version))
    return extra, causation


def _refused(model: ObjectModel, name: str, source: Draft) -> Problem:
    detail = f"The record does not meet the conditions of `{name}`."
    if model.workflow is not None:
        state = source.value(model.workflow.field)
        detail = f"{detail[:-1]}; it is `{state}`."
    return conflict("conversion_refused", "The conversion is refused.", detail)
