"""Conversions refer to what is there, and never carried over more than their source has."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from objectry.metadata.model import ConversionModel
from objectry_runtime.query.conversions import live_ties
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.render import Clock, Sql
from objectry_runtime.services.verification.view import Texts, View
from objectry_runtime.store.executor import Bound

Report = Callable[[str, str, str, str], None]
CONVERSION = "objectry.conversion_line"


def conversions_stay_within_source(view: View, report: Report) -> int:
    """Check every conversion of every object. Counts what was carried over, line by line."""
    for source, conversion in _conversions(view):
        _check_sources(view, source, conversion, report)
        if conversion.lines is not None:
            _check_lines(view, source, conversion, report)
            _check_quantities(view, source, conversion, report)
        else:
            _check_whole(view, source, conversion, report)
    return int(view.all(Bound(f"select count(*) from {CONVERSION}"))[0][0] or 0)


def _conversions(view: View) -> Iterator[tuple[str, ConversionModel]]:
    for name in view.own_objects:
        for conversion in view.live.model.object(name).conversions.values():
            yield name, conversion


def _check_sources(view: View, source: str, conversion: ConversionModel, report: Report) -> None:
    """The source of a target that is there is there too."""
    rows = view.all(
        Bound(
            f"select distinct c.tenant_id, c.source_id, c.target_id from {CONVERSION} c"
            f" join {view.table(conversion.to)} t on {_is('t', 'target_id')}"
            " where c.source_object = $1 and c.conversion = $2"
            f" and not exists (select from {view.table(source)} s where {_is('s', 'source_id')})"
            " order by 1, 2, 3 limit 1000",
            (source, conversion.definition.name),
        )
    )
    _tell_missing(source, conversion, rows, report)


def _check_lines(view: View, source: str, conversion: ConversionModel, report: Report) -> None:
    """A line of which a live target has something is there; one that was given back may go."""
    lines = conversion.lines
    assert lines is not None, "only conversions with lines tie lines"
    rendering = _rendering(view)
    ties = live_ties(rendering, conversion, "c")
    statement = rendering.sql.bound(
        f"select distinct c.tenant_id, c.source_id, c.target_id from {ties.source}"
        f" where {_of(rendering, source, conversion)} and {ties.live} and {ties.each} > 0"
        f" and exists (select from {view.table(source)} s where {_is('s', 'source_id')})"
        f" and not exists (select from {view.table(lines.source_object)} s"
        f" where {_is('s', 'source_line_id')}) order by 1, 2, 3 limit 1000"
    )
    _tell_missing(source, conversion, view.all(statement), report)


def _check_quantities(view: View, source: str, conversion: ConversionModel, report: Report) -> None:
    lines = conversion.lines
    assert lines is not None, "only conversions with lines have quantities"
    rendering = _rendering(view)
    # What a target gives back is said by an expression over it, rendered as every other one.
    ties = live_ties(rendering, conversion, "c")
    frame = ObjectFrame(rendering, lines.source_object, "l")
    has = f"coalesce({frame.raw(lines.quantity)}, 0)" if lines.quantity else "1"
    statement = rendering.sql.bound(
        f"select c.tenant_id, l.parent_id, l.id, {has}, {ties.total} from {ties.source}"
        f" join {frame.source} on {_is('l', 'source_line_id')}"
        f" where {_of(rendering, source, conversion)} and {ties.live}"
        f" group by 1, 2, 3, 4 having {ties.total} > {has} order by 1, 2, 3"
    )
    for tenant, record, line, quantity, carried in view.stream(statement):
        message = (
            f"line {line} has {quantity}, conversion {conversion.definition.name} took {carried}"
        )
        report(source, str(tenant), str(record), message)


def _check_whole(view: View, source: str, conversion: ConversionModel, report: Report) -> None:
    """Without lines a document is converted whole, once while what was made of it lives."""
    rendering = _rendering(view)
    ties = live_ties(rendering, conversion, "c")
    statement = rendering.sql.bound(
        f"select c.tenant_id, c.source_id, count(distinct c.target_id) from {ties.source}"
        f" where {_of(rendering, source, conversion)} and {ties.live}"
        " group by 1, 2 having count(distinct c.target_id) > 1 order by 1, 2"
    )
    for tenant, record, times in view.stream(statement):
        name = conversion.definition.name
        report(source, str(tenant), str(record), f"conversion {name} took all of it {times} times")


def _rendering(view: View) -> Rendering:
    moment = datetime.now(UTC)
    clock = Clock(today=moment.date().isoformat(), now=moment.isoformat())
    return Rendering(view.live, Sql(), clock, {})


def _of(rendering: Rendering, source: str, conversion: ConversionModel) -> str:
    sql = rendering.sql
    return (
        f"c.source_object = {sql.bind(source, 'text')}"
        f" and c.conversion = {sql.bind(conversion.definition.name, 'text')}"
    )


def _tell_missing(
    source: str, conversion: ConversionModel, rows: list[Texts], report: Report
) -> None:
    for tenant, record, target in rows:
        message = f"{conversion.to} {target} was made from a {source} or line that is not there"
        report(source, str(tenant), str(record), message)


def _is(alias: str, column: str) -> str:
    return f"{alias}.tenant_id = c.tenant_id and {alias}.id = c.{column}"
