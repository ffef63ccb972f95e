"""The text of the statement that saves any number of records of one object: rendered once.

`$1` tenant, `$2` rows, `$3` when, `$4` who, `$5` release, `$6` correlation, `$7` operation, `$8`
events, `$9` the action that it is, `$10` and `$11` what history keeps of each record, `record` and
`changes`; then for each table field its rows and, for an update, the ids of the lines that go.
`save_one` is the same for one record.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from objectry.metadata.model import ObjectModel
from objectry_runtime.host.live import Live
from objectry_runtime.query.drawing import (
    drawn_for_many,
    joined,
    meta,
    with_numbers_of_many,
)
from objectry_runtime.query.sql import quote

Operation = Literal["create", "update", "delete"]


def save_sql(live: Live, model: ObjectModel, operation: Operation, drawn: tuple[str, ...]) -> str:
    """The statement for an operation; some of the records draw numbers for the fields `drawn`."""
    table = table_of(live, model.name)
    columns = columns_of(live, model.name, anew=operation == "create")
    typed = [(f"~{name}", kind) for name, kind in (*_META, *meta(drawn))]
    if operation != "delete":
        typed += list(columns.values())
    types = ", ".join(f"{quote(name)} {kind}" for name, kind in typed)
    names = ", ".join(quote(name) for name, _ in (*typed, *_IMAGES))
    # What history keeps travels beside the rows: within them it would be read as JSON twice.
    parts = [
        "input as materialized (select * from rows from (json_to_recordset($2::json) "
        f"as ({types}), unnest($10::text[]), unnest($11::text[])) as x({names}))"
    ]
    parts += drawn_for_many(drawn)
    source = f"input i{joined(drawn)}"
    values = {
        quote(column): f"coalesce(n{drawn.index(name)}.number, i.{quote(column)})"
        if name in drawn
        else f"i.{quote(column)}"
        for name, (column, _) in columns.items()
    }
    parts.append(f"rec as ({_record_sql(table, operation, values, source)})")
    if operation != "delete":
        place = len(_FIXED_PARAMS) + 1
        for index, line_object in enumerate(model.tables.values()):
            rows, ids = f"${place}::json", f"${place + 1}::uuid[]"
            insert, delete = line_sql(live, line_object, operation, rows, ids)
            parts.append(f"lines{index} as ({insert})")
            place += 1
            if operation == "update":
                parts.append(f"gone{index} as ({delete})")
                place += 1
    record, changes = 'i."~record"', 'i."~changes"'
    if drawn:
        record = with_numbers_of_many(drawn, record, changed=False)
        changes = with_numbers_of_many(drawn, changes, changed=True)
    object_text, service = literal(model.name), literal(model.schema)
    parts.append(
        "hist as (insert into objectry.history (tenant_id, object, record_id, version, op, action, "
        "at, actor, release, correlation, record, changes) "
        f'select $1::integer, {object_text}, i."~id", i."~version", $7::text, $9::text, '
        f"$3::timestamptz, $4::uuid, $5::text, $6::text, ({record})::jsonb, ({changes})::jsonb "
        f"from {source})"
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
    # An insert makes its rows or fails; the others must find the versions that were decided on.
    held = (
        "true"
        if operation == "create"
        else "case when (select count(*) from rec) = (select count(*) from input) then true "
        "else objectry.guard(false, 'stale') end"
    )
    return f"with {', '.join(parts)} select {held}"


_FIXED_PARAMS = (
    "tenant",
    "rows",
    "at",
    "actor",
    "release",
    "correlation",
    "operation",
    "events",
    "action",
    "record",
    "changes",
)
_IMAGES = (("~record", "text"), ("~changes", "text"))
_META = (
    ("id", "uuid"),
    ("version", "integer"),
    ("order", "integer"),
    ("key", "text"),
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


def line_sql(
    live: Live, line_object: str, operation: Operation, rows: str, ids: str
) -> tuple[str, str]:
    """The statements that write lines (`rows`: a parameter with their JSON) and delete by `ids`."""
    table = table_of(live, line_object)
    columns = [(quote(column), kind) for column, kind in columns_of(live, line_object).values()]
    names = ["id", "parent_id", "position", *(column for column, _ in columns)]
    types = ['"~id" uuid', '"~parent" uuid', '"~position" integer']
    types += [f"{column} {kind}" for column, kind in columns]
    picked = ['l."~id"', 'l."~parent"', 'l."~position"', *(f"l.{column}" for column, _ in columns)]
    insert = (
        f"insert into {table} (tenant_id, {', '.join(names)}) select $1::integer, "
        f"{', '.join(picked)} from json_to_recordset({rows}) as l({', '.join(types)})"
    )
    if operation == "update":
        changed = ", ".join(f"{name} = excluded.{name}" for name in names[2:])
        insert += f" on conflict (tenant_id, id) do update set {changed}"
    delete = f"delete from {table} where tenant_id = $1::integer and id = any({ids})"
    return insert, delete


def table_of(live: Live, name: str) -> str:
    """The qualified, quoted table of an object."""
    storage = live.storage.objects[name]
    return f"{quote(storage.schema)}.{quote(storage.table)}"


def columns_of(live: Live, name: str, *, anew: bool = False) -> Mapping[str, tuple[str, str]]:
    """Field → (column, PostgreSQL type) of what a write fills beside the keys.

    Only a record that is made (`anew`) fills those that the writes of other records maintain.
    """
    key = ("query.columns", name, anew)
    known = live.compiled.get(key)
    if not isinstance(known, _Columns):
        model = live.model.object(name)
        columns = {
            field: (column, model.fields[field].type.storage.value)
            for field, column in live.storage.objects[name].columns.items()
            if field in model.fields and field != "id" and (anew or model.fields[field].kept)
        }
        known = live.compiled[key] = _Columns(columns)
    return known.by_field


class _Columns(msgspec.Struct, frozen=True):
    by_field: Mapping[str, tuple[str, str]]


def literal(name: str) -> str:
    """A declared name as an SQL text; names have no quotes (`values.names.is_name`)."""
    assert "'" not in name, name
    return f"'{name}'"
