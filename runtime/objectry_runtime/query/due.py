"""Which records a transition's moment has come for, of all tenants."""

from objectry.expressions.types import Kind
from objectry.metadata.model import ObjectModel
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.frame import ObjectFrame
from objectry_runtime.query.projection import conjunction
from objectry_runtime.query.render import render
from objectry_runtime.query.slots import NOW, RECORD, TODAY, CallValues, fill
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound

BATCH = 200


def due(call: Call, model: ObjectModel, transition: str, after: str) -> Bound:
    """Rows (tenant, its name, record) whose moment has come and whose guard holds, by their ids.

    At most `BATCH`, those after an id. Whose moment is null is never due.
    """
    live = call.live
    statement = statements(live).get(
        ("due", model.name, transition), lambda: _render(live, model, transition)
    )
    return fill(statement, CallValues(call, {RECORD: after}))


def _render(live: Live, model: ObjectModel, transition: str) -> Bound:
    workflow = model.workflow
    assert workflow is not None, "only a workflow has transitions"
    one = workflow.transitions[transition]
    assert one.at is not None, "only what has a moment is ever due"
    rendering = template(live, frozenset())
    sql = rendering.sql
    frame = ObjectFrame(rendering, model.name, rendering.alias())
    moment = render(one.at.tree, frame, sql, rendering.clock)
    day = one.at.type.kind is Kind.DATE
    states = ", ".join(sql.constant(state, "text") for state in one.definition.sources)
    where = [
        f"{frame.raw(workflow.field)} in ({states})",
        frame.present,
        f"({moment}) <= {sql.bind(TODAY, 'date') if day else sql.bind(NOW, 'timestamptz')}",
        frame.holds(one.guard.tree) if one.guard is not None else "",
        f"{frame.alias}.id > {sql.bind(RECORD, 'uuid')}",
    ]
    # By tenant: every index begins with it.
    return sql.bound(
        f"select n.id::text, n.name, {frame.alias}.id::text from objectry.tenant n "
        f"join {frame.source} on {frame.tenant} = n.id where {conjunction(where)} "
        f"order by {frame.alias}.id limit {BATCH}"
    )
