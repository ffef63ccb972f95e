"""The owner's side of following: which records changed, and how they are now.

What is told is not each change but the record as it is: who follows wants the newest state, and
takes it by version. Positions are those of the change feed, so nothing that commits late is missed.
"""

from collections.abc import Mapping, Sequence

import msgspec

from objectry_runtime.host.live import Live
from objectry_runtime.peers.messages import (
    START,
    FollowPage,
    FollowRequest,
    Line,
    Position,
    Record,
    Wanted,
)
from objectry_runtime.problems import Problem
from objectry_runtime.query.slots import array_text
from objectry_runtime.query.sql import quote
from objectry_runtime.store.executor import Bound, Executor

PAGE = 500
Key = tuple[int, str]  # tenant, id


async def changes(live: Live, executor: Executor, request: FollowRequest) -> FollowPage:
    """A page of records that changed after the cursor."""
    rows = await executor.read(Bound(_EVENTS, (_positions(request.cursor),)))
    cursor = dict(request.cursor)
    last: dict[tuple[str, Key], int] = {}
    for row in rows:
        tenant, epoch, xid, id, name, record, version = ((one or b"").decode() for one in row)
        cursor[tenant] = (epoch, xid, id)
        if name in request.objects:
            key = (name, (int(tenant), record))
            last[key] = max(int(version), last.get(key, 0))
    records: list[Record] = []
    for name, wanted in request.objects.items():
        keys = [key for of, key in last if of == name]
        found = await read_records(live, executor, name, wanted, keys)
        there = {(one.tenant, one.id) for one in found}
        records += found
        records += [
            Record(tenant=key[0], object=name, id=key[1], version=last[name, key], gone=True)
            for key in keys
            if key not in there
        ]
    return FollowPage(records=records, cursor=cursor, more=len(rows) >= PAGE)


async def read_records(
    live: Live, executor: Executor, name: str, wanted: Wanted, keys: Sequence[Key]
) -> list[Record]:
    """The records of these keys that there are, as they are now."""
    if not keys:
        return []
    statement = _reading(live, name, wanted, keys)
    return [
        Record(
            tenant=int(tenant or b""),
            object=name,
            id=(id or b"").decode(),
            version=int(version or b""),
            values=msgspec.json.decode(values or b"{}", type=dict[str, str | None]),
            lines=msgspec.json.decode(lines or b"{}", type=dict[str, list[Line]]),
        )
        for tenant, id, version, values, lines in await executor.read(statement)
    ]


def _reading(live: Live, name: str, wanted: Wanted, keys: Sequence[Key]) -> Bound:
    place = live.storage.objects[name]
    lines = [
        f"{_text(table)}, (select coalesce(json_agg(json_build_object('id', l.id, 'position', "
        f"l.position, 'values', {_values(live, _lines_of(live, name, table), fields, 'l')}) "
        f"order by l.position), '[]') from {_table(live, _lines_of(live, name, table))} l "
        "where l.tenant_id = t.tenant_id and l.parent_id = t.id)"
        for table, fields in wanted.tables.items()
    ]
    return Bound(
        f"select t.tenant_id::text, t.id::text, t.version::text, "
        f"{_values(live, name, wanted.fields, 't')}::text, "
        f"json_build_object({', '.join(lines)})::text "
        f"from unnest($1::integer[], $2::uuid[]) k(tenant, id) join "
        f"{quote(place.schema)}.{quote(place.table)} t on t.tenant_id = k.tenant and t.id = k.id",
        (
            array_text([str(tenant) for tenant, _ in keys]),
            array_text([id for _, id in keys]),
        ),
    )


def _values(live: Live, name: str, fields: Sequence[str], alias: str) -> str:
    columns = live.storage.objects[name].columns
    known = live.model.object(name).fields
    for field in fields:
        if field not in columns or field not in known:
            detail = f"`{name}` has no stored field `{field}` in the release that is served here."
            raise Problem(409, "stale", "The releases differ.", detail)
    texts = ", ".join(f"{alias}.{quote(columns[field])}::text" for field in fields)
    names = ", ".join(_text(field) for field in fields)
    return f"json_object(array[{names}]::text[], array[{texts}]::text[])"


def _lines_of(live: Live, name: str, table: str) -> str:
    tables = live.model.object(name).tables
    if table not in tables:
        raise Problem(409, "stale", "The releases differ.", f"`{name}` has no lines `{table}`.")
    return tables[table]


def _table(live: Live, name: str) -> str:
    place = live.storage.objects[name]
    return f"{quote(place.schema)}.{quote(place.table)}"


def _text(name: str) -> str:
    # Names of the model alone get here: they have been looked up in it.
    assert name.replace("_", "a").isalnum(), name
    return f"'{name}'"


def _positions(cursor: Mapping[str, Position]) -> str:
    rows = [
        {"tenant": int(tenant), "epoch": int(epoch), "xid": xid, "id": int(id)}
        for tenant, (epoch, xid, id) in cursor.items()
    ]
    return msgspec.json.encode(rows).decode()


_EVENTS = f"""
select t.id::text, e.epoch::text, e.xid::text, e.id::text, e.object, e.record_id::text,
       e.version::text
from objectry.tenant t
left join json_to_recordset($1::json) as c(tenant integer, epoch integer, xid text, id bigint)
  on c.tenant = t.id
cross join lateral (
  select e.epoch, e.xid, e.id, e.object, e.record_id, e.version
  from objectry.event e
  where e.tenant_id = t.id
    and (e.epoch, e.xid, e.id) > (coalesce(c.epoch, {START[0]}),
                                  coalesce(c.xid, '{START[1]}')::xid8, coalesce(c.id, {START[2]}))
    and (e.xid < pg_snapshot_xmin(pg_current_snapshot())
         or e.epoch < (select max(epoch) from objectry.event where tenant_id = t.id))
  order by e.epoch, e.xid, e.id limit {PAGE}
) e
order by t.id, e.epoch, e.xid, e.id
"""
