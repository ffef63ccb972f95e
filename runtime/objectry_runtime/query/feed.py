"""`GET /events`: the change feed, oldest first, of the records that the caller may read.

The order is (epoch, xid, id), and only what lies below the snapshot's xmin is shown: every
transaction there has ended, so nothing can appear before a cursor any more. A page looks at a
bounded stretch of events; `next` moves on even when the caller may see none of it.
"""

from collections.abc import Mapping, Sequence

from objectry_runtime.events.definitions import DEFINITION
from objectry_runtime.events.envelope import Occurrence, envelope
from objectry_runtime.events.json_values import encode_exactly
from objectry_runtime.identity.call import Call
from objectry_runtime.query.answer import Answer
from objectry_runtime.query.cursor import Values, fingerprint, read_cursor, sign_cursor
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
from objectry_runtime.query.past import decode, opening
from objectry_runtime.query.projection import conjunction, moment_text
from objectry_runtime.query.refusal import bad_query, near, quoted
from objectry_runtime.query.slots import TENANT, Slot, call_values, fill
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound, Row, Rows

PARAMETERS = ("limit", "cursor")
STRETCH = 2000  # events looked at for one page
START: Values = ("0", "0", "0")
POSITION = (Slot("position.epoch"), Slot("position.xid"), Slot("position.id"))

Params = Sequence[tuple[str, str]]
Rights = Mapping[str, ImageRights]


async def feed(call: Call, params: Params) -> Answer:
    """Events after the cursor, and the cursor to go on from."""
    names = Names(call.live, call.principal.roles)
    limit, position = parse_feed(call, params)
    rights = readable_objects(names)
    rows = await call.executor.read(plan(call, rights, limit, position))
    return respond(call, rights, rows, limit, position)


def parse_feed(call: Call, params: Params) -> tuple[int, Values]:
    """How many events, and after which."""
    given = once(params)
    for name in given:
        if name not in PARAMETERS:
            raise bad_query(
                f"There is no parameter {quoted(name)} for the feed, only limit and"
                f" cursor.{near(name, PARAMETERS)}"
            )
    limit = parse_limit(given.get("limit"))
    if "cursor" not in given:
        return limit, START
    return limit, read_cursor(call.keyring, _belongs_to(call), given["cursor"], len(START))


def readable_objects(names: Names) -> Rights:
    """The objects whose events the caller may see something of."""
    model = names.live.model
    return {
        name: image_rights(names, name, "event")
        for name in model.objects()
        if not model.object(name).is_line and names.reads(name)
    }


def plan(call: Call, rights: Rights, limit: int, position: Values) -> Bound:
    """The statement, rendered once per set of roles and limit."""
    shape = ("feed", call.principal.roles, limit)
    found = statements(call.live).get(shape, lambda: _render(call, rights, limit))
    values = call_values(call)
    values.update(zip(POSITION, position, strict=True))
    return fill(found, values)


def respond(call: Call, rights: Rights, rows: Rows, limit: int, position: Values) -> Answer:
    """The page; its cursor is the last event shown, or the end of the stretch looked at."""
    shown = [row for row in rows if row[6] is not None]
    if len(shown) == limit:
        position = _texts(shown[-1][3:6])
    elif rows:
        position = _texts(rows[0][:3])
    cursor = sign_cursor(call.keyring, _belongs_to(call), position)
    data = [_event(call, rights, row) for row in shown]
    body = encode_exactly({"data": data, "next": cursor})
    return Answer(status=200, body=body, headers={"Content-Type": "application/json"})


def _event(call: Call, rights: Rights, row: Row) -> dict[str, object]:
    (uid, type_, service, object_name, record, version, causation) = _texts(row[6:13])
    (time, actor, release, correlation) = _texts(row[13:17])
    image, changes, wrapped, flags = row[17:]
    name = object_name or ""
    if name == DEFINITION:
        return _told(call, row)
    subject, key = opening(call, name, record or "", wrapped)
    mine = rights[name]
    allowed = mine.allowed(flags)
    occurrence = Occurrence(
        uid=uid or "",
        type=type_ or "",
        service=service or "",
        object=name,
        record=record or "",
        version=version or "",
        time=time or "",
        tenant=call.principal.tenant_name,
        actor=actor or "",
        release=release or "",
        correlation=correlation or "",
        causation=causation or "",
    )
    return envelope(
        occurrence,
        {
            "record": project_image(decode(image), mine, allowed, subject, key),
            "changes": project_changes(decode(changes), mine, allowed, subject, key),
        },
    )


def _told(call: Call, row: Row) -> dict[str, object]:
    """An event about a definition, of which nothing is hidden from who may see it at all."""
    (uid, type_, service, _, record, version, _) = (text or "" for text in _texts(row[6:13]))
    (time, actor, release, correlation) = (text or "" for text in _texts(row[13:17]))
    image, changes = row[17:19]
    occurrence = Occurrence(
        uid=uid,
        type=type_,
        service=service,
        object="definition",
        record=record,
        version=version,
        time=time,
        tenant=call.principal.tenant_name,
        actor=actor,
        release=release,
        correlation=correlation,
        causation="",
    )
    return envelope(occurrence, {"record": decode(image), "changes": decode(changes)})


def _render(call: Call, rights: Rights, limit: int) -> Bound:
    rendering = template(call.live, call.principal.roles)
    sql = rendering.sql
    tenant = sql.bind(TENANT, "integer")
    access = _access(rendering, rights, everything="admin" in call.principal.roles)
    after = ", ".join(
        sql.bind(slot, kind)
        for slot, kind in zip(POSITION, ("integer", "xid8", "bigint"), strict=True)
    )
    # A new epoch begins when no transaction of the old one runs any more.
    ended = (
        "(e.xid < pg_snapshot_xmin(pg_current_snapshot()) or e.epoch <"
        f" (select max(epoch) from objectry.event where tenant_id = {tenant}))"
    )
    return sql.bound(
        # Not materialized: what the page needs is read in the index's order, and no more of it.
        "with stretch as not materialized (select e.* from objectry.event e"
        f" where e.tenant_id = {tenant} and (e.epoch, e.xid, e.id) > ({after}) and {ended}"
        f" order by e.epoch, e.xid, e.id limit {STRETCH})"
        " select l.epoch::text, l.xid::text, l.id::text, e.epoch::text, e.xid::text, e.id::text,"
        " e.uid::text, e.type, e.service, e.object, e.record_id::text, e.version::text,"
        f" e.causation, {moment_text('h.at')}, h.actor::text, h.release, h.correlation,"
        " h.record::text, h.changes::text, encode(k.key, 'hex'), e.flags"
        " from (select * from stretch order by epoch desc, xid desc, id desc limit 1) l"
        f" left join (select * from (select e.*, {access} as flags"
        " from stretch e) seen where flags is not null"
        f" order by epoch, xid, id limit {limit}) e on true"
        " left join objectry.history h on h.tenant_id = e.tenant_id and h.object = e.object"
        " and h.record_id = e.record_id and h.version = e.version"
        " left join objectry.subject_key k on k.tenant_id = e.tenant_id and k.object = e.object"
        " and k.record_id = e.record_id"
        " order by e.epoch, e.xid, e.id"
    )


def _access(rendering: Rendering, rights: Rights, *, everything: bool) -> str:
    """The flags of the event's record, null where the caller may not read it.

    What changed of definitions is for who may see `everything`: it names what others may not.
    """
    branches = "".join(
        f" when {rendering.sql.bind(name, 'text')} then ({_readable(rendering, mine)})"
        for name, mine in rights.items()
    )
    if everything:
        branches += f" when {rendering.sql.bind(DEFINITION, 'text')} then '[]'"
    return f"case e.object{branches} end" if branches else "null::text"


def _readable(rendering: Rendering, rights: ImageRights) -> str:
    frame = ObjectFrame(rendering, rights.object, rendering.alias(), gated=True)
    readable = frame.holds(rendering.policy(rights.object).rule("read"))
    if not readable and not rights.conditional:
        return "'[]'"
    flags = flags_sql(frame, rights, "event")
    where = conjunction(
        [f"{frame.tenant} = e.tenant_id", f"{frame.alias}.id = e.record_id", readable]
    )
    found = f"select {flags} from {frame.source} where {where}"
    # Who may read every record may read of deleted ones too; what depends on the record is denied.
    return found if readable else f"select coalesce(({found}), '{_nothing(rights)}')"


def _nothing(rights: ImageRights) -> str:
    return "[" + ",".join("false" for _ in rights.conditional) + "]"


def _texts(values: Sequence[bytes | None]) -> Values:
    return tuple(None if value is None else value.decode() for value in values)


def _belongs_to(call: Call) -> str:
    return fingerprint((call.principal.tenant, "events"))
