"""The statements of a write: one that saves a set of records with all that belongs to them.

Record, lines, number, history, event and key go in one statement. Rows travel as one JSON text per
table, so that the statement of an object is the same text for one record and for a thousand; it is
rendered once per release.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from objectry.metadata.model import ObjectModel
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.sql import quote
from objectry_runtime.store.executor import Bound

Operation = Literal["create", "update", "delete"]
Texts = Mapping[str, str | None]


class NumberDraw(msgspec.Struct, frozen=True, kw_only=True):
    """A number to be drawn: from which series, and what stands around its digits."""

    series: str
    key: str
    prefix: str
    width: int
    suffix: str


class LineWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A line to insert or to overwrite; `values` are column texts by field."""

    id: str
    parent: str
    position: int
    values: Texts


class EventWrite(msgspec.Struct, frozen=True, kw_only=True):
    """An event to put into the outbox; it refers to the version written beside it."""

    uid: str
    type: str
    causation: str = ""


class RecordWrite(msgspec.Struct, frozen=True, kw_only=True):
    """One new version of one record. `record` and `changes` are what history keeps, sealed."""

    id: str
    version: int
    values: Texts
    lines: Mapping[str, Sequence[LineWrite]] = {}
    gone: Mapping[str, Sequence[str]] = {}
    number: NumberDraw | None = None
    record: Mapping[str, object]
    changes: Mapping[str, object]
    events: Sequence[EventWrite] = ()
    subject_key: bytes | None = None  # a new one, wrapped


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes, when, of which release, on whose request: the same for a whole unit."""

    tenant: int
    actor: str
    at: datetime
    correlation: str


def save(
    live: Live,
    model: ObjectModel,
    operation: Operation,
    writes: Sequence[RecordWrite],
    stamp: Stamp,
) -> Bound:
    """The statement that writes new versions of records of one object.

    Raises `stale` (through `objectry.guard`) unless every record was at the version before.
    """
    numbered = any(write.number for write in writes)
    cache_key = ("query.save", model.name, operation, numbered)
    sql = live.compiled.get(cache_key)
    if sql is None:
        sql = live.compiled[cache_key] = _save_sql(live, model, operation, numbered)
    assert isinstance(sql, str)
    columns = _columns(live, model.name)
    params: list[str | None] = [
        str(stamp.tenant),
        _json(_row(write, columns, order) for order, write in enumerate(writes)),
        stamp.at.isoformat(),
        stamp.actor,
        live.release.id,
        stamp.correlation,
        operation,
        _json(_events(writes)),
    ]
    if operation != "delete":
        for table, line_object in model.tables.items():
            line_columns = _columns(live, line_object)
            params.append(
                _json(
                    _line_row(line, line_columns)
                    for write in writes
                    for line in write.lines.get(table, ())
                )
            )
            if operation == "update":
                gone = (id for write in writes for id in write.gone.get(table, ()))
                params.append("{" + ",".join(gone) + "}")
    return Bound(sql, tuple(params))


def taken(
    call: Call,
    object_name: str,
    fields: Sequence[str],
    asked: Sequence[tuple[int, str, Sequence[str | None]]],
) -> Bound:
    """The statement that tells which of the keys another record has: `asked` is (order, id, key).

    It answers with the orders.
    """
    columns = _columns(call.live, object_name)
    named = [(quote(columns[name][0]), columns[name][1]) for name in fields]
    types = ", ".join(f"k{index} {kind}" for index, (_, kind) in enumerate(named))
    same = " and ".join(f"t.{column} = x.k{index}" for index, (column, _) in enumerate(named))
    return Bound(
        f'select x."order"::text from json_to_recordset($2::json) as x("order" integer, id uuid, '
        f"{types}) where exists (select from {_table(call.live, object_name)} t "
        f"where t.tenant_id = $1::integer and t.id <> x.id and {same})",
        (
            str(call.principal.tenant),
            _json(
                {"order": order, "id": id, **{f"k{n}": one for n, one in enumerate(key)}}
                for order, id, key in asked
            ),
        ),
    )


def _save_sql(live: Live, model: ObjectModel, operation: Operation, numbered: bool) -> str:
    table = _table(live, model.name)
    columns = _columns(live, model.name)
    types = [f'"~{name}" {kind}' for name, kind in _META]
    if operation != "delete":
        types += [f"{quote(column)} {kind}" for column, kind in columns.values()]
    parts = [
        "input as materialized (select * from json_to_recordset($2::json) "
        f"as x({', '.join(types)}))"
    ]
    number = "number" if numbered else ""
    if numbered:
        parts.append(_DRAWN)
        parts.append(_NUMBERED)
    source = "input i" + (' left join numbered n on n.id = i."~id"' if numbered else "")
    values = {
        quote(column): f"coalesce(n.number, i.{quote(column)})"
        if name == number
        else f"i.{quote(column)}"
        for name, (column, _) in columns.items()
    }
    parts.append(f"rec as ({_record_sql(table, operation, values, source)})")
    if operation != "delete":
        place = len(_FIXED_PARAMS) + 1
        for index, line_object in enumerate(model.tables.values()):
            parts += _line_sql(live, line_object, operation, index, place)
            place += 2 if operation == "update" else 1
    record, changes = 'i."~record"', 'i."~changes"'
    if numbered:
        record = f"{record} || coalesce(jsonb_build_object('number', n.number), '{{}}')"
        record = f'case when n.number is null then i."~record" else {record} end'
        changes = (
            f"case when n.number is null then {changes} else {changes} || jsonb_build_object("
            "'number', jsonb_build_object('from', null, 'to', n.number)) end"
        )
    object_text, service = _literal(model.name), _literal(model.schema)
    parts.append(
        "hist as (insert into objectry.history (tenant_id, object, record_id, version, op, at, "
        "actor, release, correlation, record, changes) "
        f'select $1::integer, {object_text}, i."~id", i."~version", $7::text, $3::timestamptz, '
        f"$4::uuid, $5::text, $6::text, {record}, {changes} from {source})"
    )
    parts.append(
        "ev as (insert into objectry.event (tenant_id, uid, type, service, object, record_id, "
        "version, causation) "
        f"select $1::integer, e.uid, e.type, {service}, {object_text}, e.record, e.version, "
        "e.causation from json_to_recordset($8::json) as "
        "e(uid uuid, type text, record uuid, version integer, causation text))"
    )
    parts.append(
        "keys as (insert into objectry.subject_key (tenant_id, object, record_id, key) "
        f'select $1::integer, {object_text}, i."~id", decode(i."~key", \'base64\') '
        'from input i where i."~key" is not null)'
    )
    return (
        f"with {', '.join(parts)} "
        "select objectry.guard((select count(*) from rec) = (select count(*) from input), 'stale')"
    )


_FIXED_PARAMS = ("tenant", "rows", "at", "actor", "release", "correlation", "operation", "events")
_META = (
    ("id", "uuid"),
    ("version", "integer"),
    ("order", "integer"),
    ("record", "jsonb"),
    ("changes", "jsonb"),
    ("key", "text"),
    ("series", "text"),
    ("serieskey", "text"),
    ("prefix", "text"),
    ("width", "integer"),
    ("suffix", "text"),
)
# Series in one order for everyone, so that two bulk writes can't wait for each other.
_DRAWN = (
    "drawn as (insert into objectry.series as s (tenant_id, series, key, value) "
    'select $1::integer, "~series", "~serieskey", count(*) from input where "~series" is not null '
    "group by 2, 3 order by 2, 3 "
    "on conflict (tenant_id, series, key) do update set value = s.value + excluded.value "
    "returning series, key, value)"
)
_NUMBERED = (
    'numbered as (select i."~id" as id, i."~prefix" || '
    'lpad(i.seq::text, greatest(i."~width", length(i.seq::text)), \'0\') || i."~suffix" as number '
    'from (select x.*, d.value - count(*) over (partition by x."~series", x."~serieskey") '
    '+ row_number() over (partition by x."~series", x."~serieskey" order by x."~order") as seq '
    'from input x join drawn d on d.series = x."~series" and d.key = x."~serieskey") i)'
)


def _record_sql(table: str, operation: Operation, values: Mapping[str, str], source: str) -> str:
    match operation:
        case "create":
            return (
                f"insert into {table} (tenant_id, id, version, {', '.join(values)}) "
                f'select $1::integer, i."~id", i."~version", {", ".join(values.values())} '
                f"from {source} returning id"
            )
        case "update":
            assignments = ", ".join(f"{column} = {value}" for column, value in values.items())
            return (
                f'update {table} t set version = i."~version", {assignments} from {source} '
                'where t.tenant_id = $1::integer and t.id = i."~id" '
                'and t.version = i."~version" - 1 returning t.id'
            )
        case "delete":
            return (
                f"delete from {table} t using {source} where t.tenant_id = $1::integer "
                'and t.id = i."~id" and t.version = i."~version" - 1 returning t.id'
            )


def _line_sql(
    live: Live, line_object: str, operation: Operation, index: int, place: int
) -> list[str]:
    table = _table(live, line_object)
    columns = [(quote(column), kind) for column, kind in _columns(live, line_object).values()]
    names = ["id", "parent_id", "position", *(column for column, _ in columns)]
    types = ['"~id" uuid', '"~parent" uuid', '"~position" integer']
    types += [f"{column} {kind}" for column, kind in columns]
    picked = ['l."~id"', 'l."~parent"', 'l."~position"', *(f"l.{column}" for column, _ in columns)]
    insert = (
        f"insert into {table} (tenant_id, {', '.join(names)}) select $1::integer, "
        f"{', '.join(picked)} from json_to_recordset(${place}::json) as l({', '.join(types)})"
    )
    if operation == "create":
        return [f"lines{index} as ({insert})"]
    changed = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
    return [
        f"lines{index} as ({insert} on conflict (tenant_id, id) do update set {changed})",
        f"gone{index} as (delete from {table} where tenant_id = $1::integer "
        f"and id = any(${place + 1}::uuid[]))",
    ]


def _table(live: Live, name: str) -> str:
    storage = live.storage.objects[name]
    return f"{quote(storage.schema)}.{quote(storage.table)}"


def _columns(live: Live, name: str) -> dict[str, tuple[str, str]]:
    """Field → (column, PostgreSQL type) of what a write fills beside the keys."""
    model = live.model.object(name)
    return {
        field: (column, model.fields[field].type.storage.value)
        for field, column in live.storage.objects[name].columns.items()
        if field in model.fields and field not in ("id", "parent", "position")
    }


def _row(
    write: RecordWrite, columns: Mapping[str, tuple[str, str]], order: int
) -> dict[str, object]:
    row: dict[str, object] = {
        "~id": write.id,
        "~version": write.version,
        "~order": order,
        "~record": write.record,
        "~changes": write.changes,
    }
    if write.subject_key is not None:
        row["~key"] = write.subject_key  # msgspec writes bytes as base64
    if write.number is not None:
        draw = write.number
        row |= {"~series": draw.series, "~serieskey": draw.key, "~prefix": draw.prefix}
        row |= {"~width": draw.width, "~suffix": draw.suffix}
    for field, (column, _) in columns.items():
        text = write.values.get(field)
        if text is not None:
            row[column] = text
    return row


def _line_row(line: LineWrite, columns: Mapping[str, tuple[str, str]]) -> dict[str, object]:
    row: dict[str, object] = {"~id": line.id, "~parent": line.parent, "~position": line.position}
    for field, (column, _) in columns.items():
        text = line.values.get(field)
        if text is not None:
            row[column] = text
    return row


def _events(writes: Sequence[RecordWrite]) -> Iterable[dict[str, object]]:
    for write in writes:
        for event in write.events:
            yield {
                "uid": event.uid,
                "type": event.type,
                "record": write.id,
                "version": write.version,
                "causation": event.causation,
            }


def _json(rows: Iterable[object]) -> str:
    return msgspec.json.encode(list(rows)).decode()


def _literal(name: str) -> str:
    """A declared name as an SQL text; names have no quotes (`values.names.is_name`)."""
    assert "'" not in name, name
    return f"'{name}'"
