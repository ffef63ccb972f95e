"""The follower's side: replicas written as their owner has them, by version, never backwards."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from objectry_runtime.host.live import Live
from objectry_runtime.peers.messages import Record, Wanted
from objectry_runtime.query.save_sql import columns_of
from objectry_runtime.query.sql import quote
from objectry_runtime.store.executor import Bound


def replica_objects(live: Live) -> Mapping[str, Wanted]:
    """The objects whose records live elsewhere, and what is kept of them here."""
    definitions = live.model.definitions.objects
    return {
        name: Wanted(
            fields=tuple(columns_of(live, name, anew=True)),
            tables={
                table: tuple(columns_of(live, lines, anew=True))
                for table, lines in live.model.object(name).tables.items()
            },
        )
        for name, definition in definitions.items()
        if definition.replica and not live.model.object(name).is_line
    }


def keep(live: Live, records: Iterable[Record]) -> list[Bound]:
    """The statements that write records as they are told; what is newer here stays."""
    statements: list[Bound] = []
    ordered = sorted((one for one in records if not one.gone), key=lambda one: one.object)
    for name, group in groupby(ordered, key=lambda one: one.object):
        told = list(group)
        statements.append(_upsert(live, name, told))
        for table, lines in live.model.object(name).tables.items():
            statements += _lines(live, name, table, lines, told)
    return statements


def forget(live: Live, record: Record) -> list[Bound]:
    """The statements for a record that its owner deleted: what it was made from is given back.

    A row that others link to can't go: PostgreSQL refuses the unit, and `mark_gone` is left.
    """
    return [
        _give_back(record),
        Bound(
            f"delete from {_table(live, record.object)} where tenant_id = $1::integer "
            "and id = $2::uuid",
            (str(record.tenant), record.id),
        ),
    ]


def mark_gone(record: Record) -> list[Bound]:
    """The statements for one that is still linked to: the links stay, new ones are refused."""
    return [
        _give_back(record),
        Bound(
            "insert into objectry.replica_gone (tenant_id, record_id, object, version) "
            "values ($1::integer, $2::uuid, $3::text, $4::integer) on conflict do nothing",
            (str(record.tenant), record.id, record.object, str(record.version)),
        ),
    ]


def unknown(live: Live, tenant: int, name: str, ids: Sequence[str]) -> Bound:
    """Rows (id, whether its owner deleted it) of those ids that are not here, or are gone."""
    return Bound(
        "select k.id::text, (g.record_id is not null)::text from unnest($2::uuid[]) k(id) "
        f"left join {_table(live, name)} t on t.tenant_id = $1::integer and t.id = k.id "
        "left join objectry.replica_gone g on g.tenant_id = $1::integer and g.record_id = k.id "
        "and g.object = $3::text where t.id is null or g.record_id is not null",
        (str(tenant), "{" + ",".join(ids) + "}", name),
    )


def _give_back(record: Record) -> Bound:
    """What a record was converted from is free to be converted again."""
    return Bound(
        "delete from objectry.conversion_line c where c.tenant_id = $1::integer "
        "and c.target_id = $2::uuid and c.target_object = $3::text",
        (str(record.tenant), record.id, record.object),
    )


def _upsert(live: Live, name: str, told: Sequence[Record]) -> Bound:
    columns = columns_of(live, name, anew=True)
    names = [quote(column) for column, _ in columns.values()]
    values = [f"(x.\"values\" ->> '{field}')::{kind}" for field, (_, kind) in columns.items()]
    renewed = ["version = excluded.version", *(f"{one} = excluded.{one}" for one in names)]
    rows = [
        {"tenant": one.tenant, "id": one.id, "version": one.version, "values": one.values}
        for one in told
    ]
    return Bound(
        f"insert into {_table(live, name)} as t (tenant_id, id, {', '.join(('version', *names))}) "
        f"select x.tenant, x.id, {', '.join(('x.version', *values))} "
        "from json_to_recordset($1::json) "
        'as x(tenant integer, id uuid, version integer, "values" json) '
        "order by x.tenant, x.id "
        f"on conflict (tenant_id, id) do update set {', '.join(renewed)} "
        "where t.version <= excluded.version",
        (_json(rows),),
    )


def _lines(
    live: Live, name: str, table: str, line_object: str, told: Sequence[Record]
) -> list[Bound]:
    """The lines of records that were just written, and no others."""
    columns = columns_of(live, line_object, anew=True)
    names = [quote(column) for column, _ in columns.values()]
    values = [f"(x.\"values\" ->> '{field}')::{kind}" for field, (_, kind) in columns.items()]
    parents = [
        {
            "tenant": one.tenant,
            "id": one.id,
            "version": one.version,
            "lines": [line.id for line in one.lines.get(table, ())],
        }
        for one in told
    ]
    rows = [
        {
            "tenant": one.tenant,
            "parent": one.id,
            "version": one.version,
            "id": line.id,
            "position": line.position,
            "values": line.values,
        }
        for one in told
        for line in one.lines.get(table, ())
    ]
    written = f"join {_table(live, name)} p on p.tenant_id = x.tenant and p.version = x.version"
    renewed = ["position = excluded.position", *(f"{one} = excluded.{one}" for one in names)]
    return [
        Bound(
            f"delete from {_table(live, line_object)} l using json_to_recordset($1::json) as "
            f"x(tenant integer, id uuid, version integer, lines json) {written} and p.id = x.id "
            "where l.tenant_id = x.tenant and l.parent_id = x.id and not exists "
            "(select from json_array_elements_text(x.lines) k where k = l.id::text)",
            (_json(parents),),
        ),
        Bound(
            f"insert into {_table(live, line_object)} as l (tenant_id, id, parent_id, "
            f"{', '.join(('position', *names))}) select x.tenant, x.id, x.parent, "
            f"{', '.join(('x.position', *values))} "
            "from json_to_recordset($1::json) as x(tenant integer, id uuid, parent uuid, "
            f'version integer, position integer, "values" json) {written} and p.id = x.parent '
            f"on conflict (tenant_id, id) do update set {', '.join(renewed)}",
            (_json(rows),),
        ),
    ]


def _table(live: Live, name: str) -> str:
    place = live.storage.objects[name]
    return f"{quote(place.schema)}.{quote(place.table)}"


def _json(rows: object) -> str:
    return msgspec.json.encode(rows).decode()
