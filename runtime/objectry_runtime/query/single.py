"""`GET /{plural}/{id}`: one record, and the same text as the answer of a write."""

from collections.abc import Mapping, Sequence

import msgspec

from objectry.values.ids import parse_id
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.problems import not_found
from objectry_runtime.query.answer import Answer, entity_tag, matching, with_deprecation
from objectry_runtime.query.deleted import Deleted, parameters, parse_deleted, presence
from objectry_runtime.query.former import renamed
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.list_request import once
from objectry_runtime.query.names import Names
from objectry_runtime.query.projection import columns, conjunction
from objectry_runtime.query.refusal import bad_query, near, quoted
from objectry_runtime.query.selecting import select, whole
from objectry_runtime.query.selection import Selection
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, array_text, fill
from objectry_runtime.query.statements import KEPT_LENGTH_MAX, Kept, kept, statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound, Row

PARAMETERS = ("fields", "expand")

Params = Sequence[tuple[str, str]]


class Prepared(msgspec.Struct, frozen=True):
    """A request for one record, understood: what is run, and whether it used a former name."""

    statement: Bound
    deprecated: bool


class Singles(Kept[Prepared]):
    """Requests for one record, by all but the record."""


class Answers(Kept[Bound]):
    """The statements that read what a write is answered with."""


async def get_record(call: Call, object_name: str, key: str, params: Params) -> Answer:
    """One record by id or number; 404 whether it isn't there or may not be read."""
    id = parse_id(key)
    prepared = _prepare(call, object_name, tuple(params), "number" if id is None else "id")
    values = CallValues(call, {RECORD: id or key})
    rows = await call.executor.read(fill(prepared.statement, values))
    if not rows:
        raise not_found()
    answer = record_answer(rows[0])
    if prepared.deprecated:
        answer = with_deprecation(answer)
    if call.if_none_match:
        tag = matching(call.if_none_match, answer.headers["ETag"])
        if tag:
            return Answer(status=304, body=b"", headers={"ETag": tag})
    return answer


def read_statement(call: Call, object_name: str, id: str) -> Bound:
    """Reads one record as `GET` shows it to the caller: one row (body, version), or none."""
    roles = call.principal.roles

    def build() -> Bound:
        # Who may write but not read gets no row, and so no body.
        return _render(call, whole(Names(call.live, roles), object_name), "id")

    statement = kept(call.live, Answers).get((object_name, roles), build)
    return fill(statement, CallValues(call, {RECORD: id}))


def saved_answer(
    live: Live, roles: frozenset[str], object_name: str, saved: Mapping[str, str], taken: int
) -> Bound | None:
    """The same as the end of the statement that writes the record, after `taken` parameters.

    `saved` names what that statement wrote, by object. None where the answer must look at another
    record of those objects, which can't be seen there.
    """
    rendering = template(live, roles, saved=saved, taken=taken)
    frame = ObjectFrame(rendering, object_name, rendering.alias(), gated=True)
    text = _record_sql(frame, whole(Names(live, roles), object_name), "")
    return None if rendering.entangled else rendering.sql.bound(text)


def read_many_statement(call: Call, object_name: str, ids: Sequence[str]) -> Bound:
    """The same for many records, in the order of `ids`."""
    selection = whole(Names(call.live, call.principal.roles), object_name)
    shape = ("many", call.principal.roles, selection)
    found = statements(call.live).get(shape, lambda: _render_many(call, selection))
    return fill(found, CallValues(call, {RECORD: array_text(list(ids))}))


def record_answer(row: Row, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer made of a row (body, version), with its ETag."""
    body, version = row
    assert body is not None, "a record has a body"
    assert version is not None, "a record has a version"
    tag = entity_tag(version.decode(), body)
    return Answer(
        status=status,
        body=body,
        headers={"Content-Type": "application/json", "ETag": tag, **(headers or {})},
    )


def parse_single(names: Names, object_name: str, params: Params) -> Selection:
    """What is to be shown of the record."""
    given = once(params)
    known = parameters(names, object_name, PARAMETERS)
    for name in given:
        if name not in known:
            raise bad_query(
                f"There is no parameter {quoted(name)} for a single record, only"
                f" {' and '.join(known)}.{near(name, known)}"
            )
    fields, expand = given.get("fields", ""), given.get("expand", "")
    return select(names, object_name, fields, expand, tables=True)


def _prepare(
    call: Call, object_name: str, params: tuple[tuple[str, str], ...], by: str
) -> Prepared:
    """The request understood and its statement rendered, once per parameters and rights."""
    roles = call.principal.roles

    def build() -> Prepared:
        names = Names(call.live, roles)
        if not names.reads(object_name):
            raise not_found()
        current, deprecated = renamed(names, object_name, params)
        selection = parse_single(names, object_name, current)
        if by == "number" and call.live.model.object(object_name).numbering is None:
            raise not_found()
        deleted = parse_deleted(names, object_name, dict(current).get("deleted"))
        shape = ("single", roles, selection, by, deleted)
        statement = statements(call.live).get(shape, lambda: _render(call, selection, by, deleted))
        return Prepared(statement, deprecated)

    if params and sum(len(text) for _, text in params) > KEPT_LENGTH_MAX:
        return build()
    return kept(call.live, Singles).get((object_name, roles, params, by), build)


def _render(call: Call, selection: Selection, by: str, deleted: Deleted = "") -> Bound:
    rendering = template(call.live, call.principal.roles)
    frame = ObjectFrame(rendering, selection.object, rendering.alias(), gated=True)
    if by == "id":
        condition = f"{frame.alias}.id = {rendering.sql.bind(RECORD, 'uuid')}"
    else:
        # Through the gate: who may not read numbers can't find out which exist.
        condition = f"{frame.column(('number',))} = {rendering.sql.bind(RECORD, 'text')}"
    return rendering.sql.bound(_record_sql(frame, selection, condition, deleted))


def _render_many(call: Call, selection: Selection) -> Bound:
    rendering = template(call.live, call.principal.roles)
    frame = ObjectFrame(rendering, selection.object, rendering.alias(), gated=True)
    ids = rendering.sql.bind(RECORD, "uuid[]")
    text = _record_sql(frame, selection, f"{frame.alias}.id = any({ids})")
    return rendering.sql.bound(f"{text} order by array_position({ids}, {frame.alias}.id)")


def _record_sql(
    frame: ObjectFrame, selection: Selection, condition: str, deleted: Deleted = ""
) -> str:
    rendering = frame.rendering
    row = rendering.alias()
    where = [
        f"{frame.tenant} = {rendering.sql.bind(TENANT, 'integer')}",
        condition,
        frame.holds(rendering.policy(frame.object).rule("read")),
        presence(frame, deleted),
    ]
    return (
        f"select row_to_json({row})::text, {_version(frame)}::text from {frame.source}"
        f" cross join lateral (select {columns(frame, selection)}) {row}"
        f" where {conjunction(where)}"
    )


def _version(frame: ObjectFrame) -> str:
    """The record's version; a line has that of the record that owns it."""
    if frame.model.owner is None:
        return f"{frame.alias}.version"
    owner = ObjectFrame(frame.rendering, frame.model.owner[0], frame.rendering.alias())
    return (
        f"(select {owner.alias}.version from {owner.source} where {owner.tenant} = {frame.tenant}"
        f" and {owner.alias}.id = {frame.alias}.parent_id)"
    )
