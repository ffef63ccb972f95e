"""`GET /{plural}`: a page of records, in one statement."""

from collections.abc import Sequence

import msgspec

from objectry_runtime.identity.call import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer, with_deprecation
from objectry_runtime.query.cursor import Values, fingerprint, read_cursor, sign_cursor
from objectry_runtime.query.deleted import presence
from objectry_runtime.query.filters import render_filter
from objectry_runtime.query.former import renamed
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.list_request import (
    ListRequest,
    ListShape,
    compile_where,
    once,
    parse_list,
)
from objectry_runtime.query.names import Names
from objectry_runtime.query.projection import columns, conjunction
from objectry_runtime.query.render import render_predicate
from objectry_runtime.query.slots import TENANT, CallValues, fill
from objectry_runtime.query.sorting import after, cursor_slot, key_column, order_by
from objectry_runtime.query.statements import KEPT_LENGTH_MAX, Kept, kept, statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound, Rows

ESTIMATE_MAX = 10_000  # `count=estimate` counts no further

Params = Sequence[tuple[str, str]]
Texts = tuple[tuple[str, str], ...]


class Prepared(msgspec.Struct, frozen=True):
    """A list understood: `belongs_to` marks its cursors, `statements` are kept by what is null
    at the cursor (None: at the list's beginning)."""

    request: ListRequest
    deprecated: bool
    belongs_to: str
    statements: dict[tuple[bool, ...] | None, Bound]


class Lists(Kept[Prepared]):
    """Lists by all that was asked for, but for the cursor."""


async def list_records(call: Call, object_name: str, params: Params) -> Answer:
    """The records the caller may read that pass the filters, in order, a page at a time."""
    cursor, rest = split_cursor(tuple(params))
    prepared = prepare(call, object_name, rest)
    position = None
    if cursor is not None:
        count = len(prepared.request.shape.sort)
        position = read_cursor(call.keyring, prepared.belongs_to, cursor, count)
    rows = await call.executor.read(plan(call, prepared, position))
    answer = respond(call, prepared, rows)
    return with_deprecation(answer) if prepared.deprecated else answer


def split_cursor(params: Texts) -> tuple[str | None, Texts]:
    """The cursor, if one was sent, and what else was."""
    cursor = next((text for name, text in params if name == "cursor"), None)
    if cursor is None:
        return None, params
    once(params)
    return cursor, tuple(one for one in params if one[0] != "cursor")


def prepare(call: Call, object_name: str, params: Texts) -> Prepared:
    """The request understood, once per parameters, rights and tenant."""
    tenant, roles = call.principal.tenant, call.principal.roles

    def build() -> Prepared:
        names = Names(call.live, roles)
        authorize(names, object_name)
        current, deprecated = renamed(names, object_name, params)
        request = parse_list(names, object_name, current)
        return Prepared(request, deprecated, _belongs_to(tenant, request), {})

    if sum(len(text) for _, text in params) > KEPT_LENGTH_MAX:
        return build()
    return kept(call.live, Lists).get((object_name, tenant, roles, params), build)


def authorize(names: Names, object_name: str) -> None:
    """Reading must be allowed of some record at least."""
    if not names.reads(object_name):
        raise Problem(403, "forbidden", "You may not do this.", f"You may not read {object_name}.")


def plan(call: Call, prepared: Prepared, position: Values | None) -> Bound:
    """The statement of the request, rendered once per shape and rights."""
    shape = prepared.request.shape
    nulls = None if position is None else tuple(value is None for value in position)
    statement = prepared.statements.get(nulls)
    if statement is None:
        key = ("list", call.principal.roles, shape, nulls)
        statement = statements(call.live).get(key, lambda: _render(call, shape, nulls))
        prepared.statements[nulls] = statement
    values = CallValues(call, prepared.request.values)
    for index, value in enumerate(position or ()):
        values[cursor_slot(index)] = value
    return fill(statement, values)


def respond(call: Call, prepared: Prepared, rows: Rows) -> Answer:
    """The page as PostgreSQL wrote it, with its cursor and count spliced in."""
    shape = prepared.request.shape
    (data, found, keys, *counted) = rows[0]
    assert data is not None, "an empty page is an empty text"
    more = int(found or b"0") > shape.limit
    cursor = b"null"
    if more:
        assert keys is not None, "a full page has a last record"
        values = msgspec.json.decode(keys, type=Values)
        cursor = msgspec.json.encode(sign_cursor(call.keyring, prepared.belongs_to, values))
    count = b""
    if counted:
        assert counted[0] is not None, "a count is a number"
        count = b',"count":' + _count(shape, counted[0])
    body = b"".join((b'{"data":[', data, b'],"next":', cursor, count, b"}"))
    return Answer(status=200, body=body, headers={"Content-Type": "application/json"})


def _count(shape: ListShape, counted: bytes) -> bytes:
    if shape.count == "estimate":
        at_least = b"true" if int(counted) > ESTIMATE_MAX else b"false"
        return b"%d" % min(int(counted), ESTIMATE_MAX) + b',"count_at_least":' + at_least
    return counted


def _belongs_to(tenant: int, request: ListRequest) -> str:
    shape = request.shape
    return fingerprint(
        (
            tenant,
            shape.object,
            [(key.path, key.descending) for key in shape.sort],
            [(one.path, one.op, one.constants) for one in shape.filters],
            request.values,
            shape.where,
            shape.deleted,
        )
    )


def _render(call: Call, shape: ListShape, nulls: tuple[bool, ...] | None) -> Bound:
    rendering = template(call.live, call.principal.roles)
    sql = rendering.sql
    frame = ObjectFrame(rendering, shape.object, rendering.alias(), gated=True)
    where = _conditions(call, rendering, frame, shape)
    keys = [key_column(key, frame) for key in shape.sort]
    page = [*where, after(shape.sort, keys, nulls, sql)] if nulls is not None else where
    # Names with two underscores can't be fields: the keys never hide a column.
    named = [f'"__{index}"' for index in range(len(keys))]
    selected = ", ".join(f"{key} as {name}" for key, name in zip(keys, named, strict=True))
    row = rendering.alias()
    counted = f", {_counted(call, rendering, shape)}" if shape.count else ""
    found = ", ".join(f"{frame.alias}.{name}" for name in named)
    # The order of the page, said again: PostgreSQL (from 16 on) sees that it needs no sort.
    ordered = order_by(shape.sort, [f"p.{name}" for name in named])
    last = [f"(array_agg(p.{name} order by {ordered}))[{shape.limit}]::text" for name in named]
    text = (
        f"select coalesce(array_to_string((array_agg(p.j order by {ordered}))[1:{shape.limit}],"
        f" ','), ''), count(*)::text, json_build_array({', '.join(last)})::text{counted}"
        f" from (select row_to_json({row})::text as j, {found}"
        f" from (select {frame.alias}.*, {selected} from {frame.source}"
        f" where {conjunction(page)}"
        f" order by {order_by(shape.sort, named)} limit {shape.limit + 1}) {frame.alias}"
        f" cross join lateral (select {columns(frame, shape.selection)}) {row}) p"
    )
    return sql.bound(text)


def _counted(call: Call, rendering: Rendering, shape: ListShape) -> str:
    frame = ObjectFrame(rendering, shape.object, rendering.alias(), gated=True)
    where = conjunction(_conditions(call, rendering, frame, shape))
    if shape.count == "estimate":
        capped = f"select from {frame.source} where {where} limit {ESTIMATE_MAX + 1}"
        return f"(select count(*)::text from ({capped}) c)"
    return f"(select count(*)::text from {frame.source} where {where})"


def _conditions(
    call: Call, rendering: Rendering, frame: ObjectFrame, shape: ListShape
) -> list[str]:
    sql = rendering.sql
    names = Names(call.live, call.principal.roles)
    conditions = [
        f"{frame.tenant} = {sql.bind(TENANT, 'integer')}",
        frame.holds(rendering.policy(shape.object).rule("read")),
        presence(frame, shape.deleted),
    ]
    for one in shape.filters:
        field = names.path(shape.object, ".".join(one.path), "filter", "filter").field
        conditions.append(render_filter(one, field, frame, sql))
    if shape.where:
        tree = compile_where(names, shape)
        conditions.append(f"({render_predicate(tree, frame, sql, rendering.clock)})")
    return conditions
