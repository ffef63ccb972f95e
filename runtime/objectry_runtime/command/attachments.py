"""Fields that hold files: what a body names there is a file that its sender has uploaded."""

from collections.abc import Iterator

from objectry.expressions import Value
from objectry_runtime.command.bodies import step
from objectry_runtime.command.compiled import compiled
from objectry_runtime.command.decision import MERGE, Decision
from objectry_runtime.command.draft import Draft
from objectry_runtime.files import attach
from objectry_runtime.identity.call import Call
from objectry_runtime.query.record import RecordState
from objectry_runtime.store.executor import Bound


def attachments(call: Call, decision: Decision) -> list[Bound]:
    """The statements by which the records take the files they newly name, or refuse the unit.

    What a record had already it may have in another field or line; a merge takes files of the
    record that goes. What a definition filled (a conversion's map) was on a record, and so is kept
    for good.
    """
    tenant = call.principal.tenant
    user = call.principal.user if decision.action != MERGE else None
    held = {
        file
        for version in decision.versions
        if version.before is not None
        for file in _held(call, decision.model.name, version.before)
    }
    return [
        attach(tenant, file, None if file in held else user, takes, pointer)
        for version in decision.versions
        if version.after is not None
        for draft in (version.after, *(d for lines in version.after.lines.values() for d in lines))
        for file, takes, pointer in _named(draft)
    ]


def _named(draft: Draft) -> Iterator[tuple[str, frozenset[str], str]]:
    for name, takes in draft.compiled.files.items():
        value = draft.value(name) if name in draft.named else None
        if isinstance(value, str) and (draft.old is None or draft.old.get(name) != value):
            yield value, takes, draft.pointer + step(name)


def _held(call: Call, object_name: str, state: RecordState) -> Iterator[Value]:
    """The files that a record and its lines have."""
    model = call.live.model.object(object_name)
    yield from (state.values.get(name) for name in compiled(call.live, model).files)
    for table, line_object in model.tables.items():
        files = compiled(call.live, call.live.model.object(line_object)).files
        for line in state.lines.get(table, ()):
            yield from (line.values.get(name) for name in files)
