"""A decision as the statements that carry it out, all known beforehand."""

from collections.abc import Mapping, Sequence

import msgspec

from objectry.expressions import Value
from objectry.metadata.model import ObjectModel
from objectry.values.ids import new_id
from objectry_runtime.command.attachments import attachments
from objectry_runtime.command.compiled import Image, compiled
from objectry_runtime.command.decision import Decision, Version
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.images import changes_between, image_of, image_of_state
from objectry_runtime.command.mergeable import still_there
from objectry_runtime.command.numbering import draws_of
from objectry_runtime.command.open_quantities import open_quantities
from objectry_runtime.command.references import hold_references
from objectry_runtime.command.stored_rollups import keep_rollups
from objectry_runtime.command.trees import keep_tree
from objectry_runtime.command.users import users_exist
from objectry_runtime.events.images import seal_changes, seal_image
from objectry_runtime.events.json_values import as_object, as_rows
from objectry_runtime.events.sealing import Sealer, Subject, new_subject_key, unwrap_key, wrap_key
from objectry_runtime.identity.call import Call
from objectry_runtime.query.prefetch import guard
from objectry_runtime.query.record import RecordState
from objectry_runtime.query.writes import EventWrite, LineWrite, RecordWrite, Stamp, save
from objectry_runtime.store.executor import Bound

Lines = Mapping[str, Sequence[LineWrite]]
Gone = Mapping[str, Sequence[str]]


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """The statements of a write, in order; which of them answers with the record (-1: none)."""

    statements: list[Bound]
    answer: int = -1


def unit_of(call: Call, decision: Decision, subject_key: bytes | None, *, answering: bool) -> Unit:
    """What is to be run; nothing where nothing changes.

    `answering`: the answer is the record that is written, as the caller may see it.
    """
    writes = [
        write
        for version in decision.versions
        if (write := _write(call, decision, version, subject_key)) is not None
    ]
    if not writes:
        return Unit(statements=[])
    before, after = open_quantities(call, decision)
    held, placed = keep_tree(call, decision)
    before, after = [*held, *decision.before, *before], [*after, *placed]
    after += hold_references(call, decision)
    after += still_there(call, decision)
    after += keep_rollups(call, decision)
    reader = call if answering and not (decision.extra or after) else None
    saving, answers = save(
        call.live, decision.model, decision.operation, writes, _stamp(call, decision), reader
    )
    unit = [*before, saving, *decision.extra]
    unit += [
        guard(call, one.object, one.rule, one.ids, one.code)
        for one in decision.guards
        if one.ids and one.rule is not True
    ]
    unit += users_exist(call, decision)
    unit += attachments(call, decision)
    return Unit(statements=unit + after, answer=len(before) if answers else -1)


def contended(call: Call, decision: Decision) -> str:
    """The number series that units like this one wait for each other at; empty where none is drawn.

    A series is a row that is held until COMMIT, gapless or not.
    """
    for version in decision.versions:
        for draw in draws_of(version):
            return f"{call.principal.tenant}/{draw.series}/{draw.key}"
    return ""


def _stamp(call: Call, decision: Decision) -> Stamp:
    return Stamp(
        tenant=call.principal.tenant,
        actor=call.principal.user,
        at=call.now,
        correlation=call.correlation,
        action=decision.action,
    )


def _write(
    call: Call, decision: Decision, version: Version, subject_key: bytes | None
) -> RecordWrite | None:
    model, before, after = decision.model, version.before, version.after
    was = image_of_state(call.live, model, before) if before is not None else None
    will = image_of(after) if after is not None else None
    changes = changes_between(was, will)
    lines, gone = _line_writes(before, after, will or {})
    if before is not None and after is not None and not (changes or decision.always):
        return None
    record = will if will is not None else was
    assert record is not None, "a version has a before or an after"
    begun = after.compiled.begun(after.value) if before is None and after is not None else {}
    # What was asked about is sealed with its own key; what is new (made from it) gets a new one.
    key = subject_key if before is not None else None
    kept = _sealed(call, model, version.id, record, changes, key)
    return RecordWrite(
        id=version.id,
        version=before.version + 1 if before is not None else 1,
        values={**(will or {}), **begun},
        lines=lines,
        gone=gone,
        draws=draws_of(version),
        record=kept.record,
        changes=kept.changes,
        events=[
            EventWrite(uid=new_id(), type=name, causation=decision.causation)
            for name in decision.events
        ],
        subject_key=kept.new_key,
    )


def _line_writes(
    before: RecordState | None, after: Draft | None, will: Image
) -> tuple[Lines, Gone]:
    """The lines that are new or other than they were, and the ids of those that go."""
    lines: dict[str, list[LineWrite]] = {}
    gone: dict[str, list[str]] = {}
    if after is None:
        return lines, gone
    for table, drafts in after.lines.items():
        present = before.lines.get(table, ()) if before is not None else ()
        places = {line.id: (place, line.values) for place, line in enumerate(present, 1)}
        if not (drafts or present):
            continue
        images = as_rows(will[table])
        lines[table] = [
            LineWrite(
                id=draft.id, parent=after.id, position=place, values=as_object(images[place - 1])
            )
            for place, draft in enumerate(drafts, 1)
            if places.get(draft.id) is None or _moved(draft, place, *places[draft.id])
        ]
        kept = {draft.id for draft in drafts}
        gone[table] = [line.id for line in present if line.id not in kept]
    return lines, {table: ids for table, ids in gone.items() if ids}


def _moved(draft: Draft, place: int, old_place: int, old: Mapping[str, Value]) -> bool:
    return place != old_place or any(
        draft.value(name) != old.get(name)
        for name, field in draft.model.fields.items()
        if field.stored and name in old
    )


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What history keeps, and the record's key where it had none yet."""

    record: Mapping[str, object]
    changes: Mapping[str, object]
    new_key: bytes | None = None


def _sealed(
    call: Call,
    model: ObjectModel,
    id: str,
    record: Image,
    changes: Mapping[str, object],
    wrapped: bytes | None,
) -> _Kept:
    hidden = compiled(call.live, model).secrets
    shown: Mapping[str, object] = hidden.hide(record) if hidden else record
    changes = hidden.hide_changes(changes) if hidden else changes
    secret = compiled(call.live, model).sensitive
    if not secret:
        return _Kept(record=shown, changes=changes)
    subject = Subject(call.principal.tenant, model.name, id)
    new: bytes | None = None
    if wrapped is None:
        key = new_subject_key()
        new = wrap_key(call.keyring, key, subject)
    else:
        key = unwrap_key(call.keyring, wrapped, subject)
    sealer = Sealer(key, subject)
    return _Kept(
        record=seal_image(shown, secret, sealer),
        changes=seal_changes(changes, secret, sealer),
        new_key=new,
    )
