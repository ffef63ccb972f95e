"""Arrivals: a record that a conversion in another database asked for, under the id it gave."""

from collections.abc import Mapping, Sequence

from objectry.expressions import Value
from objectry.metadata.model import ObjectModel
from objectry_runtime.command.admission import path_of
from objectry_runtime.command.causes import causes
from objectry_runtime.command.context import Context
from objectry_runtime.command.decision import Decide, Decision, Version, event_names
from objectry_runtime.command.drafting import new_record
from objectry_runtime.command.exact_json import read_value
from objectry_runtime.command.numbering import draw
from objectry_runtime.command.questions import question_about
from objectry_runtime.command.reach import linked
from objectry_runtime.command.requested import ConversionRequest
from objectry_runtime.command.validate import validate
from objectry_runtime.command.write import Command, write
from objectry_runtime.identity.call import Call
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.conversions import tie
from objectry_runtime.query.facts import Facts
from objectry_runtime.store.executor import Bound

Row = Mapping[str, Value]


async def arrive(call: Call, request: ConversionRequest) -> Answer:
    """Make the record; the source's service has asked whether the caller may."""
    model = call.live.model.object(request.target_object)
    values = _values(request.values)
    rows = [{**_values(line.values), "id": line.id} for line in request.lines]
    lines = {request.table: rows} if request.table else {}
    line_objects = {table: call.live.model.object(of) for table, of in model.tables.items()}
    said = [(model, values.get)]
    said += [(line_objects[table], row.get) for table in lines for row in lines[table]]
    ids = linked(call.live, said)
    command = Command(
        question=question_about(call, model, ids=ids),
        decide=_making(model, request, values, lines),
        ids=ids,
        status=201,
        path=path_of(model),
    )
    return await write(call, command)


def _making(
    model: ObjectModel,
    request: ConversionRequest,
    values: Row,
    lines: Mapping[str, Sequence[Row]],
) -> Decide:
    def decide(context: Context, facts: Facts) -> Decision:
        # What the definition maps is its author's doing, whatever the caller may.
        target = new_record(
            context,
            model,
            request.target,
            values,
            lines,
            trusted=frozenset(values),
            trusted_lines=_names(lines),
        )
        numbering = model.numbering
        at_once = numbering is not None and numbering.at == "create"
        number = draw(numbering, target) if at_once and numbering is not None else None
        return Decision(
            model=model,
            operation="create",
            action=request.conversion,
            versions=[Version(id=request.target, after=target, number=number)],
            errors=causes(target, [], validate(target)),
            events=event_names(model, "created"),
            extra=[*_ties(context.call, request), _arrived(context.call, request.target)],
            causation=request.causation,
        )

    return decide


def _ties(call: Call, request: ConversionRequest) -> list[Bound]:
    target = (request.target_object, request.target)
    ties: list[Bound] = []
    for source in request.sources:
        made = (line for line in request.lines if line.of == source)
        pairs: list[tuple[str | None, str | None]] = [(line.line, line.id) for line in made]
        if not request.table:
            pairs = [(None, None)]
        ties.append(tie(call, request.conversion, (request.source_object, source), target, pairs))
    return ties


def _arrived(call: Call, id: str) -> Bound:
    return Bound(
        "insert into objectry.arrival (tenant_id, target_id, state) "
        "values ($1::integer, $2::uuid, 'made')",
        (str(call.principal.tenant), id),
    )


def _names(lines: Mapping[str, Sequence[Row]]) -> frozenset[str]:
    return frozenset(name for rows in lines.values() for row in rows for name in row)


def _values(found: Mapping[str, object]) -> dict[str, Value]:
    return {name: read_value(value) for name, value in found.items()}
