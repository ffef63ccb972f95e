"""Every record has its versions 1..n in history, without a hole, the last being its own."""

from collections.abc import Callable

from objectry_runtime.services.verification.view import View
from objectry_runtime.store.executor import Bound


def history_is_whole(view: View, report: Callable[[str, str, str, str], None]) -> int:
    """Compare records with their history. Counts history rows."""
    counted = 0
    for name in view.own_objects:
        if view.live.model.object(name).is_line:
            continue
        rows = view.all(Bound("select count(*) from objectry.history where object = $1", (name,)))
        counted += int(rows[0][0] or 0)
        for tenant, record, version, rows_kept, first, last, gone in view.stream(
            Bound(
                f"""
                with h as (
                    select tenant_id, record_id, count(*) as rows, min(version) as first,
                           max(version) as last, bool_or(op = 'delete') as gone
                    from objectry.history where object = $1 group by tenant_id, record_id)
                select coalesce(t.tenant_id, h.tenant_id), coalesce(t.id, h.record_id), t.version,
                       coalesce(h.rows, 0), h.first, h.last, h.gone::text
                from h full join {view.table(name)} t
                  on t.tenant_id = h.tenant_id and t.id = h.record_id
                where t.version is distinct from h.last and not (t.id is null and h.gone)
                   or t.id is not null and h.gone
                   or h.first is distinct from 1 or h.rows is distinct from h.last
                order by 1, 2""",
                (name,),
            )
        ):
            message = _message(version, int(rows_kept or 0), first, last, gone == "true")
            report(name, str(tenant), str(record), message)
    return counted


def _message(
    version: str | None, rows: int, first: str | None, last: str | None, gone: bool
) -> str:
    if rows == 0:
        return f"the record is at version {version} and has no history"
    if version is None and not gone:
        return f"history ends at version {last} without a deletion, and the record is not there"
    if version is not None and gone:
        return "history says that it was deleted, and the record is there"
    if first != "1" or str(rows) != last:
        return f"history has {rows} versions between {first} and {last}: some are missing"
    return f"the record is at version {version}, its history at {last}"
