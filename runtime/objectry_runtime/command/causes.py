"""Which of the errors found are causes, and which only follow from another."""

from collections.abc import Sequence

from objectry_runtime.command.bodies import step
from objectry_runtime.command.draft import Draft
from objectry_runtime.problems import FieldError


def causes(
    record: Draft, said: Sequence[FieldError], errors: Sequence[FieldError]
) -> list[FieldError]:
    """The errors without those that only follow from another.

    A missing value is one where its default read a field that is itself missing or wrong: who
    mends the cause has mended it. What the body itself `said` wrong is a cause.
    """
    if not errors:
        return []
    own = {one.pointer for one in said}
    wrong = frozenset(one.pointer for one in errors)
    following = {
        draft.pointer + step(name)
        for draft in (record, *(line for lines in record.lines.values() for line in lines))
        for name in draft.defaulted
        if draft.value(name) is None and _follows(draft, name, wrong, set())
    } - own
    return [one for one in errors if one.code != "required" or one.pointer not in following]


def _follows(draft: Draft, name: str, wrong: frozenset[str], seen: set[str]) -> bool:
    """Whether what makes the value of a field reads one that is wrong, or follows from one."""
    field = draft.model.fields[name]
    source = field.default if name in draft.defaulted else field.formula
    if source is None:
        return False
    seen.add(draft.pointer + step(name))
    for root, path in draft.context.live.model.reads(draft.model.name, source):
        at = {"record": draft, "parent": draft.owner}.get(root)
        if at is None:
            continue
        place = at.pointer + step(path[0])
        if place in wrong or any(one.startswith(f"{place}/") for one in wrong):
            return True
        unknown = path[0] not in at.model.tables and at.value(path[0]) is None
        if unknown and place not in seen and _follows(at, path[0], wrong, seen):
            return True
    return False
