"""What arrived from another database takes no more of its source than was reserved there.

Its lines can be lowered, and it can be cancelled: its source hears of it. They can't be raised, nor
a cancellation be taken back, because others may have taken meanwhile what it gave back.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from objectry.expressions import Value
from objectry.expressions.types import Kind
from objectry.metadata.model.documents import ArrivalDef
from objectry_runtime.command.bodies import step
from objectry_runtime.command.decision import Decision, Version
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import FieldError, Problem, invalid
from objectry_runtime.query.record import RecordState
from objectry_runtime.store.executor import Bound

CODE = "arrived_quantity"


def arrived_quantities(call: Call, decision: Decision) -> Iterator[Bound]:
    """The statements that refuse the unit where a record that arrived takes more than it did."""
    for version in decision.versions:
        before, after = version.before, version.after
        if before is None or after is None:
            continue
        for arrival in after.model.definition.arrivals:
            lines = _raised(arrival, before, after)
            if lines:
                yield _refusing(call, arrival, version, lines)


def refused_arrivals(decision: Decision, code: str) -> Problem | None:
    """The field errors that a refusal's code means; None where it speaks of something else."""
    if not code.startswith(f"{CODE}:"):
        return None
    found = msgspec.json.decode(code.removeprefix(f"{CODE}:"), type=list[str])
    drafts = [
        line
        for version in decision.versions
        if version.after is not None
        for lines in version.after.lines.values()
        for line in lines
        if line.id in found
    ]
    named = {draft.id: draft for draft in drafts}
    return invalid([_error(named.get(id), decision) for id in found])


def _error(line: Draft | None, decision: Decision) -> FieldError:
    message = "What was open for it is held where it was made from: it can be less, not more."
    if line is None:
        return FieldError("", "open_quantity", message)
    fields = [one.quantity for one in decision.model.definition.arrivals if one.quantity]
    pointer = line.pointer + (step(fields[0]) if fields else "")
    return FieldError(pointer, "open_quantity", message)


def _raised(arrival: ArrivalDef, before: RecordState, after: Draft) -> list[str]:
    """The lines that take more than they did; all of them where a release is taken back."""
    were = {line.id: line.values for line in before.lines.get(arrival.lines, ())}
    there = [line for line in after.lines.get(arrival.lines, ()) if line.id in were]
    if arrival.releases_when is not None:
        released = after.context.live.model.expression(
            after.model.name, arrival.releases_when, variables=(), expects=(Kind.BOOLEAN,)
        )
        if after.holds(released) is True:
            return []
        if changed_record(after.context, after.model, before, {}, {}, []).holds(released) is True:
            return [line.id for line in there] or [after.id]
    field = arrival.quantity
    return [
        line.id
        for line in there
        if field and _quantity(line.value(field)) > _quantity(were[line.id].get(field))
    ]


def _refusing(call: Call, arrival: ArrivalDef, version: Version, lines: list[str]) -> Bound:
    return Bound(
        "select objectry.guard(o.found is null, $5::text || o.found) from (select "
        "json_agg(coalesce(c.target_line_id, c.target_id))::text as found "
        "from objectry.conversion_line c where c.tenant_id = $1::integer "
        "and c.target_id = $2::uuid and c.source_object = $3::text and c.conversion = $4::text "
        "and coalesce(c.target_line_id, c.target_id) = any($6::uuid[])) o",
        (
            str(call.principal.tenant),
            version.id,
            arrival.source,
            arrival.conversion,
            f"{CODE}:",
            "{" + ",".join(lines) + "}",
        ),
    )


def _quantity(value: Value) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(0)
