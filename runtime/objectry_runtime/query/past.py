"""`GET /{plural}/{id}/history`: who changed what, when, from, to; `?at=` the record as it was."""

from collections.abc import Sequence

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.values.dates import parse_datetime
from objectry.values.ids import parse_id
from objectry_runtime.events import Subject, unwrap_key
from objectry_runtime.events.json_values import as_object, decode_exactly, encode_exactly
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import not_found
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.cursor import fingerprint, read_cursor, sign_cursor
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.image_rights import (
    ImageRights,
    flags_sql,
    image_rights,
    project_changes,
    project_image,
)
from objectry_runtime.query.list_request import once, parse_limit
from objectry_runtime.query.names import Names
from objectry_runtime.query.projection import conjunction, moment_text
from objectry_runtime.query.refusal import bad_query, near, quoted
from objectry_runtime.query.slots import user_texts
from objectry_runtime.query.sql import Clock, Sql
from objectry_runtime.store.executor import Bound, Row, Rows

PARAMETERS = ("at", "limit", "cursor")

Params = Sequence[tuple[str, str]]


class PastRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A history as it was asked for: a page below a version, or the record at a moment."""

    object: str
    key: str
    at: str | None
    limit: int
    below: int | None


async def history(call: Call, object_name: str, key: str, params: Params) -> Answer:
    """The versions of a record, newest first; with `at`, the record as it was then."""
    names = Names(call.live, call.principal.roles)
    if not names.reads(object_name) or call.live.model.object(object_name).is_line:
        raise not_found()
    request = parse_past(call, object_name, key, params)
    rights = image_rights(names, object_name, "history")
    rows = await call.executor.read(plan(call, request, rights))
    if request.at is not None:
        return _as_it_was(call, request, rights, rows)
    return _versions(call, request, rights, rows)


def parse_past(call: Call, object_name: str, key: str, params: Params) -> PastRequest:
    """The request of a history."""
    given = once(params)
    for name in given:
        if name not in PARAMETERS:
            raise bad_query(
                f"There is no parameter {quoted(name)} for a history, only at, limit and"
                f" cursor.{near(name, PARAMETERS)}"
            )
    at = given.get("at")
    moment = parse_datetime(at) if at is not None else None
    if at is not None and moment is None:
        raise bad_query(f"at: {quoted(at)} is not a moment, such as 2026-03-31T09:30:00Z.")
    below = None
    if "cursor" in given:
        belongs_to = _belongs_to(call, object_name, key)
        (version,) = read_cursor(call.keyring, belongs_to, given["cursor"], 1)
        below = int(version or "0")
    return PastRequest(
        object=object_name,
        key=key,
        at=moment.isoformat() if moment else None,
        limit=1 if moment else parse_limit(given.get("limit")),
        below=below,
    )


def plan(call: Call, request: PastRequest, rights: ImageRights) -> Bound:
    """One statement: whether the record may be read, its versions, and the key that opens them."""
    principal = call.principal
    sql = Sql()
    clock = Clock(today=call.today.isoformat(), now=call.now.isoformat())
    rendering = Rendering(call.live, sql, clock, user_texts(principal), principal.roles)
    frame = ObjectFrame(rendering, request.object, rendering.alias(), gated=True)
    tenant = sql.bind(str(principal.tenant), "integer")
    record, join = _record(rendering, frame, request.key, tenant, rights)
    versions = [
        f"h.tenant_id = {tenant}",
        f"h.object = {sql.bind(request.object, 'text')}",
        f"h.record_id = {_record_id(rendering, request.key)}",
    ]
    if request.below is not None:
        versions.append(f"h.version < {sql.bind(str(request.below), 'integer')}")
    if request.at is not None:
        versions.append(f"h.at <= {sql.bind(request.at, 'timestamptz')}")
    return sql.bound(
        f"select r.flags, h.version::text, h.op, h.action, {moment_text('h.at')},"
        " h.actor::text, h.release, h.correlation, h.record::text, h.changes::text,"
        " encode(k.key, 'hex'), h.record_id::text, b.lender::text"
        f" from (select) one {join} lateral ({record}) r on true"
        f" left join lateral (select h.* from objectry.history h where {conjunction(versions)}"
        f" order by h.version desc limit {request.limit + 1}) h on true"
        " left join objectry.subject_key k on k.tenant_id = h.tenant_id and k.object = h.object"
        " and k.record_id = h.record_id"
        " left join objectry.on_behalf b on b.tenant_id = h.tenant_id and b.object = h.object"
        " and b.record_id = h.record_id and b.version = h.version"
        " order by h.version desc"
    )


def _record(
    rendering: Rendering, frame: ObjectFrame, key: str, tenant: str, rights: ImageRights
) -> tuple[str, str]:
    """The record as it is now, and how it is joined: who may read every record of the object may
    see the past of deleted ones too."""
    readable = frame.holds(rendering.policy(frame.object).rule("read"))
    id = parse_id(key)
    if id is not None:
        condition = f"{frame.alias}.id = {rendering.sql.bind(id, 'uuid')}"
    elif "number" in frame.model.fields:
        condition = f"{frame.column(('number',))} = {rendering.sql.bind(key, 'text')}"
    else:
        raise not_found()
    where = conjunction([f"{frame.tenant} = {tenant}", condition, readable])
    flags = flags_sql(frame, rights, "history")
    record = f"select {frame.alias}.id, {flags} as flags from {frame.source} where {where}"
    return record, "join" if readable or id is None else "left join"


def _record_id(rendering: Rendering, key: str) -> str:
    id = parse_id(key)
    return rendering.sql.bind(id, "uuid") if id is not None else "r.id"


def _versions(call: Call, request: PastRequest, rights: ImageRights, rows: Rows) -> Answer:
    found = [row for row in rows if row[1] is not None]
    if not rows or (not found and request.below is None):
        raise not_found()
    page = found[: request.limit]
    cursor = None
    if len(found) > request.limit:
        belongs_to = _belongs_to(call, request.object, request.key)
        cursor = sign_cursor(call.keyring, belongs_to, (_text(page[-1][1]),))
    data = [_version(call, request.object, rights, row) for row in page]
    return _json({"data": data, "next": cursor})


def _version(call: Call, object_name: str, rights: ImageRights, row: Row) -> dict[str, object]:
    subject, key = opening(call, object_name, _text(row[11]), row[10])
    allowed = rights.allowed(row[0])
    lender = {"on_behalf_of": row[12].decode()} if row[12] is not None else {}
    return {
        "version": int(_text(row[1])),
        "op": _text(row[2]),
        "action": _action(call.live.model.object(object_name), allowed, row),
        "at": _text(row[4]),
        "actor": _text(row[5]),
        **lender,
        "release": _text(row[6]),
        "correlation": _text(row[7]),
        "changes": project_changes(decode(row[9]), rights, allowed, subject, key),
    }


def _action(model: ObjectModel, allowed: frozenset[str], row: Row) -> str | None:
    """The action of a version; a transition tells the state, so it shows to who may see that."""
    told = model.workflow is None or row[2] == b"create" or model.workflow.field in allowed
    return row[3].decode() if told and row[3] is not None else None


def _as_it_was(call: Call, request: PastRequest, rights: ImageRights, rows: Rows) -> Answer:
    if not rows or rows[0][1] is None or rows[0][2] == b"delete":
        raise not_found()
    row = rows[0]
    subject, key = opening(call, request.object, _text(row[11]), row[10])
    image = project_image(decode(row[8]), rights, rights.allowed(row[0]), subject, key)
    return _json(image)


def opening(
    call: Call, object_name: str, record: str, wrapped: bytes | None
) -> tuple[Subject, bytes | None]:
    """Whose sealed values these are, and the key that opens them (hex as PostgreSQL wrote it)."""
    subject = Subject(call.principal.tenant, object_name, record)
    if wrapped is None:
        return subject, None
    return subject, unwrap_key(call.keyring, bytes.fromhex(wrapped.decode()), subject)


def decode(text: bytes | None) -> dict[str, object]:
    """An image or changes as they lie in the database."""
    return dict(as_object(decode_exactly(text or b"{}")))


def _belongs_to(call: Call, object_name: str, key: str) -> str:
    return fingerprint((call.principal.tenant, object_name, key.lower(), "history"))


def _text(value: bytes | None) -> str:
    assert value is not None, "history columns are not null"
    return value.decode()


def _json(document: object) -> Answer:
    body = encode_exactly(document)
    return Answer(status=200, body=body, headers={"Content-Type": "application/json"})
