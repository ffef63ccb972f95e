"""A selection as SQL: PostgreSQL builds the JSON text, with rights and exact decimals in it."""

from objectry.metadata.model import FieldModel
from objectry.metadata.types import SHOWN, StorageClass
from objectry_runtime.permissions import Policy
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.selection import Selection
from objectry_runtime.query.speech import spoken_raw
from objectry_runtime.query.sql import quote

MASK = "•••"
PARENT = "parent"  # a line on its own path shows the id of the record that owns it


def columns(frame: ObjectFrame, selection: Selection) -> str:
    """The select list that `row_to_json` turns into the record's object."""
    policy = frame.rendering.policy(frame.object)
    return ", ".join(
        f"{_column(frame, policy, name, selection.open(name))} as {quote(name)}"
        for name in selection.fields
    )


def _column(frame: ObjectFrame, policy: Policy, name: str, opened: tuple[Selection, ...]) -> str:
    if name == PARENT and name not in frame.model.fields:
        return f"{frame.alias}.parent_id"
    field = frame.model.fields[name]
    allowed = frame.holds(policy.field(name, "read"))
    if allowed == "false":  # what is never shown is not rendered: its parameters would be left over
        return _masked(frame, policy, field)
    if not opened:
        value = json_value(field, spoken_raw(frame, field))
    elif field.is_table:
        value = _rows(frame, name, opened[0])
    else:
        value = _linked(frame, name, opened)
    if not allowed:
        return value
    return f"case when {allowed} then {value} else {_masked(frame, policy, field)} end"


def _masked(frame: ObjectFrame, policy: Policy, field: FieldModel) -> str:
    """What is shown of a value that may not be read."""
    masked = frame.holds(policy.masked(field.name)) if field.type.maskable else "false"
    if masked == "false":
        return "null"
    return f"case when {masked} then '{MASK}' end" if masked else f"'{MASK}'"


def json_value(field: FieldModel, value: str) -> str:
    """The value as `row_to_json` must see it: decimals, moments and durations as texts; of a file,
    what is known of it."""
    match field.type.storage:
        case StorageClass.NUMERIC:
            return f"{value}::text"
        case StorageClass.TIMESTAMP:
            return moment_text(value)
        case StorageClass.INTERVAL:
            return f"objectry.to_text({value})"
        case _ if field.type.attached:
            return (
                "(select json_build_object('id', f.id, 'name', f.name, 'media_type', f.media_type,"
                f" 'size', f.size) from objectry.file f where f.id = {value})"
            )
        case _ if field.type.sealed:
            return f"case when {value} is not null then '{SHOWN}' end"
        case _:
            return value


def moment_text(value: str) -> str:
    """RFC 3339 in UTC of a timestamptz. By way of JSON, which no setting of the server changes."""
    return f"btrim(to_json({value} at time zone 'UTC')::text, '\"') || 'Z'"


def _linked(frame: ObjectFrame, name: str, opened: tuple[Selection, ...]) -> str:
    """The record behind a link; one that may be of several objects says of which it is."""
    field, link = frame.model.fields[name], frame.raw(name)
    if field.type.many:
        return _many(frame, link, opened[0])
    named = len(field.definition.to) > 1
    found = [_one(frame, link, one, named=named) for one in opened]
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def _one(frame: ObjectFrame, link: str, opened: Selection, *, named: bool) -> str:
    inner, row = _behind(frame, opened)
    shown = columns(inner, opened)
    if named:
        shown = f"'{opened.object}' as object, {shown}" if shown else f"'{opened.object}' as object"
    where = [f"{inner.alias}.id = {link}", _readable(frame, inner)]
    return (
        f"(select row_to_json({row}) from {inner.source}"
        f" cross join lateral (select {shown}) {row} where {conjunction(where)})"
    )


def _many(frame: ObjectFrame, link: str, opened: Selection) -> str:
    """The records of a list of links, in its order; who may not read one does not see it."""
    inner, row = _behind(frame, opened)
    item = frame.rendering.alias()
    where = [f"{inner.alias}.id = {item}.id", _readable(frame, inner)]
    return (
        f"(select coalesce(json_agg(row_to_json({row}) order by {item}.place), '[]')"
        f" from unnest({link}) with ordinality {item}(id, place) cross join {inner.source}"
        f" cross join lateral (select {columns(inner, opened)}) {row} where {conjunction(where)})"
    )


def _behind(frame: ObjectFrame, opened: Selection) -> tuple[ObjectFrame, str]:
    rendering = frame.rendering
    return ObjectFrame(rendering, opened.object, rendering.alias()), rendering.alias()


def _readable(frame: ObjectFrame, inner: ObjectFrame) -> str:
    tenant = f"{inner.tenant} = {frame.tenant}"
    return conjunction([tenant, inner.holds(frame.rendering.policy(inner.object).rule("read"))])


def _rows(frame: ObjectFrame, name: str, opened: Selection) -> str:
    rendering = frame.rendering
    from_sql, where_sql, inner = frame.rows(name)
    readable = inner.holds(rendering.policy(opened.object).own_rule("read"))
    row = rendering.alias()
    return (
        f"(select coalesce(json_agg(row_to_json({row}) order by {inner.alias}.position), '[]')"
        f" from {from_sql} cross join lateral (select {columns(inner, opened)}) {row}"
        f" where {conjunction([where_sql, readable])})"
    )


def conjunction(conditions: list[str]) -> str:
    """All of the conditions that say anything."""
    return " and ".join(one for one in conditions if one) or "true"
