"""Decisions: what a command makes of a record. Pure: they read facts, and nothing happens yet."""

from collections.abc import Callable, Sequence

import msgspec

from objectry.metadata.model import ObjectModel
from objectry_runtime.command.context import Context
from objectry_runtime.command.draft import Draft
from objectry_runtime.permissions import Rule
from objectry_runtime.problems import FieldError
from objectry_runtime.query.drawing import NumberDraw
from objectry_runtime.query.facts import Facts
from objectry_runtime.query.record import RecordState
from objectry_runtime.query.save_sql import Operation
from objectry_runtime.store.executor import Bound


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that must hold of records once they are written; `code` says what it means if not."""

    object: str
    rule: Rule
    ids: Sequence[str]
    code: str


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a decision: before (None: it is made), after (None: it goes)."""

    id: str
    before: RecordState | None = None
    after: Draft | None = None
    number: NumberDraw | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, or why not (`errors`).

    `events` are the names of the events each record emits; `before` and `extra` further statements
    of the unit, before and after its own; `action` the transition or conversion that it is ("":
    none); `causation` the event that caused this; `always`: to be written even if nothing differs.
    """

    model: ObjectModel
    operation: Operation
    versions: Sequence[Version]
    errors: Sequence[FieldError] = ()
    events: Sequence[str] = ()
    guards: Sequence[Guard] = ()
    before: Sequence[Bound] = ()
    extra: Sequence[Bound] = ()
    action: str = ""
    causation: str = ""
    always: bool = False


DELETE, RESTORE = "delete", "restore"  # actions of records that are deleted and kept
MERGE = "merge"  # the action of a record that takes in a duplicate of it

Decide = Callable[[Context, Facts], Decision]


def event_names(model: ObjectModel, what: str) -> tuple[str, ...]:
    """The declared event of what happens to a record."""
    name = model.definition.events.get(what)
    return (name,) if name else ()
