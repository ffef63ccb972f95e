"""Links that tables of references hold: which of them a write moves."""

from collections.abc import Iterator, Mapping

from objectry.expressions import Value
from objectry_runtime.command.compiled import compiled
from objectry_runtime.command.decision import Decision, Version
from objectry_runtime.identity.call import Call
from objectry_runtime.query.references import refer
from objectry_runtime.store.executor import Bound


def hold_references(call: Call, decision: Decision) -> list[Bound]:
    """The statements that come after the write; none where no such link moves."""
    model = decision.model
    found: list[Bound] = []
    for table, owner in (("", model.name), *model.tables.items()):
        for field in compiled(call.live, call.live.model.object(owner)).references:
            moved = [
                id for version in decision.versions for id in _moved(version, table, field.name)
            ]
            if moved:
                found += refer(call, owner, field, moved)
    return found


def _moved(version: Version, table: str, name: str) -> Iterator[str]:
    """The records (or rows of a table) whose link is other than it was; PostgreSQL takes care of
    those that go."""
    before, after = version.before, version.after
    if after is None:
        return
    old: Mapping[str, Mapping[str, Value]] = {}
    if before is not None:
        rows = before.lines.get(table, ()) if table else (before,)
        old = {row.id: row.values for row in rows}
    for draft in after.lines.get(table, ()) if table else (after,):
        if draft.value(name) != old.get(draft.id, {}).get(name):
            yield draft.id
