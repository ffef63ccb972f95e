"""Every reference to one record led to another: the statements of a merge.

What refers to the record that goes gets a new version, with its history and its event, whoever may
read it: set by set, so that a customer with a hundred thousand invoices is merged in a few
statements.
"""

from collections.abc import Iterator

import msgspec

from objectry.compiler.codecs import to_text
from objectry.metadata.model import ObjectModel
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.save_sql import literal, table_of
from objectry_runtime.query.sql import quote
from objectry_runtime.store.executor import Bound


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A link field that leads to an object: of its records, or of the rows of a table."""

    object: str
    table: str
    field: str


def references(live: Live, name: str) -> Iterator[Reference]:
    """Every link field with a column that leads to an object."""
    for holder in live.model.objects():
        model = live.model.object(holder)
        owner, table = model.owner or (holder, "")
        for field in model.fields.values():
            if field.stored and field.type.links and name in field.definition.to:
                yield Reference(object=owner, table=table, field=field.name)


def rewire(call: Call, model: ObjectModel, loser: str, winner: str, action: str) -> list[Bound]:
    """Whatever refers to the record `loser` refers to `winner` afterwards, the two apart.

    The documents made from it, or from which it was made, hang together with the other one.
    """
    found = [_rewire(call, one, loser, winner, action) for one in references(call.live, model.name)]
    ties = [
        Bound(
            f"update objectry.conversion_line set {side}_id = $4::uuid where tenant_id = "
            f"$1::integer and {side}_object = $2::text and {side}_id = $3::uuid",
            (str(call.principal.tenant), model.name, loser, winner),
        )
        for side in ("source", "target")
    ]
    return found + ties


def _rewire(call: Call, one: Reference, loser: str, winner: str, action: str) -> Bound:
    live, owner = call.live, call.live.model.object(one.object)
    changed, moved = _moved(live, owner, one)
    event = owner.definition.events.get("updated", "")
    parts = [
        moved,
        f"hist as (insert into objectry.history (tenant_id, object, record_id, version, op, action,"
        " at, actor, release, correlation, record, changes) "
        f"select $1::integer, {literal(owner.name)}, m.id, m.version, 'update', $4::text, "
        "$5::timestamptz, $6::uuid, $7::text, $8::text, h.record || jsonb_build_object("
        f"'updated_at', $9::text, 'updated_by', $6::text, '{changed}', n.value), "
        f"jsonb_build_object('{changed}', jsonb_build_object('from', h.record->'{changed}', "
        "'to', n.value)) from moved m join objectry.history h on h.tenant_id = $1::integer "
        f"and h.object = {literal(owner.name)} and h.record_id = m.id "
        f"and h.version = m.version - 1 cross join lateral ({_value(one)}) n)",
    ]
    if event:
        parts.append(
            "ev as (insert into objectry.event (tenant_id, uid, type, service, object, record_id, "
            f"version) select $1::integer, gen_random_uuid(), {literal(event)}, "
            f"{literal(owner.schema)}, {literal(owner.name)}, m.id, m.version from moved m)"
        )
    return Bound(
        f"with {', '.join(parts)} select count(*) from moved",
        (
            str(call.principal.tenant),
            loser,
            winner,
            action,
            call.now.isoformat(),
            call.principal.user,
            live.release.id,
            call.correlation,
            to_text(call.now),
        ),
    )


def _moved(live: Live, owner: ObjectModel, one: Reference) -> tuple[str, str]:
    """The field whose value is another afterwards, and the update as `moved(id, version)`."""
    table, columns = table_of(live, owner.name), live.storage.objects[owner.name].columns
    stamps = (
        f"version = t.version + 1, {quote(columns['updated_at'])} = $5::timestamptz, "
        f"{quote(columns['updated_by'])} = $6::uuid"
    )
    if not one.table:
        column = quote(columns[one.field])
        return one.field, (
            f"moved as (update {table} t set {column} = $3::uuid, {stamps} "
            f"where t.tenant_id = $1::integer and t.{column} = $2::uuid "
            "and t.id not in ($2::uuid, $3::uuid) returning t.id, t.version)"
        )
    line_object = owner.tables[one.table]
    column = quote(live.storage.objects[line_object].columns[one.field])
    return one.table, (
        f"rows as (update {table_of(live, line_object)} l set {column} = $3::uuid "
        f"where l.tenant_id = $1::integer and l.{column} = $2::uuid "
        "and l.parent_id not in ($2::uuid, $3::uuid) returning l.parent_id), "
        f"moved as (update {table} t set {stamps} where t.tenant_id = $1::integer "
        "and t.id in (select parent_id from rows) returning t.id, t.version)"
    )


def _value(one: Reference) -> str:
    """The new value of the field, as history keeps it: of a table all its rows."""
    if not one.table:
        return "select to_jsonb($3::text) as value"
    return (
        f"select jsonb_agg(case when r->>'{one.field}' = $2::text "
        f"then r || jsonb_build_object('{one.field}', $3::text) else r end order by n) as value "
        f"from jsonb_array_elements(h.record->'{one.table}') with ordinality as x(r, n)"
    )
