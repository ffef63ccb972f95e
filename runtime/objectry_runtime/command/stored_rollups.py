"""Stored rollups: which of them a write of the other side brings up to date."""

from collections.abc import Iterator, Mapping

from objectry.expressions import Value
from objectry_runtime.command.compiled import compiled
from objectry_runtime.command.decision import Decision, Version
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.questions import linked_by
from objectry_runtime.identity.call import Call
from objectry_runtime.query.record import RecordState
from objectry_runtime.query.rollups import StoredRollup, compute_anew, hold, kept_by
from objectry_runtime.store.executor import Bound

# Of one record that a rollup is over: what it links to, and all that the rollup reads of it.
Part = tuple[Value, tuple[Value, ...]]


def keep_rollups(call: Call, decision: Decision) -> list[Bound]:
    """The statements that come after the write, in one order for everyone.

    First all records whose rollups change are held, then each is computed: a statement sees what
    was committed before it began, so none of two writers overlooks the other.
    """
    touched: dict[str, tuple[set[str], set[str]]] = {}
    for rollup in kept_by(call.live, decision.model.name):
        for version in decision.versions:
            _touch(touched, rollup.object, rollup.field, _targets(rollup, version))
    for name, currency in compiled(call.live, decision.model).priced:
        ids = (one.id for one in decision.versions if _differs(one, currency))
        _touch(touched, decision.model.name, name, ids)
    wanted = sorted((name, sorted(fields), sorted(ids)) for name, (fields, ids) in touched.items())
    return [hold(call, name, ids) for name, _, ids in wanted if ids] + [
        compute_anew(call, name, tuple(fields), ids) for name, fields, ids in wanted if ids
    ]


def _touch(
    touched: dict[str, tuple[set[str], set[str]]], name: str, field: str, ids: Iterator[str]
) -> None:
    found = set(ids)
    if found:
        fields, known = touched.setdefault(name, (set(), set()))
        fields.add(field)
        known |= found


def _targets(rollup: StoredRollup, version: Version) -> Iterator[str]:
    """The ids of the records whose rollup one record's write may change."""
    before: Mapping[str, Part] = {}
    after: Mapping[str, Part] = {}
    if version.before is not None:
        before = _parts_before(rollup, version.before)
    if version.after is not None:
        after = _parts_after(rollup, version.after)
    for id in before.keys() | after.keys():
        old, new = before.get(id), after.get(id)
        if old == new and not rollup.late:
            continue
        for part in (old, new):
            yield from linked_by(part[0]) if part is not None else ()


def _parts_before(rollup: StoredRollup, record: RecordState) -> Mapping[str, Part]:
    if not rollup.table:
        return {record.id: _part(rollup, record.values, {})}
    return {
        line.id: _part(rollup, line.values, record.values)
        for line in record.lines.get(rollup.table, ())
    }


def _parts_after(rollup: StoredRollup, draft: Draft) -> Mapping[str, Part]:
    values = draft.completed()
    if not rollup.table:
        return {draft.id: _part(rollup, values, {})}
    return {
        line.id: _part(rollup, line.completed(), values)
        for line in draft.lines.get(rollup.table, ())
    }


def _part(rollup: StoredRollup, own: Mapping[str, Value], owner: Mapping[str, Value]) -> Part:
    read = [own.get(name) for name in rollup.own] + [owner.get(name) for name in rollup.owners]
    return (read[0], tuple(read))


def _differs(version: Version, name: str) -> bool:
    before, after = version.before, version.after
    return before is not None and after is not None and before.values.get(name) != after.value(name)
