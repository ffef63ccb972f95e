"""The owner's side of following: which records changed, and how they are now.

What is told is not each change but the record as it is: who follows wants the newest state, and
takes it by version. Positions are those of the change feed, so nothing that commits late is missed.
"""

from collections.abc import Mapping, Sequence

import msgspec

from objectry_runtime.host.live import Live
from objectry_runtime.peers.messages import START, FollowPage, FollowRequest, Position, Record
from objectry_runtime.peers.reading import Key, read_records
from objectry_runtime.query.sql import Clock
from objectry_runtime.store.executor import Bound, Executor

PAGE = 500


async def changes(
    live: Live, executor: Executor, clock: Clock, request: FollowRequest
) -> FollowPage:
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
        found = await read_records(live, executor, clock, name, wanted, keys)
        there = {(one.tenant, one.id) for one in found}
        records += found
        records += [
            Record(tenant=key[0], object=name, id=key[1], version=last[name, key], gone=True)
            for key in keys
            if key not in there
        ]
    merged = await _merged(executor, records)
    told = [
        msgspec.structs.replace(one, into=merged.get((one.tenant, one.object, one.id), ""))
        for one in records
    ]
    return FollowPage(records=told, cursor=cursor, more=len(rows) >= PAGE)


async def _merged(
    executor: Executor, records: Sequence[Record]
) -> Mapping[tuple[int, str, str], str]:
    """Those of the records that another one took in, and which."""
    keys = [{"tenant": one.tenant, "object": one.object, "id": one.id} for one in records]
    if not keys:
        return {}
    rows = await executor.read(
        Bound(
            "select m.tenant_id::text, m.object, m.record_id::text, m.into_id::text "
            "from json_to_recordset($1::json) as x(tenant integer, object text, id uuid) "
            "join objectry.merged m on m.tenant_id = x.tenant and m.object = x.object "
            "and m.record_id = x.id",
            (msgspec.json.encode(keys).decode(),),
        )
    )
    texts = [[(one or b"").decode() for one in row] for row in rows]
    return {(int(tenant), name, id): into for tenant, name, id, into in texts}


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
