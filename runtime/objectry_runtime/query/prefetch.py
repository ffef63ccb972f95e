"""The one question a write asks before it decides: a single SELECT, rendered once per shape.

It answers with the record as it is (lines, version, what the caller may do with it), the values
its expressions read behind links, whether the linked records may be read, the subject's key, and
the answer that was given to the same idempotency key: `facts.read_facts` reads that.
"""

from collections.abc import Mapping, Sequence

import msgspec

from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.permissions import Action, Rule, policy
from objectry_runtime.query.frame import ObjectFrame, Rendering, table
from objectry_runtime.query.linked import LinkPlace, Path
from objectry_runtime.query.record import stored_fields
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, Slot, array_text, fill
from objectry_runtime.query.sql import Sql, quote
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound

APPROVALS_MAX = 1_000

_PRINCIPAL = Slot("principal")
_CODE = Slot("code")
_METHOD, _PATH, _KEY = Slot("method"), Slot("path"), Slot("key")


class LinkQuestion(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """What to ask of one linked object: which paths, of the records in which current links."""

    object: str
    paths: tuple[Path, ...]
    current: tuple[LinkPlace, ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """The shape of a prefetch: everything but the values."""

    object: str
    roles: frozenset[str]
    by: str = ""  # "id" or "number" where there is a record, "" where it is about to be made
    rules: tuple[Action, ...] = ()  # what the caller may do with the record
    fields: tuple[str, ...] = ()  # which fields of it they may write
    links: tuple[LinkQuestion, ...] = ()
    approvals: bool = False  # what was approved of the record
    idempotent: bool = False


class IdempotencyScope(msgspec.Struct, frozen=True, kw_only=True):
    """What an idempotency key is unique in, beside tenant and principal."""

    method: str
    path: str
    key: str


def prefetch(
    call: Call,
    question: Question,
    *,
    record: str = "",
    ids: Mapping[str, Sequence[str]] | None = None,
    scope: IdempotencyScope | None = None,
) -> Bound:
    """The statement for a question. `ids`: linked records named by the body, by object."""
    live = call.live
    statement = statements(live).get(("prefetch", question), lambda: _render(live, question))
    values = CallValues(call, {RECORD: record})
    for link in question.links:
        values[_ids(link.object)] = array_text(list((ids or {}).get(link.object, ())))
    if question.idempotent:
        assert scope is not None, "an idempotent question has a scope"
        values |= {_PRINCIPAL: call.principal.user, _METHOD: scope.method}
        values |= {_PATH: scope.path, _KEY: scope.key}
    return fill(statement, values)


def lock(
    call: Call, object_name: str, by: str, records: Sequence[str], *, unlinked: bool = False
) -> Bound:
    """The statement that holds records until the transaction ends, in the order of their ids.

    Links to a record may be made meanwhile (who makes one may hold what we wait for next), unless
    it has to stay `unlinked`.
    """
    strength = "update" if unlinked else "no key update"
    sql = Sql()
    storage = call.live.storage.objects[object_name]
    column = storage.columns[by] if by != "id" else "id"
    named = sql.bind(array_text(list(records)), "uuid[]" if by == "id" else "text[]")
    return sql.bound(
        f"select 1 from {quote(storage.schema)}.{quote(storage.table)} t where "
        f"t.tenant_id = {sql.bind(str(call.principal.tenant), 'integer')} "
        f"and t.{quote(column)} = any({named}) order by t.id for {strength}"
    )


def guard(call: Call, object_name: str, rule: Rule, ids: Sequence[str], code: str) -> Bound:
    """The statement that refuses the unit with `code` unless the rule holds for all the records.

    It comes after the statement that wrote them, so it sees them as they will be.
    """
    live = call.live
    statement = statements(live).get(
        ("guard", object_name, rule), lambda: _render_guard(live, object_name, rule)
    )
    return fill(statement, CallValues(call, {RECORD: array_text(list(ids)), _CODE: code}))


def _render_guard(live: Live, object_name: str, rule: Rule) -> Bound:
    rendering = template(live, frozenset())
    sql = rendering.sql
    frame = ObjectFrame(rendering, object_name, "t")
    holds = frame.holds(rule) or "true"
    # The function is called where it raises only: calling it costs more than asking the rule.
    return sql.bound(
        f"select case when exists (select from {frame.source} where "
        f"t.tenant_id = {sql.bind(TENANT, 'integer')} and t.id = any({sql.bind(RECORD, 'uuid[]')}) "
        f"and ({holds}) is not true) then objectry.guard(false, {sql.bind(_CODE, 'text')}) end"
    )


def _render(live: Live, question: Question) -> Bound:
    rendering = template(live, question.roles)
    sql = rendering.sql
    tenant = sql.bind(TENANT, "integer")
    frame = ObjectFrame(rendering, question.object, "cur")
    columns: list[str] = []
    current = ""
    if question.by:
        key = sql.bind(RECORD, "uuid" if question.by == "id" else "text")
        # Through the gate: who may not read numbers can't find out which exist.
        named = ObjectFrame(rendering, question.object, "t", gated=question.by == "number")
        current = (
            f"with cur as materialized (select t.* from {named.source} "
            f"where t.tenant_id = {tenant} and {named.column((question.by,))} = {key}) "
        )
        columns.append(_current_sql(rendering, frame, question))
    if question.idempotent:
        columns.append(_answer_sql(sql, tenant))
    columns += [_link_sql(rendering, frame, link, tenant) for link in question.links]
    return sql.bound(f"{current}select {', '.join(columns)}")


def _current_sql(rendering: Rendering, frame: ObjectFrame, question: Question) -> str:
    sql = rendering.sql
    rights = policy(rendering.live, question.object, question.roles)
    asked = [rights.rule(one) for one in question.rules]
    asked += [rights.field(one, "write") for one in question.fields]
    rules = [_admits(frame, rule) for rule in asked]
    lines: list[str] = []
    for line_object in frame.model.tables.values():
        alias = rendering.alias()
        line = ObjectFrame(rendering, line_object, alias, outer=frame)
        readable = rendering.policy(line_object).own_rule("read")
        shown = f", 'readable', {_admits(line, readable)}" if readable is not True else ""
        lines.append(
            "coalesce((select json_agg(json_build_object("
            f"'id', {alias}.id, 'values', {_texts(line)}{shown}) "
            f"order by {alias}.position) from {table(rendering, line_object)} {alias} "
            f"where {alias}.tenant_id = cur.tenant_id and {alias}.parent_id = cur.id), '[]')"
        )
    key = (
        "(select translate(encode(k.key, 'base64'), E'\\n', '') from objectry.subject_key k "
        "where k.tenant_id = cur.tenant_id "
        f"and k.object = {sql.bind(question.object, 'text')} and k.record_id = cur.id)"
    )
    approved = (
        f", 'approvals', {_approvals_sql(sql, question.object)}" if question.approvals else ""
    )
    return (
        "(select json_build_object('id', cur.id, 'version', cur.version, "
        f"'values', {_texts(frame)}, 'rules', {_array(rules)}, "
        f"'lines', {_array(lines)}, 'key', {key}{approved}) from cur)"
    )


def _admits(frame: ObjectFrame, rule: Rule) -> str:
    """Whether a rule admits the record; where it can't be said (null) it does not."""
    holds = frame.holds(rule)
    return f"({holds} is true)" if holds else "true"


def _approvals_sql(sql: Sql, object_name: str) -> str:
    """The last approvals of the record, the latest first."""
    return (
        "(select coalesce(json_agg(row_to_json(p) order by p.version desc), '[]') from ("
        "select p.version, p.transition, p.principal, p.voice, p.roles, p.taken, p.at "
        "from objectry.approval p where p.tenant_id = cur.tenant_id "
        f"and p.object = {sql.bind(object_name, 'text')} and p.record_id = cur.id "
        f"order by p.version desc limit {APPROVALS_MAX}) p)"
    )


def _texts(frame: ObjectFrame) -> str:
    """All stored values as texts, in a JSON array: a function takes a hundred arguments at most."""
    fields = stored_fields(frame.rendering.live, frame.model)
    return f"to_json(array[{', '.join(f'{frame.raw(one.name)}::text' for one in fields)}]::text[])"


def _array(parts: Sequence[str]) -> str:
    return f"json_build_array({', '.join(parts)})"


def _answer_sql(sql: Sql, tenant: str) -> str:
    return (
        "(select json_build_object('body_hash', encode(i.body_hash, 'hex'), "
        "'status', coalesce(i.status, 0), 'headers', coalesce(i.headers, '{}'), "
        "'body', coalesce(i.body, '')) "
        f"from objectry.idempotency i where i.tenant_id = {tenant} "
        f"and i.principal = {sql.bind(_PRINCIPAL, 'uuid')} "
        f"and i.method = {sql.bind(_METHOD, 'text')} "
        f"and i.path = {sql.bind(_PATH, 'text')} and i.key = {sql.bind(_KEY, 'text')})"
    )


def _link_sql(rendering: Rendering, cur: ObjectFrame, link: LinkQuestion, tenant: str) -> str:
    sql = rendering.sql
    frame = ObjectFrame(rendering, link.object, rendering.alias())
    readable = _admits(frame, rendering.policy(link.object).rule("read"))
    if frame.present:
        readable = f"{readable} and {frame.present}"
    values = ", ".join(f"{frame.column(path)}::text" for path in link.paths)
    sources = [f"select unnest({sql.bind(_ids(link.object), 'uuid[]')})"]
    for table_field, field in link.current:
        if not table_field:
            sources.append(f"select {cur.raw(field)} from cur")
            continue
        line_object = cur.model.tables[table_field]
        line = ObjectFrame(rendering, line_object, rendering.alias(), outer=cur)
        sources.append(
            f"select {line.raw(field)} from {line.source}, cur "
            f"where {line.tenant} = cur.tenant_id and {line.alias}.parent_id = cur.id"
        )
    return (
        f"(select json_agg(json_build_object('id', {frame.alias}.id, 'readable', {readable}, "
        f"'values', to_json(array[{values}]::text[]))) from {frame.source} "
        f"where {frame.tenant} = {tenant} and {frame.alias}.id in ({' union '.join(sources)}))"
    )


def _ids(object_name: str) -> Slot:
    return Slot(f"ids:{object_name}")
