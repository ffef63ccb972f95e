"""Every reference to one record led to another: the statements of a merge.

What refers to the record that goes gets a new version, with its history and its event, whoever may
read it: set by set, so that a customer with a hundred thousand invoices is merged in a few
statements.
"""

from collections.abc import Iterator

import msgspec

from objectry.compiler.codecs import to_text
from objectry.metadata.model import FieldModel, ObjectModel
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.references import ReferenceTable, reference_tables
from objectry_runtime.query.save_sql import literal, table_of
from objectry_runtime.query.sql import quote
from objectry_runtime.store.executor import Bound


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A link field that leads to an object: of the records of `owner`, or of the rows of `table`.

    `held` is the table of references of a field whose values no foreign key holds.
    """

    owner: str
    table: str
    object: str
    field: FieldModel
    held: ReferenceTable | None


def references(live: Live, name: str) -> Iterator[Reference]:
    """Every link field with a column that leads to an object."""
    for holder in live.model.objects():
        model = live.model.object(holder)
        owner, table = model.owner or (holder, "")
        for field in model.fields.values():
            if not (field.stored and field.type.links and name in field.definition.to):
                continue
            tables = zip(field.references, reference_tables(live, holder, field), strict=True)
            held = next((one for target, one in tables if target == name), None)
            yield Reference(owner=owner, table=table, object=holder, field=field, held=held)


def rewire(call: Call, model: ObjectModel, loser: str, winner: str) -> list[Bound]:
    """Whatever refers to the record `loser` refers to `winner` afterwards, the two apart.

    The documents made from it, or from which it was made, hang together with the other one.
    """
    pair = (str(call.principal.tenant), loser, winner)
    made: list[Bound] = []
    for one in references(call.live, model.name):
        if one.owner == model.name and one.held is None:
            made.append(_freed(call.live, one, pair))
        if call.live.model.object(one.owner).definition.replica:
            continue  # its owner leads it along
        made.append(_rewire(call, one, pair))
        made += _held(one, pair)
    ties = (
        f"update objectry.conversion_line set {side}_id = $3::uuid where tenant_id = $1::integer "
        f"and {side}_object = {literal(model.name)} and {side}_id = $2::uuid"
        for side in ("source", "target")
    )
    return [*made, *(Bound(sql, pair) for sql in ties)]


def _freed(live: Live, one: Reference, pair: tuple[str, str, str]) -> Bound:
    """What the record that stays says of the other one. It is written anew with its next version;
    until then nothing may hold the one that goes."""
    column = quote(live.storage.objects[one.object].columns[one.field.name])
    key = "parent_id" if one.table else "id"
    return Bound(
        f"update {table_of(live, one.object)} set {column} = $3::uuid "
        f"where tenant_id = $1::integer and {key} = $3::uuid and {column} = $2::uuid",
        pair,
    )


def note(call: Call, model: ObjectModel, loser: str, winner: str) -> list[Bound]:
    """The statements that keep which record took in which; what it had taken in comes along."""
    pair = (str(call.principal.tenant), model.name, loser, winner)
    return [
        Bound(
            "update objectry.merged set into_id = $4::uuid where tenant_id = $1::integer "
            "and object = $2::text and into_id = $3::uuid",
            pair,
        ),
        Bound(
            "insert into objectry.merged (tenant_id, object, record_id, into_id, at) "
            "values ($1::integer, $2::text, $3::uuid, $4::uuid, $5::timestamptz) "
            "on conflict (tenant_id, object, record_id) do update "
            "set into_id = excluded.into_id, at = excluded.at",
            (*pair, call.now.isoformat()),
        ),
    ]


def _held(one: Reference, pair: tuple[str, str, str]) -> Iterator[Bound]:
    """The statements that bring the table of references along; one reference to each is enough.

    What the record that goes says of itself goes with it, or stays where it is kept.
    """
    if one.held is None:
        return
    mine = "r.tenant_id = $1::integer and r.target = $2::uuid and r.id <> $2::uuid"
    yield Bound(
        f"insert into {one.held.table} (tenant_id, id, target) select r.tenant_id, r.id, $3::uuid "
        f"from {one.held.table} r where {mine} on conflict do nothing",
        pair,
    )
    yield Bound(f"delete from {one.held.table} r where {mine}", pair[:2])


def _rewire(call: Call, one: Reference, pair: tuple[str, str, str]) -> Bound:
    live, owner = call.live, call.live.model.object(one.owner)
    changed = one.table or one.field.name
    parts = [
        _moved(live, owner, one),
        f"hist as (insert into objectry.history (tenant_id, object, record_id, version, op, at,"
        " actor, release, correlation, record, changes) "
        f"select $1::integer, {literal(owner.name)}, m.id, m.version, 'update', "
        "$4::timestamptz, $5::uuid, $6::text, $7::text, h.record || jsonb_build_object("
        f"'updated_at', $8::text, 'updated_by', $5::text, '{changed}', n.value), "
        f"jsonb_build_object('{changed}', jsonb_build_object('from', h.record->'{changed}', "
        "'to', n.value)) from moved m join objectry.history h on h.tenant_id = $1::integer "
        f"and h.object = {literal(owner.name)} and h.record_id = m.id "
        f"and h.version = m.version - 1 cross join lateral ({_value(one)}) n)",
    ]
    event = owner.definition.events.get("updated", "")
    if event:
        parts.append(
            "ev as (insert into objectry.event (tenant_id, uid, type, service, object, record_id, "
            f"version) select $1::integer, gen_random_uuid(), {literal(event)}, "
            f"{literal(owner.schema)}, {literal(owner.name)}, m.id, m.version from moved m)"
        )
    stamp = (call.now.isoformat(), call.principal.user, live.release.id, call.correlation)
    return Bound(
        f"with {', '.join(parts)} select count(*) from moved", (*pair, *stamp, to_text(call.now))
    )


def _moved(live: Live, owner: ObjectModel, one: Reference) -> str:
    """The update as `moved(id, version, value)`; of rows first `rows(id, parent_id, value)`."""
    table, columns = table_of(live, owner.name), live.storage.objects[owner.name].columns
    stamps = (
        f"version = t.version + 1, {quote(columns['updated_at'])} = $4::timestamptz, "
        f"{quote(columns['updated_by'])} = $5::uuid"
    )
    column = quote(live.storage.objects[one.object].columns[one.field.name])
    alias = "l" if one.table else "t"
    value, names = "$3::uuid", f"{alias}.{column} = $2::uuid"
    if one.held is not None:
        names = (
            f"{alias}.id in (select r.id from {one.held.table} r "
            "where r.tenant_id = $1::integer and r.target = $2::uuid)"
        )
    if one.field.type.many:
        other = f"{alias}.{column}"
        value = (
            f"case when $3::uuid = any({other}) then array_remove({other}, $2::uuid) "
            f"else array_replace({other}, $2::uuid, $3::uuid) end"
        )
    where = f"where {alias}.tenant_id = $1::integer and {names}"
    apart = "not in ($2::uuid, $3::uuid)"
    if not one.table:
        return (
            f"moved as (update {table} t set {column} = {value}, {stamps} {where} "
            f"and t.id {apart} returning t.id, t.version, to_jsonb(t.{column}) as value)"
        )
    return (
        f"rows as (update {table_of(live, one.object)} l set {column} = {value} {where} "
        f"and l.parent_id {apart} returning l.id, l.parent_id, to_jsonb(l.{column}) as value), "
        f"moved as (update {table} t set {stamps} where t.tenant_id = $1::integer "
        "and t.id in (select parent_id from rows) returning t.id, t.version, null as value)"
    )


def _value(one: Reference) -> str:
    """The new value of the field, as history keeps it: of a table all its rows."""
    if not one.table:
        return "select m.value"
    name = one.field.name
    return (
        "select jsonb_agg(case when c.id is null then r "
        f"else r || jsonb_build_object('{name}', c.value) end order by n) as value "
        f"from jsonb_array_elements(h.record->'{one.table}') with ordinality as x(r, n) "
        "left join rows c on c.id = (r->>'id')::uuid"
    )
