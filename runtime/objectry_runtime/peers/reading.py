"""Records as others keep them: stored values as they lie, live ones as they are at this moment."""

from collections.abc import Sequence

import msgspec

from objectry_runtime.host.live import Live
from objectry_runtime.peers.messages import Line, Record, Wanted
from objectry_runtime.problems import Problem
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.slots import array_text
from objectry_runtime.query.sql import Clock, Sql
from objectry_runtime.store.executor import Bound, Executor

Key = tuple[int, str]  # tenant, id


async def read_records(
    live: Live, executor: Executor, clock: Clock, name: str, wanted: Wanted, keys: Sequence[Key]
) -> list[Record]:
    """The records of these keys that there are, as they are now. Raises a Problem (409) where the
    release that is served here has not what is wanted.
    """
    if not keys:
        return []
    return [
        Record(
            tenant=int(tenant or b""),
            object=name,
            id=(id or b"").decode(),
            version=int(version or b""),
            values=msgspec.json.decode(values or b"{}", type=dict[str, str | None]),
            lines=msgspec.json.decode(lines or b"{}", type=dict[str, list[Line]]),
        )
        for tenant, id, version, values, lines in await executor.read(
            _reading(live, clock, name, wanted, keys)
        )
    ]


def _reading(live: Live, clock: Clock, name: str, wanted: Wanted, keys: Sequence[Key]) -> Bound:
    rendering = Rendering(live, Sql(), clock, {})
    sql = rendering.sql
    if name not in live.model.objects():
        raise _differs(f"There is no `{name}`.")
    record = ObjectFrame(rendering, name, rendering.alias())
    tables = ", ".join(
        f"{sql.bind(table, 'text')}, {_lines(record, table, fields)}"
        for table, fields in wanted.tables.items()
    )
    tenants = sql.bind(array_text([str(tenant) for tenant, _ in keys]), "integer[]")
    ids = sql.bind(array_text([id for _, id in keys]), "uuid[]")
    return sql.bound(
        f"select {record.tenant}::text, {record.alias}.id::text, {record.alias}.version::text, "
        f"{_values(record, wanted.fields)}::text, json_build_object({tables})::text "
        f"from unnest({tenants}, {ids}) k(tenant, id) "
        f"join {record.source} on {record.tenant} = k.tenant and {record.alias}.id = k.id"
    )


def _lines(record: ObjectFrame, table: str, fields: Sequence[str]) -> str:
    if table not in record.model.tables:
        raise _differs(f"`{record.object}` has no lines `{table}`.")
    source, where, line = record.rows(table)
    assert isinstance(line, ObjectFrame), "the lines of a record are records of the statement"
    return (
        f"(select coalesce(json_agg(json_build_object('id', {line.alias}.id, 'position', "
        f"{line.alias}.position, 'values', {_values(line, fields)}) "
        f"order by {line.alias}.position), '[]') from {source} where {where})"
    )


def _values(frame: ObjectFrame, fields: Sequence[str]) -> str:
    sql = frame.rendering.sql
    for field in fields:
        if field not in frame.model.fields:
            raise _differs(f"`{frame.object}` has no field `{field}`.")
    texts = ", ".join(f"({frame.raw(field)})::text" for field in fields)
    names = sql.bind(array_text(list(fields)), "text[]")
    return f"json_object({names}, array[{texts}]::text[])"


def _differs(detail: str) -> Problem:
    """The follower has another release: it asks again when both have the same."""
    return Problem(409, "stale", "The releases differ.", detail)
