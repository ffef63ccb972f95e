"""Stored rollups are what the records that link here give now."""

from collections.abc import Callable

from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.rollups import rollup_value
from objectry_runtime.query.sql import Clock, Sql
from objectry_runtime.services.verification.view import View


def rollups_equal_recomputation(view: View, report: Callable[[str, str, str, str], None]) -> int:
    """Compute every stored rollup anew. Counts values."""
    counted = 0
    for name in view.own_objects:
        model = view.live.model.object(name)
        for field in model.fields.values():
            if not (field.is_rollup and field.stored):
                continue
            # A stored rollup reads neither clock nor caller.
            rendering = Rendering(view.live, Sql(), Clock(today="", now=""), {})
            frame = ObjectFrame(rendering, name, "t")
            wanted, found = rollup_value(frame, field), f"t.{view.column(name, field.name)}"
            statement = (
                f"select t.tenant_id, t.id, {found}::text, w.value::text, {found} is distinct from"
                f" w.value from {frame.source} cross join lateral (select {wanted} as value) w"
            )
            for tenant, record, stored, value, differs in view.stream(
                rendering.sql.bound(statement)
            ):
                counted += 1
                if differs == "True":
                    message = f"{field.name} is {stored}, the records that link here give {value}"
                    report(name, tenant or "", record or "", message)
    return counted
