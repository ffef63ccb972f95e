"""Images: a record with its lines as history keeps it, and the difference of two."""

from objectry.metadata.model import ObjectModel
from objectry_runtime.command.compiled import Image, compiled
from objectry_runtime.command.draft import Draft
from objectry_runtime.host.live import Live
from objectry_runtime.query.record import RecordState

# What changes with every write says nothing about what was changed.
STAMPS = frozenset({"id", "created_at", "created_by", "updated_at", "updated_by"})


def image_of(draft: Draft) -> Image:
    """A draft as it will be: every stored field, and the lines of every table field."""
    image = draft.compiled.image(draft.completed())
    for table, lines in draft.lines.items():
        image[table] = [line.compiled.image(line.completed()) for line in lines]
    return image


def image_of_state(live: Live, model: ObjectModel, state: RecordState) -> Image:
    """The same of a record as it is."""
    image = compiled(live, model).image(state.values)
    for table, lines in state.lines.items():
        of_line = compiled(live, live.model.object(model.tables[table])).image
        image[table] = [of_line(line.values) for line in lines]
    return image


def changes_between(before: Image | None, after: Image | None) -> Image:
    """Field → {"from", "to"} of what differs; from nothing, all that has a value."""
    if before is None:
        return {
            name: {"from": None, "to": new}
            for name, new in (after or {}).items()
            if new is not None and new != [] and name not in STAMPS
        }
    if after is None:
        return {
            name: {"from": old, "to": None}
            for name, old in before.items()
            if old is not None and old != [] and name not in STAMPS
        }
    return {
        name: {"from": old, "to": new}
        for name in {**before, **after}
        if (old := before.get(name)) != (new := after.get(name)) and name not in STAMPS
    }
