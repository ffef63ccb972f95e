"""Conversions refer to what is there, and never carried over more than their source has."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from objectry.metadata.model import ConversionModel
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.render import Clock, Sql, render
from objectry_runtime.services.verification.view import View
from objectry_runtime.store.executor import Bound

Report = Callable[[str, str, str, str], None]
CONVERSION = "objectry.conversion_line"


def conversions_stay_within_source(view: View, report: Report) -> int:
    """Check every conversion of every object. Counts what was carried over, line by line."""
    for source, conversion in _conversions(view):
        _check_sources(view, source, conversion, report)
        if conversion.lines is not None and conversion.lines.quantity:
            _check_quantities(view, source, conversion, report)
    return int(view.all(Bound(f"select count(*) from {CONVERSION}"))[0][0] or 0)


def _conversions(view: View) -> Iterator[tuple[str, ConversionModel]]:
    for name in sorted(view.live.model.objects()):
        for conversion in view.live.model.object(name).conversions.values():
            yield name, conversion


def _check_sources(view: View, source: str, conversion: ConversionModel, report: Report) -> None:
    """The source of a target that is there is there too, and so are both lines."""
    missing = [f"not exists (select from {view.table(source)} s where {_is('s', 'source_id')})"]
    if conversion.lines is not None:
        lines = view.table(conversion.lines.source_object)
        missing.append(
            "c.source_line_id is not null and not exists"
            f" (select from {lines} s where {_is('s', 'source_line_id')})"
        )
    rows = view.all(
        Bound(
            f"select c.tenant_id, c.source_id, c.target_id from {CONVERSION} c"
            f" join {view.table(conversion.to)} t on {_is('t', 'target_id')}"
            " where c.source_object = $1 and c.conversion = $2"
            f" and ({' or '.join(f'({one})' for one in missing)}) order by 1, 2, 3 limit 1000",
            (source, conversion.definition.name),
        )
    )
    for tenant, record, target in rows:
        message = f"{conversion.to} {target} was made from a {source} or line that is not there"
        report(source, str(tenant), str(record), message)


def _check_quantities(view: View, source: str, conversion: ConversionModel, report: Report) -> None:
    lines = conversion.lines
    assert lines is not None, "only conversions with lines have quantities"
    sql = Sql()
    # What a target gives back is said by an expression over it, rendered as every other one.
    moment = datetime.now(UTC)
    clock = Clock(today=moment.date().isoformat(), now=moment.isoformat())
    frame = ObjectFrame(Rendering(view.live, sql, clock, {}), conversion.to, "t")
    released = "false"
    if conversion.releases_when is not None:
        released = f"({render(conversion.releases_when.tree, frame, sql, clock)}) is true"
    source_name = sql.bind(source, "text")
    name = sql.bind(conversion.definition.name, "text")
    has = f"l.{view.column(lines.source_object, lines.quantity)}"
    taken = f"tl.{view.column(lines.target_object, lines.target_quantity)}"
    statement = sql.bound(
        f"select c.tenant_id, l.parent_id, l.id, {has}, sum({taken}) from {CONVERSION} c"
        f" join {view.table(lines.source_object)} l on {_is('l', 'source_line_id')}"
        f" join {view.table(conversion.to)} t on {_is('t', 'target_id')}"
        f" join {view.table(lines.target_object)} tl on {_is('tl', 'target_line_id')}"
        f" where c.source_object = {source_name} and c.conversion = {name} and not {released}"
        f" group by 1, 2, 3, 4 having sum({taken}) > {has} order by 1, 2, 3"
    )
    for tenant, record, line, quantity, carried in view.stream(statement):
        message = (
            f"line {line} has {quantity}, conversion {conversion.definition.name} took {carried}"
        )
        report(source, str(tenant), str(record), message)


def _is(alias: str, column: str) -> str:
    return f"{alias}.tenant_id = c.tenant_id and {alias}.id = c.{column}"
