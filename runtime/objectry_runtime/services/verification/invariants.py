"""Invariants hold of every record, and on request of every version that history kept."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec

from objectry.expressions import Expression, evaluator
from objectry.expressions.types import Kind
from objectry.metadata.model import ObjectModel
from objectry.metadata.model.definitions import CheckDef
from objectry_runtime.host.live import Live
from objectry_runtime.query.frame import ObjectFrame, Rendering
from objectry_runtime.query.sql import Clock, Sql
from objectry_runtime.services.verification.past_records import PastRecord
from objectry_runtime.services.verification.view import View
from objectry_runtime.store.executor import Bound

Report = Callable[[str, str, str, str], None]
Invariant = tuple[CheckDef, Expression]


def invariants_hold(view: View, report: Report) -> int:
    """Ask every invariant of every record as it is. Counts records, once for each rule."""
    counted = 0
    now = datetime.now(UTC)
    for model, invariants in _objects(view):
        for check, rule in invariants:
            clock = Clock(today=now.date().isoformat(), now=now.isoformat())
            rendering = Rendering(view.live, Sql(), clock, {})
            frame = ObjectFrame(rendering, model.name, "t")
            counted += int(view.all(Bound(f"select count(*) from {frame.source}"))[0][0] or 0)
            broken = rendering.sql.bound(
                f"select t.tenant_id, t.id from {frame.source}"
                f" where {frame.holds(rule.tree)} is false order by 1, 2 limit 1000"
            )
            for tenant, record in view.all(broken):
                report(model.name, str(tenant), str(record), check.message)
    return counted


def invariants_held(view: View, report: Report) -> int:
    """Ask the invariants of every version. Counts versions, once for each rule.

    A rule is left out that history can't answer: what lay behind a link was not kept, nor are the
    sealed values of persons read here.
    """
    counted = 0
    for model, invariants in _objects(view):
        told = [
            (check, evaluator(rule.tree))
            for check, rule in invariants
            if _is_kept(view.live, model, rule)
        ]
        versions = Bound(
            "select tenant_id, record_id, version, at::text, record::text from objectry.history"
            " where object = $1 and op <> 'delete' order by tenant_id, record_id, version",
            (model.name,),
        )
        for tenant, record, version, at, text in view.stream(versions) if told else ():
            image, moment = _IMAGE.decode(text or "{}"), datetime.fromisoformat(at or "")
            env = PastRecord(view.live, model, image, moment).env
            for check, holds in told:
                counted += 1
                if holds(env) is False:
                    message = f"version {version}: {check.message}"
                    report(model.name, str(tenant), str(record), message)
    return counted


_IMAGE = msgspec.json.Decoder(dict[str, object])


def _objects(view: View) -> Iterator[tuple[ObjectModel, list[Invariant]]]:
    """The objects with invariants whose records are here; those of lines are asked of each line."""
    for name in view.own_objects:
        model = view.live.model.object(name)
        invariants = [
            (
                check,
                view.live.model.expression(name, check.rule, variables=(), expects=(Kind.BOOLEAN,)),
            )
            for check in model.definition.invariants
        ]
        if invariants:
            yield model, invariants


def _is_kept(live: Live, model: ObjectModel, rule: Expression) -> bool:
    """Whether history has all that a rule reads, of the record and its lines, in clear."""
    if model.is_line:
        return False  # a line's versions are its owner's
    for _, path in live.model.reads(model.name, rule):
        at, rest = model, path
        if path[0] in model.tables:
            at, rest = live.model.object(model.tables[path[0]]), path[1:]
        if len(rest) > 1 or any(at.fields[name].definition.sensitive for name in rest):
            return False
    return True
