"""Conversions whose target lives elsewhere: what is written beside the source, in one transaction.

The target's replica and its lines are made as records are, so that what they take counts as taken
from now on; the request that its service shall make the record lies beside them.
"""

from collections.abc import Mapping, Sequence

import msgspec

from objectry.expressions import Value
from objectry.metadata.model import ConversionModel, ObjectModel
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.exact_json import write_value
from objectry_runtime.command.requested import ConversionRequest, RequestedLine, Requester
from objectry_runtime.identity.call import Call
from objectry_runtime.store.executor import Bound

Made = tuple[str, str, Draft]  # source record, source line, the line made of it


def reserve(
    call: Call,
    model: ObjectModel,
    conversion: ConversionModel,
    target: Draft,
    sources: Sequence[str],
    values: Mapping[str, Value],
    lines: Sequence[Made],
    causation: str,
) -> Bound:
    """The statement that asks the service of the target to make it."""
    principal = call.principal
    request = ConversionRequest(
        tenant=principal.tenant,
        target=target.id,
        target_object=conversion.to,
        source_object=model.name,
        sources=tuple(sources),
        conversion=conversion.definition.name,
        values={name: write_value(value) for name, value in values.items()},
        table=conversion.lines.to if conversion.lines is not None else "",
        lines=tuple(
            RequestedLine(
                id=line.id,
                of=record,
                line=source,
                values={k: write_value(v) for k, v in line.given.items() if k != "id"},
            )
            for record, source, line in lines
        ),
        requester=Requester(
            tenant_name=principal.tenant_name,
            user=principal.user,
            name=principal.name,
            roles=tuple(sorted(principal.roles)),
        ),
        correlation=call.correlation,
        causation=causation,
    )
    return Bound(
        "insert into objectry.reservation (tenant_id, target_id, target_object, source_object, "
        "source_id, conversion, request) values ($1::integer, $2::uuid, $3::text, $4::text, "
        "$5::uuid, $6::text, $7::jsonb)",
        (
            str(principal.tenant),
            target.id,
            conversion.to,
            model.name,
            sources[0],
            conversion.definition.name,
            msgspec.json.encode(request).decode(),
        ),
    )
