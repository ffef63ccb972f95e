"""A selection as SQL: PostgreSQL builds the JSON text, with rights and exact decimals in it."""

from objectry.metadata.model import FieldModel
from objectry.metadata.types import SHOWN, StorageClass
from objectry_runtime.permissions import Policy
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.selection import Selection
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


def _column(frame: ObjectFrame, policy: Policy, name: str, opened: Selection | None) -> str:
    if name == PARENT and name not in frame.model.fields:
        return f"{frame.alias}.parent_id"
    field = frame.model.fields[name]
    if opened is None:
        value = json_value(field, frame.raw(name))
    elif field.is_table:
        value = _rows(frame, name, opened)
    else:
        value = _linked(frame, name, opened)
    return _gated(frame, policy, field, value)


def _gated(frame: ObjectFrame, policy: Policy, field: FieldModel, value: str) -> str:
    allowed = frame.holds(policy.field(field.name, "read"))
    if not allowed:
        return value
    masked = frame.holds(policy.masked(field.name)) if field.type.maskable else "false"
    if masked == "false":
        return f"case when {allowed} then {value} end" if allowed != "false" else "null"
    shown = f"'{MASK}'" if not masked else f"case when {masked} then '{MASK}' end"
    if allowed == "false":
        return shown
    return f"case when {allowed} then {value} else {shown} end"


def json_value(field: FieldModel, value: str) -> str:
    """The value as `row_to_json` must see it: decimals, moments and durations as texts."""
    match field.type.storage:
        case StorageClass.NUMERIC:
            return f"{value}::text"
        case StorageClass.TIMESTAMP:
            return moment_text(value)
        case StorageClass.INTERVAL:
            return f"objectry.to_text({value})"
        case _ if field.type.sealed:
            return f"case when {value} is not null then '{SHOWN}' end"
        case _:
            return value


def moment_text(value: str) -> str:
    """RFC 3339 in UTC of a timestamptz. By way of JSON, which no setting of the server changes."""
    return f"btrim(to_json({value} at time zone 'UTC')::text, '\"') || 'Z'"


def _linked(frame: ObjectFrame, name: str, opened: Selection) -> str:
    rendering = frame.rendering
    inner = ObjectFrame(rendering, opened.object, rendering.alias())
    where = [
        f"{inner.tenant} = {frame.tenant}",
        f"{inner.alias}.id = {frame.raw(name)}",
        inner.holds(rendering.policy(opened.object).rule("read")),
    ]
    return _one(rendering, inner, opened, where)


def _one(rendering: Rendering, inner: ObjectFrame, opened: Selection, where: list[str]) -> str:
    row = rendering.alias()
    return (
        f"(select row_to_json({row}) from {inner.source}"
        f" cross join lateral (select {columns(inner, opened)}) {row}"
        f" where {conjunction(where)})"
    )


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
