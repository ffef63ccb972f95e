"""The decision of a conversion: one new record of what is held, tied to all of its sources."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from objectry.expressions import Value
from objectry.metadata.model import ConversionModel, ObjectModel
from objectry.values.ids import new_id
from objectry_runtime.command.causes import causes
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import Decide, Decision, Version, event_names
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record, new_record
from objectry_runtime.command.numbering import draw
from objectry_runtime.command.refusals import conflict
from objectry_runtime.command.validate import validate
from objectry_runtime.permissions import Policy
from objectry_runtime.problems import FieldError, Problem
from objectry_runtime.query.conversions import announce, tie
from objectry_runtime.query.facts import Facts
from objectry_runtime.query.record import RecordState
from objectry_runtime.store.executor import Bound
from objectry_runtime.workflow.agreement import disagreements
from objectry_runtime.workflow.parts import Part, choose, nothing_open
from objectry_runtime.workflow.reserving import reserve
from objectry_runtime.workflow.wanted import Wanted


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A record to convert: what was converted of it, what is wanted (None: all that is open), and
    where the body names it ("" where the request is about it alone)."""

    state: RecordState
    done: Mapping[str, Decimal]
    wanted: Sequence[Wanted] | None
    pointer: str


class _Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A source as a draft, the parts taken of it, and what its fields give."""

    source: Source
    draft: Draft
    parts: list[Part]
    values: dict[str, Value]


def making(
    model: ObjectModel, rights: Policy, conversion: ConversionModel, sources: Sequence[Source]
) -> Decide:
    """The decision to make one record of all the sources."""
    target_id = new_id()

    def decide(context: Context, facts: Facts) -> Decision:
        errors: list[FieldError] = []
        taken = [_taken(context, model, conversion, source, errors) for source in sources]
        handed = [(one.source.pointer, one.values) for one in taken]
        errors += disagreements(context, rights, conversion, handed)
        target = _target(context, conversion, target_id, taken)
        numbering = target.model.numbering
        at_once = numbering is not None and numbering.at == "create"
        number = draw(numbering, target) if at_once and numbering is not None else None
        extra, causation = _consequences(context, model, conversion, target, taken)
        return Decision(
            model=target.model,
            operation="create",
            action=conversion.definition.name,
            versions=[Version(id=target_id, after=target, number=number)],
            errors=errors or causes(target, [], validate(target)),
            events=event_names(target.model, "created"),
            extra=extra,
            causation=causation,
        )

    return decide


def _taken(
    context: Context,
    model: ObjectModel,
    conversion: ConversionModel,
    source: Source,
    errors: list[FieldError],
) -> _Taken:
    draft = changed_record(context, model, source.state, {}, {}, errors)
    holds = conversion.when is None or draft.holds(conversion.when) is True
    if not holds and not context.linked.missing:
        raise _refused(model, conversion, draft, source.pointer)
    parts: list[Part] = []
    if conversion.lines is not None:
        parts = choose(draft, conversion.lines, source.done, source.wanted, source.pointer, errors)
    elif source.done and source.pointer:
        errors.append(FieldError(source.pointer, "open_quantity", "It was converted already."))
    elif source.done and not context.linked.missing:
        raise nothing_open()
    values = {field: draft.holds(one) for field, one in conversion.map.items()}
    return _Taken(source=source, draft=draft, parts=parts, values=values)


def _target(
    context: Context, conversion: ConversionModel, id: str, taken: Sequence[_Taken]
) -> Draft:
    """The new record. What the definition maps is its author's doing, whatever the caller may."""
    values = taken[0].values
    rows: list[dict[str, Value]] = []
    lines = conversion.lines
    for part in (part for one in taken for part in one.parts):
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
    target: Draft,
    taken: Sequence[_Taken],
) -> tuple[list[Bound], str]:
    """What is written beside the new record, and the event that is the cause of its own.

    Every source tells its event; the first one's is named as the cause.
    """
    call, lines, name = context.call, conversion.lines, conversion.definition.name
    made = iter(target.lines[lines.to] if lines is not None else ())
    extra: list[Bound] = []
    causation = ""
    for one in taken:
        id = one.source.state.id
        pairs: list[tuple[str | None, str | None]] = [(None, None)]
        if lines is not None:
            pairs = [(part.line.id, next(made).id) for part in one.parts]
        extra.append(tie(call, name, (model.name, id), (conversion.to, target.id), pairs))
        if conversion.definition.event:
            uid, event = new_id(), conversion.definition.event
            extra.append(announce(call, uid, event, model, id, one.source.state.version))
            causation = causation or uid
    if conversion.definition.remote:
        extra.append(_reservation(context, model, conversion, target, taken, causation))
    return extra, causation


def _reservation(
    context: Context,
    model: ObjectModel,
    conversion: ConversionModel,
    target: Draft,
    taken: Sequence[_Taken],
    causation: str,
) -> Bound:
    made = iter(target.lines[conversion.lines.to] if conversion.lines is not None else ())
    lines = [(one.source.state.id, part.line.id, next(made)) for one in taken for part in one.parts]
    sources = [one.source.state.id for one in taken]
    return reserve(
        context.call, model, conversion, target, sources, taken[0].values, lines, causation
    )


def _refused(
    model: ObjectModel, conversion: ConversionModel, source: Draft, pointer: str
) -> Problem:
    detail = f"The record does not meet the conditions of `{conversion.definition.name}`."
    if model.workflow is not None:
        state = source.value(model.workflow.field)
        detail = f"{detail[:-1]}; it is `{state}`."
    if pointer:
        detail = f"{pointer}: {detail}"
    return conflict("conversion_refused", "The conversion is refused.", detail)
