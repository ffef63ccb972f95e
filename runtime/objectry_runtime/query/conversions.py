"""What was converted already: the statements about `objectry.conversion_line`."""

from collections.abc import Iterable, Sequence

import msgspec

from objectry.metadata.model import ConversionModel, ObjectModel
from objectry_runtime.identity.call import Call
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.slots import RECORD, TENANT, array_text, call_values, fill
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound


def converted(call: Call, model: ObjectModel, name: str, records: Sequence[str]) -> Bound:
    """Rows (source, its line, quantity converted): over the live target lines of one conversion.

    Asked while the sources are held, so that nobody converts the same quantity meanwhile. Where
    whole lines are converted the quantity is how often; so it is where the whole document is, in
    one row without a line.
    """
    live = call.live
    statement = statements(live).get(
        ("converted", model.name, name), lambda: _render(call, model, model.conversions[name], name)
    )
    return fill(statement, {**call_values(call), RECORD: array_text(list(records))})


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
    ties = live_ties(rendering, conversion, "c")
    return sql.bound(
        f"select c.source_id::text, c.source_line_id::text, {ties.total}::text from {ties.source} "
        f"where c.tenant_id = {sql.bind(TENANT, 'integer')} "
        f"and c.source_object = {sql.bind(model.name, 'text')} "
        f"and c.source_id = any({sql.bind(RECORD, 'uuid[]')}) "
        f"and c.conversion = {sql.bind(name, 'text')} and {ties.live} "
        "group by c.source_id, c.source_line_id"
    )


class Ties(msgspec.Struct, frozen=True, kw_only=True):
    """SQL over the ties of one conversion: FROM, what each takes and all together, whether live.

    Without lines a tie takes the whole document, which there is once.
    """

    source: str
    each: str
    total: str
    live: str


def live_ties(rendering: Rendering, conversion: ConversionModel, tie: str) -> Ties:
    """The ties of a conversion under the alias `tie`; those of targets that are gone are not."""
    lines = conversion.lines
    target = ObjectFrame(rendering, conversion.to, rendering.alias())
    source = (
        f"objectry.conversion_line {tie} "
        f"join {target.source} on {target.tenant} = {tie}.tenant_id "
        f"and {target.alias}.id = {tie}.target_id"
    )
    each, live = "1", "true"
    if lines is not None:
        line = ObjectFrame(rendering, lines.target_object, rendering.alias(), outer=target)
        source += (
            f" join {line.source} on {line.tenant} = {tie}.tenant_id "
            f"and {line.alias}.id = {tie}.target_line_id"
        )
        if lines.target_quantity:
            each = f"coalesce({line.raw(lines.target_quantity)}, 0)"
    if conversion.releases_when is not None:
        # A null releases nothing.
        live = f"({target.holds(conversion.releases_when.tree)}) is not true"
    if target.present:
        live = f"{live} and {target.present}"
    return Ties(
        source=source,
        each=each,
        total=f"coalesce(sum({each}), 0)",
        live=live,
    )
