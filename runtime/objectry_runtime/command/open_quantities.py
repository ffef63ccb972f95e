"""Open quantities hold on edits too: which writes may exceed them, and what they are told.

A record made by a conversion can't take more than its source has, and a source can't have less
than was taken. Objects that take part in no conversion of lines pay nothing, nor does a write that
raises no target's quantity and lowers no source's.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from objectry.expressions import Value
from objectry.metadata.model import ConversionLinesModel, ConversionModel
from objectry.metadata.model.system import DELETED
from objectry_runtime.command.arrived_quantities import arrived_quantities, refused_arrivals
from objectry_runtime.command.bodies import step
from objectry_runtime.command.decision import MERGE, Decision, Version
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import FieldError, Problem, invalid
from objectry_runtime.query.open_quantities import CODE, Side, hold_sources, made_by, not_exceeded
from objectry_runtime.query.record import RecordState
from objectry_runtime.store.executor import Bound

AGAIN = "What it was made from was converted again."
BOTH = "Both were converted already, each as a whole."


class _Touched(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a record that may now exceed: of which conversion, on which side of it."""

    source: str
    name: str
    side: Side
    record: str
    lines: list[str]


def open_quantities(call: Call, decision: Decision) -> tuple[list[Bound], list[Bound]]:
    """What the unit does about open quantities before it saves, and after."""
    if decision.operation != "update":
        return [], []
    touching = _united if decision.action == MERGE else _touched
    touched = [one for version in decision.versions for one in touching(call.live, version)]
    held = dict.fromkeys(one.record for one in touched if one.side == "target")
    return (
        [one for id in held for one in hold_sources(call, decision.model.name, "id", id)],
        [
            *(
                not_exceeded(call, one.source, one.name, one.side, one.record, one.lines)
                for one in touched
            ),
            *arrived_quantities(call, decision),
        ],
    )


def exceeded(live: Live, decision: Decision, code: str) -> Problem | None:
    """The field errors that a refusal's code means; None where it speaks of something else."""
    if not code.startswith(f"{CODE}:"):
        return refused_arrivals(decision, code)
    _, side, source, name, found = code.split(":", 4)
    lines = live.model.object(source).conversions[name].lines
    if lines is None:
        both = FieldError("/with", CODE, BOTH)
        return invalid([FieldError("", CODE, AGAIN) if side == "target" else both])
    drafts = {
        line.id: line
        for version in decision.versions
        if version.after is not None
        for line in version.after.lines[lines.to if side == "target" else lines.source]
    }
    tell = _more_than_open if side == "target" else _less_than_taken
    return invalid(
        [
            tell(drafts.get(id), lines, id, quantity)
            for id, quantity in msgspec.json.decode(found, type=list[tuple[str, str]])
        ]
    )


def _touched(live: Live, version: Version) -> Iterator[_Touched]:
    before, after = version.before, version.after
    if before is None or after is None:
        return
    for source, name in made_by(live, after.model.name):
        conversion = live.model.object(source).conversions[name]
        lines = _raised(conversion, before, after) if conversion.lines else []
        if lines or (conversion.lines is None and _taken_back(conversion, before, after)):
            yield _Touched(source=source, name=name, side="target", record=after.id, lines=lines)
    for name, conversion in after.model.conversions.items():
        lines = _lowered(conversion.lines, before, after) if conversion.lines else []
        if lines:
            yield _Touched(
                source=after.model.name, name=name, side="source", record=after.id, lines=lines
            )


def _united(live: Live, version: Version) -> Iterator[_Touched]:
    """All of a record that took in another one: what that one was made from is now its too."""
    after = version.after
    assert after is not None, "who merges stays"
    for source, name in made_by(live, after.model.name):
        conversion = live.model.object(source).conversions[name]
        if not _is_released(conversion, after):
            to = conversion.lines.to if conversion.lines else ""
            lines = [line.id for line in after.lines.get(to, ())]
            yield _Touched(source=source, name=name, side="target", record=after.id, lines=lines)
    for name, conversion in after.model.conversions.items():
        if conversion.lines is None:
            source = after.model.name
            yield _Touched(source=source, name=name, side="source", record=after.id, lines=[])


def _raised(conversion: ConversionModel, before: RecordState, after: Draft) -> list[str]:
    """The lines of a target that take more of their source than they did."""
    lines = conversion.lines
    assert lines is not None, "only lines are raised"
    were = {line.id: line.values for line in before.lines.get(lines.to, ())}
    there = [line for line in after.lines.get(lines.to, ()) if line.id in were]
    field = lines.target_quantity
    raised = [
        line.id
        for line in there
        if field and _quantity(line.value(field)) > _quantity(were[line.id].get(field))
    ]
    if not there:
        return raised
    if _is_released(conversion, after):
        return []
    return [line.id for line in there] if _taken_back(conversion, before, after) else raised


def _is_released(conversion: ConversionModel, after: Draft) -> bool:
    """Whether a target gives back what it took: it says so, or is deleted."""
    released = conversion.releases_when
    if after.model.definition.soft_delete and after.value(DELETED) is not None:
        return True
    return released is not None and after.holds(released) is True


def _taken_back(conversion: ConversionModel, before: RecordState, after: Draft) -> bool:
    """Whether a target that was released is so no longer, or may have been."""
    if _is_released(conversion, after):
        return False
    if before.values.get(DELETED) is not None:
        return True
    released = conversion.releases_when
    if released is None:
        return False
    was = changed_record(after.context, after.model, before, {}, {}, [])
    # What lies behind a link may not be known here: then it may have been released.
    return was.holds(released) is True or bool(after.context.linked.missing)


def _lowered(lines: ConversionLinesModel, before: RecordState, after: Draft) -> list[str]:
    """The lines of a source that have less than they had, or are gone."""
    there = {line.id: line for line in after.lines.get(lines.source, ())}
    field = lines.quantity
    return [
        line.id
        for line in before.lines.get(lines.source, ())
        if line.id not in there
        or (field and _quantity(there[line.id].value(field)) < _quantity(line.values.get(field)))
    ]


def _quantity(value: Value) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)


def _more_than_open(
    line: Draft | None, lines: ConversionLinesModel, id: str, left: str
) -> FieldError:
    assert line is not None, "the lines asked about are lines of the record"
    if not lines.target_quantity:
        return FieldError(line.pointer, CODE, AGAIN)
    pointer = line.pointer + step(lines.target_quantity)
    return FieldError(pointer, CODE, f"Only {left} is open for this line.")


def _less_than_taken(
    line: Draft | None, lines: ConversionLinesModel, id: str, taken: str
) -> FieldError:
    if line is None:
        message = f"Line {id} stays: {taken} of it was converted already."
        return FieldError(step(lines.source), CODE, message)
    message = f"{taken} of this line was converted already; it can't have less."
    return FieldError(line.pointer + step(lines.quantity), CODE, message)
