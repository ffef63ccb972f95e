"""Links to what a merge may take away while they are written: it must still be there afterwards.

Of a record that goes for good the foreign key sees to it. One that is deleted and kept would have
them, and nobody would lead them along.
"""

from collections.abc import Iterator

from objectry.metadata.model import Model
from objectry.metadata.model.system import DELETED
from objectry_runtime.command.decision import Decision
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.questions import linked_by
from objectry_runtime.identity.call import Call
from objectry_runtime.query.save_sql import table_of
from objectry_runtime.query.slots import array_text
from objectry_runtime.query.sql import quote
from objectry_runtime.store.executor import Bound


def still_there(call: Call, decision: Decision) -> list[Bound]:
    """The statements that come after the write; none where nothing is newly linked to such."""
    ids: dict[str, set[str]] = {}
    for version in decision.versions:
        if version.after is None:
            continue
        for draft in (version.after, *(d for lines in version.after.lines.values() for d in lines)):
            for target, id in _linked(call.live.model, draft):
                ids.setdefault(target, set()).add(id)
    return [_guard(call, target, sorted(found)) for target, found in sorted(ids.items())]


def _linked(model: Model, draft: Draft) -> Iterator[tuple[str, str]]:
    for name in draft.compiled.links:
        for target in draft.model.fields[name].definition.to:
            definition = model.definitions.objects.get(target)
            if definition is None or not (definition.soft_delete and definition.duplicates):
                continue
            if draft.is_new_link(name):
                yield from ((target, id) for id in linked_by(draft.value(name)))


def _guard(call: Call, target: str, ids: list[str]) -> Bound:
    deleted = quote(call.live.storage.objects[target].columns[DELETED])
    return Bound(
        f"select case when exists (select from {table_of(call.live, target)} "
        f"where tenant_id = $1::integer and id = any($2::uuid[]) and {deleted} is not null) "
        "then objectry.guard(false, 'stale') end",
        (str(call.principal.tenant), array_text(ids)),
    )
