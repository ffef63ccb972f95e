"""No record of a tree lies below itself."""

from collections.abc import Callable

from objectry.metadata.model.trees import PARENT
from objectry_runtime.query.trees import DEPTH_MAX
from objectry_runtime.services.verification.view import View
from objectry_runtime.store.executor import Bound


def trees_have_no_circle(view: View, report: Callable[[str, str, str, str], None]) -> int:
    """Every record of a tree is found from one at the top. Counts records."""
    counted = 0
    for name, definition in view.live.model.definitions.objects.items():
        if not definition.tree:
            continue
        table, parent = view.table(name), view.column(name, PARENT)
        counted += int(view.all(Bound(f"select count(*) from {table}"))[0][0] or 0)
        rows = view.all(
            Bound(
                f"with recursive tree(tenant_id, id, level) as ("
                f"select t.tenant_id, t.id, 1 from {table} t where t.{parent} is null "
                f"union all select t.tenant_id, t.id, tree.level + 1 from tree join {table} t "
                f"on t.tenant_id = tree.tenant_id and t.{parent} = tree.id "
                f"where tree.level <= {DEPTH_MAX}) "
                f"select t.tenant_id, t.id from {table} t where not exists (select from tree "
                f"where tree.tenant_id = t.tenant_id and tree.id = t.id) order by 1, 2 limit 1000"
            )
        )
        for tenant, record in rows:
            report(name, str(tenant), str(record), "lies below itself, or too deep")
    return counted
