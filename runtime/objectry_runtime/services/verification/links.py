"""No line without its owner, no link to a record that is not there."""

from collections.abc import Callable

from objectry.metadata.model import FieldModel
from objectry_runtime.query.references import reference_tables
from objectry_runtime.services.verification.view import View
from objectry_runtime.store.executor import Bound


def links_lead_somewhere(view: View, report: Callable[[str, str, str, str], None]) -> int:
    """Every line has its owner and every link its target. Counts lines and links."""
    counted = 0
    model = view.live.model
    for name in view.own_objects:
        one = model.object(name)
        if one.owner is not None:
            counted += _count(view, name, "parent_id")
            for tenant, record in _dangling(view, name, "parent_id", one.owner[0]):
                report(name, tenant, record, f"the line's {one.owner[0]} is not there")
        for field in one.fields.values():
            targets = field.definition.to
            if field.references:
                counted += _count(view, name, view.column(name, field.name))
                for tenant, record in _unheld(view, name, field):
                    report(name, tenant, record, f"{field.name} leads to what its tables lack")
            if not field.stored or not field.type.links or field.references:
                continue
            column = view.column(name, field.name)
            counted += _count(view, name, column)
            for tenant, record in _dangling(view, name, column, targets[0]):
                report(name, tenant, record, f"{field.name} leads to no {targets[0]}")
    return counted


def _count(view: View, name: str, column: str) -> int:
    rows = view.all(Bound(f"select count({column}) from {view.table(name)}"))
    return int(rows[0][0] or 0)


def _unheld(view: View, name: str, field: FieldModel) -> list[tuple[str, str]]:
    """The records whose link names something else than its tables of references hold."""
    tables = reference_tables(view.live, name, field)
    if not tables:
        return []  # a replica: what it links to may come later
    column = f"s.{view.column(name, field.name)}"
    named = f"unnest({column})" if field.type.many else f"(select {column})"
    held = " union all ".join(
        f"select r.target from {one.table} r where r.tenant_id = s.tenant_id and r.id = s.id"
        for one in tables
    )
    return _records(
        view,
        f"select s.tenant_id, s.id from {view.table(name)} s where"
        f" array(select x.id from {named} x(id) where x.id is not null order by 1)"
        f" is distinct from array({held} order by 1)",
    )


def _dangling(view: View, name: str, column: str, target: str) -> list[tuple[str, str]]:
    return _records(
        view,
        f"select s.tenant_id, s.id from {view.table(name)} s"
        f" left join {view.table(target)} t on t.tenant_id = s.tenant_id and t.id = s.{column}"
        f" where s.{column} is not null and t.id is null",
    )


def _records(view: View, select: str) -> list[tuple[str, str]]:
    rows = view.all(Bound(f"{select} order by 1, 2 limit 1000"))
    return [(str(tenant), str(record)) for tenant, record in rows]
