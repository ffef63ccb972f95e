"""Trees as SQL: what lies below a record, and that no record lies below itself."""

from collections.abc import Sequence

from objectry.metadata.model import FieldModel
from objectry.metadata.model.trees import PARENT
from objectry.metadata.types import BELOW
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, array_text, fill
from objectry_runtime.query.sql import quote
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound

DEPTH_MAX = 50  # levels of a tree
CYCLE, TOO_DEEP = "tree_cycle", "tree_depth"  # what a refused place in a tree is told as


def tree_of(live: Live, field: FieldModel) -> str:
    """The object in whose tree a field's value is a place; empty where it is in none."""
    found = live.model.definitions.objects.get(field.expr_type.object)
    return found.name if found is not None and found.tree and field.expr_type.kind == "link" else ""


def operators(live: Live, field: FieldModel) -> tuple[str, ...]:
    """The operators of a field: those of its type, and of a tree."""
    return (*field.type.operators, *BELOW) if tree_of(live, field) else field.type.operators


def below(rendering: Rendering, object_name: str, top: str) -> str:
    """The ids of a record of a tree and of all below it that the caller may read, as an array.

    A subtree hangs on the record above it: below one that is hidden nothing is found.
    """
    tenant = rendering.sql.bind(TENANT, "integer")
    first = ObjectFrame(rendering, object_name, rendering.alias(), gated=True)
    next_one = ObjectFrame(rendering, object_name, rendering.alias(), gated=True)
    tree = rendering.alias()
    conditions = [_readable(frame) for frame in (first, next_one)]
    return (
        f"array(with recursive {tree}(id, depth) as ("
        f"select {first.alias}.id, 1 from {first.source} "
        f"where {first.tenant} = {tenant} and {first.alias}.id = {top}{conditions[0]} "
        f"union all select {next_one.alias}.id, {tree}.depth + 1 from {tree} "
        f"join {next_one.source} on {next_one.tenant} = {tenant} "
        f"and {next_one.column((PARENT,))} = {tree}.id{conditions[1]} "
        f"where {tree}.depth < {DEPTH_MAX}) select id from {tree})"
    )


def hold_tree(call: Call, object_name: str) -> Bound:
    """The statement by which moves within a tree wait for each other, until COMMIT.

    Two that move at once could else make a circle that neither of them sees.
    """
    return Bound(
        "select pg_advisory_xact_lock(hashtextextended($1::text, 0))",
        (f"objectry tree {call.principal.tenant} {object_name}",),
    )


def in_place(call: Call, object_name: str, ids: Sequence[str]) -> Bound:
    """The statement that refuses a unit after which records lie below themselves, or too deep."""
    statement = statements(call.live).get(
        ("tree", object_name), lambda: _render_in_place(call.live, object_name)
    )
    return fill(statement, CallValues(call, {RECORD: array_text(list(ids))}))


def _render_in_place(live: Live, object_name: str) -> Bound:
    rendering = template(live, frozenset())
    sql = rendering.sql
    frame = ObjectFrame(rendering, object_name, "t")
    parent = f"t.{quote(live.storage.objects[object_name].columns[PARENT])}"
    tenant, ids = sql.bind(TENANT, "integer"), sql.bind(RECORD, "uuid[]")
    # One level more than there may be is enough to see that there are too many, or a circle.
    return sql.bound(
        f"with recursive up(start, id, level) as ("
        f"select t.id, {parent}, 1 from {frame.source} "
        f"where t.tenant_id = {tenant} and t.id = any({ids}) and {parent} is not null "
        f"union all select up.start, {parent}, up.level + 1 from up "
        f"join {frame.source} on t.tenant_id = {tenant} and t.id = up.id "
        f"where {parent} is not null and up.start <> up.id and up.level <= {DEPTH_MAX}), "
        f"down(id, level) as (select x.id, 1 from unnest({ids}) x(id) "
        f"union all select t.id, down.level + 1 from down "
        f"join {frame.source} on t.tenant_id = {tenant} and {parent} = down.id "
        f"where down.level <= {DEPTH_MAX}) "
        f"select case when exists (select from up where start = id) "
        f"then objectry.guard(false, '{CYCLE}:/{PARENT}') "
        f"when coalesce((select max(level) from up), 0) + (select max(level) from down) "
        f"> {DEPTH_MAX} then objectry.guard(false, '{TOO_DEEP}:/{PARENT}') end"
    )


def _readable(frame: ObjectFrame) -> str:
    rule = frame.holds(frame.rendering.policy(frame.object).rule("read"))
    return f" and {rule}" if rule else ""
