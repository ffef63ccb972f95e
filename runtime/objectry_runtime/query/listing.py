"""`GET /{plural}`: a page of records, in one statement."""

from collections.abc import Sequence

import msgspec

from objectry_runtime.identity.call import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query.answer import Answer, with_deprecation
from objectry_runtime.query.cursor import Values, fingerprint, read_cursor, sign_cursor
from objectry_runtime.query.filters import render_filter
from objectry_runtime.query.former import renamed
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.list_request import (
    ListRequest,
    ListShape,
    compile_where,
    parse_list,
)
from objectry_runtime.query.names import Names
from objectry_runtime.query.projection import columns, conjunction
from objectry_runtime.query.render import render_predicate
from objectry_runtime.query.slots import TENANT, call_values, fill
from objectry_runtime.query.sorting import after, cursor_slot, key_column, order_by
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound, Rows

ESTIMATE_MAX = 10_000  # `count=estimate` counts no further

Params = Sequence[tuple[str, str]]


async def list_records(call: Call, object_name: str, params: Params) -> Answer:
    """The records the caller may read that pass the filters, in order, a page at a time."""
    names = Names(call.live, call.principal.roles)
    authorize(names, object_name)
    current, deprecated = renamed(names, object_name, params)
    request = parse_list(names, object_name, current)
    position = read_position(call, request)
    statement = plan(call, request, position)
    rows = await call.executor.read(statement)
    answer = respond(call, request, rows)
    return with_deprecation(answer) if deprecated else answer


def authorize(names: Names, object_name: str) -> None:
    """Reading must be allowed of some record at least."""
    if not names.reads(object_name):
        raise Problem(403, "forbidden", "You may not do this.", f"You may not read {object_name}.")


def read_position(call: Call, request: ListRequest) -> Values | None:
    """Where the cursor stands, if one was sent."""
    if request.cursor is None:
        return None
    belongs_to = _belongs_to(call, request)
    return read_cursor(call.keyring, belongs_to, request.cursor, len(request.shape.sort))


def plan(call: Call, request: ListRequest, position: Values | None) -> Bound:
    """The statement of the request, rendered once per shape and rights."""
    nulls = None if position is None else tuple(value is None for value in position)
    key = ("list", call.principal.roles, request.shape, nulls)
    template = statements(call.live).get(key, lambda: _render(call, request.shape, nulls))
    values = call_values(call)
    values.update(request.values)
    for index, value in enumerate(position or ()):
        values[cursor_slot(index)] = value
    return fill(template, values)


def respond(call: Call, request: ListRequest, rows: Rows) -> Answer:
    """The page as PostgreSQL wrote it, with its cursor and count spliced in."""
    (data, found, keys, *counted) = rows[0]
    assert data is not None, "an empty page is an empty text"
    more = int(found or b"0") > request.shape.limit
    cursor = b"null"
    if more:
        assert keys is not None, "a full page has a last record"
        values = msgspec.json.decode(keys, type=Values)
        cursor = msgspec.json.encode(sign_cursor(call.keyring, _belongs_to(call, request), values))
    count = b""
    if counted:
        assert counted[0] is not None, "a count is a number"
        count = b',"count":' + _count(request.shape, counted[0])
    body = b'{"data":[' + data + b'],"next":' + cursor + count + b"}"
    return Answer(status=200, body=body, headers={"Content-Type": "application/json"})


def _count(shape: ListShape, counted: bytes) -> bytes:
    if shape.count == "estimate":
        at_least = b"true" if int(counted) > ESTIMATE_MAX else b"false"
        return b"%d" % min(int(counted), ESTIMATE_MAX) + b',"count_at_least":' + at_least
    return counted


def _belongs_to(call: Call, request: ListRequest) -> str:
    shape = request.shape
    return fingerprint(
        (
            call.principal.tenant,
            shape.object,
            [(key.path, key.descending) for key in shape.sort],
            [(one.path, one.op) for one in shape.filters],
            request.values,
            shape.where,
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
    sorted_by = [f"{frame.alias}.{name}" for name in named]
    selected = ", ".join(f"{key} as {name}" for key, name in zip(keys, named, strict=True))
    row = rendering.alias()
    last = ", ".join(f"{name}::text" for name in sorted_by)
    counted = f", {_counted(call, rendering, shape)}" if shape.count else ""
    text = (
        "select coalesce(string_agg(p.j, ',' order by p.n)"
        f" filter (where p.n <= {shape.limit}), ''),"
        f" coalesce(max(p.n), 0)::text, max(p.k) filter (where p.n = {shape.limit}){counted}"
        f" from (select row_number() over (order by {order_by(shape.sort, sorted_by)}) as n,"
        f" row_to_json({row})::text as j, json_build_array({last})::text as k"
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
    ]
    for one in shape.filters:
        field = names.path(shape.object, ".".join(one.path), "filter", "filter").field
        conditions.append(render_filter(one, field, frame, sql))
    if shape.where:
        tree = compile_where(names, shape)
        conditions.append(f"({render_predicate(tree, frame, sql, rendering.clock)})")
    return conditions
