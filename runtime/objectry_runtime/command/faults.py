"""What is wrong with a change: the body's own errors, what a lock forbids, and both together."""

from collections.abc import Sequence

from objectry.metadata.model import ObjectModel
from objectry_runtime.command.bodies import Body, errors_of, step
from objectry_runtime.command.context import Context
from objectry_runtime.command.draft import Draft
from objectry_runtime.command.drafting import changed_record
from objectry_runtime.problems import FieldError
from objectry_runtime.query.record import RecordState


def said_wrong(body: Body, model: ObjectModel, state: object) -> list[FieldError]:
    """The codec's errors, without that of a state that the record has anyway."""
    issues = body.decoded.issues
    if model.workflow is not None and body.decoded.state == state:
        issues = tuple(one for one in issues if one.code != "state")
    return errors_of(issues)


def merge(said: Sequence[FieldError], found_later: Sequence[FieldError]) -> list[FieldError]:
    """All errors; where the body's own value is wrong, what follows from that is not said."""
    if not said:
        return list(found_later)
    places = {one.pointer for one in said}
    # A row whose id is wrong is no new row that lacks its values.
    rows = tuple(place.removesuffix("id") for place in places if place.endswith("/id"))
    return [
        *said,
        *(
            one
            for one in found_later
            if one.pointer not in places and not one.pointer.startswith(rows)
        ),
    ]


def frozen(
    context: Context, model: ObjectModel, state: RecordState, draft: Draft
) -> list[FieldError]:
    """What a body changes of a record that `immutable` locks, as it was before the write."""
    lock = model.immutable
    if lock is None:
        return []
    before = changed_record(context, model, state, {}, {}, [])
    if before.holds(lock.when) is not True:
        return []
    message = "The record can't be changed here any more."
    changed = [
        name
        for name in sorted(draft.named)
        if name not in lock.allow and draft.value(name) != state.values.get(name)
    ]
    for table, lines in draft.lines.items():
        were = {line.id: line.values for line in state.lines.get(table, ())}
        same = [line.id for line in lines] == list(were) and all(
            line.value(name) == were[line.id].get(name) for line in lines for name in line.named
        )
        if not same and table not in lock.allow:
            changed.append(table)
    return [FieldError(step(name), "immutable", message) for name in changed]
