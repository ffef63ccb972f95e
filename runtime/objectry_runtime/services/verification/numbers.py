"""Numbers are drawn once; gapless ones leave no hole."""

import re
from collections.abc import Callable, Iterator

from objectry.metadata.model import NumberingModel
from objectry_runtime.services.verification.view import View
from objectry_runtime.store.executor import Bound

Report = Callable[[str, str, str, str], None]
Place = tuple[str, str]  # object, field

_PLACE = re.compile(r"\{([a-z_]+)(?::[0-9]+)?\}")
_DIGITS = {"seq": "[0-9]+", "year": "[0-9]{4,}", "month": "[0-9]{2}", "day": "[0-9]{2}"}


def numbers_are_gapless(view: View, report: Report) -> int:
    """Check every series over all objects that draw from it. Counts numbers."""
    return sum(
        _check_series(view, series, numbering, objects, report)
        for series, numbering, objects in _series(view)
    )


def _series(view: View) -> Iterator[tuple[str, NumberingModel, tuple[Place, ...]]]:
    drawn: dict[str, tuple[NumberingModel, list[Place]]] = {}
    for name in view.own_objects:
        model = view.live.model.object(name)
        numberings = {
            **({"number": model.numbering} if model.numbering else {}),
            **model.autonumbers,
        }
        for field, numbering in numberings.items():
            drawn.setdefault(numbering.series, (numbering, []))[1].append((name, field))
    for series, (numbering, objects) in drawn.items():
        yield series, numbering, tuple(objects)


def _check_series(
    view: View, series: str, numbering: NumberingModel, objects: tuple[Place, ...], report: Report
) -> int:
    label = ", ".join(name for name, _ in objects)
    union = " union all ".join(
        f"select tenant_id, {view.column(name, field)} as number from {view.table(name)}"
        f" where {view.column(name, field)} is not null"
        for name, field in objects
    )
    twice = f"select tenant_id, number, count(*) from ({union}) n group by 1, 2 having count(*) > 1"
    for tenant, number, count in view.stream(Bound(f"{twice} order by 1, 2")):
        report(label, str(tenant), str(number), f"number {number} was given {count} times")
    counted = 0
    for tenant, there, drawn in view.all(
        Bound(
            f"""
            select coalesce(n.tenant_id, s.tenant_id), coalesce(n.there, 0), coalesce(s.drawn, 0)
            from (select tenant_id, count(*) as there from ({union}) u group by 1) n
            full join (select tenant_id, sum(value) as drawn from objectry.series
                       where series = $1 group by 1) s using (tenant_id) order by 1""",
            (series,),
        )
    ):
        counted += int(there or 0)
        if numbering.gapless and there != drawn:
            message = f"series {series} gave out {drawn} numbers, {there} are there"
            report(label, str(tenant), series, message)
    if numbering.gapless:
        _report_gaps(view, numbering, union, label, report)
    return counted


def _report_gaps(
    view: View, numbering: NumberingModel, union: str, label: str, report: Report
) -> None:
    """Name the numbers that are missing, as far as the pattern tells one key from another."""
    places = [match[1] for match in _PLACE.finditer(numbering.pattern)]
    keys = [*numbering.scope, *(["year"] if numbering.reset == "year" else [])]
    if not set(keys) <= set(places):
        return
    around = "||'\u2026'||".join(
        f"m[{index}]" for index, place in enumerate(places, start=1) if place != "seq"
    )
    sql = f"""
        with parts as (
            select tenant_id, number, regexp_match(number, $1) as m from ({union}) n),
        read as (
            select tenant_id, {around or "''"} as key, m[{places.index("seq") + 1}]::numeric as seq
            from parts where m is not null),
        keys as (
            select tenant_id, key, max(seq) as last from read group by 1, 2
            having max(seq) <> count(distinct seq))
        select k.tenant_id, k.key, (
            select string_agg(missing::text, ', ') from (
                select missing from generate_series(1, k.last) as missing
                where not exists (select from read r where r.tenant_id = k.tenant_id
                                  and r.key = k.key and r.seq = missing) limit 10) few)
        from keys k order by 1, 2"""
    for tenant, key, missing in view.all(Bound(sql, (_regex(numbering.pattern),))):
        message = f"numbers are missing{f' in {key}' if key else ''}: {missing}"
        report(label, str(tenant), numbering.series, message)


def _regex(pattern: str) -> str:
    """The pattern as a PostgreSQL regular expression with a group for every place."""
    parts: list[str] = []
    end = 0
    for match in _PLACE.finditer(pattern):
        parts.append(_literal(pattern[end : match.start()]))
        parts.append(f"({_DIGITS.get(match[1], '.*')})")
        end = match.end()
    return f"^{''.join(parts)}{_literal(pattern[end:])}$"


def _literal(text: str) -> str:
    return re.sub(r"([^\w\s])", r"\\\1", text)
