"""What was converted already: the statements about `objectry.conversion_line`."""

from collections.abc import Iterable

import msgspec

from objectry.metadata.model import ConversionModel, ObjectModel
from objectry_runtime.identity.call import Call
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.slots import RECORD, TENANT, call_values, fill
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound


def converted(call: Call, model: ObjectModel, name: str, record: str) -> Bound:
    """Rows (source line, quantity converted): over the live target lines of one conversion.

    Asked while the source is held, so that nobody converts the same quantity meanwhile. Where
    whole lines are converted the quantity is how often.
    """
    live = call.live
    statement = statements(live).get(
        ("converted", model.name, name), lambda: _render(call, model, model.conversions[name], name)
    )
    return fill(statement, {**call_values(call), RECORD: record})


def tie(
    call: Call,
    conversion: str,
    source: tuple[str, str],
    target: tuple[str, str],
    lines: Iterable[tuple[str | None, str | None]],
) -> Bound:
    """Ties a new record to what it was made from: (object, id) each, lines as (source, target)."""
    return Bound(
        "insert into objectry.conversion_line (tenant_id, conversion, source_object, source_id, "
        "source_line_id, target_object, target_id, target_line_id) "
        "select $1::integer, $2::text, $3::text, $4::uuid, x.source, $5::text, $6::uuid, x.target "
        "from json_to_recordset($7::json) as x(source uuid, target uuid)",
        (
            str(call.principal.tenant),
            conversion,
            *source,
            *target,
            msgspec.json.encode([{"source": a, "target": b} for a, b in lines]).decode(),
        ),
    )


def untie(call: Call, object_name: str, record: str) -> list[Bound]:
    """For a record that goes: it must not have been converted; what it was made from is given back.

    Refuses with the code `converted`.
    """
    key = (str(call.principal.tenant), object_name, record)
    where = "c.tenant_id = $1::integer and c.{0}_object = $2::text and c.{0}_id = $3::uuid"
    return [
        Bound(
            "select objectry.guard(not exists (select from objectry.conversion_line c where "
            f"{where.format('source')}), 'converted')",
            key,
        ),
        Bound(f"delete from objectry.conversion_line c where {where.format('target')}", key),
    ]


def announce(call: Call, uid: str, type: str, model: ObjectModel, id: str, version: int) -> Bound:
    """Puts an event into the outbox that refers to a version there is already."""
    return Bound(
        "insert into objectry.event (tenant_id, uid, type, service, object, record_id, version) "
        "values ($1::integer, $2::uuid, $3::text, $4::text, $5::text, $6::uuid, $7::integer)",
        (
            str(call.principal.tenant),
            uid,
            type,
            model.definition.service,
            model.name,
            id,
            str(version),
        ),
    )


def _render(call: Call, model: ObjectModel, conversion: ConversionModel, name: str) -> Bound:
    rendering = template(call.live, frozenset())
    sql = rendering.sql
    assert conversion.lines is not None, f"{name} converts lines"
    target = ObjectFrame(rendering, conversion.to, "r")
    line = ObjectFrame(rendering, conversion.lines.target_object, "l", outer=target)
    quantity = conversion.lines.target_quantity
    total = f"coalesce(sum({line.raw(quantity)}), 0)" if quantity else "count(*)"
    released = ""
    if conversion.releases_when is not None:
        released = f" and not ({target.holds(conversion.releases_when.tree)})"
    return sql.bound(
        f"select c.source_line_id::text, {total}::text from objectry.conversion_line c "
        f"join {target.source} on r.tenant_id = c.tenant_id and r.id = c.target_id "
        f"join {line.source} on l.tenant_id = c.tenant_id and l.id = c.target_line_id "
        f"where c.tenant_id = {sql.bind(TENANT, 'integer')} "
        f"and c.source_object = {sql.bind(model.name, 'text')} "
        f"and c.source_id = {sql.bind(RECORD, 'uuid')} "
        f"and c.conversion = {sql.bind(name, 'text')}{released} group by c.source_line_id"
    )
