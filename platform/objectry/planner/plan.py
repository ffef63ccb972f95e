"""A plan: ordered steps from the tables there are to the tables a release wants."""

from enum import StrEnum
from typing import Any, Literal

import msgspec


class Lock(StrEnum):
    """PostgreSQL's lock classes, from what stops everybody to what stops nobody's work."""

    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    ROWS = "ROWS ONLY"


StepKind = Literal["safe", "backfill", "destructive", "refused"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `sql` runs as one transaction, or outside of any where `concurrently`.

    `table` is `schema.table` (`schema` alone for a new schema), `lock` the strongest lock the
    step takes on it, `rows` how many rows it reads or writes, `note` what a person should know. A
    `refused` step has no SQL: it says what this version can't do. A `backfill` step has none
    either: it fills the rows that are there in many short transactions. `again` is run once more
    after the switch, for the rows that were written meanwhile.
    """

    kind: StepKind
    summary: str
    table: str
    sql: tuple[str, ...] = ()
    lock: Lock | Literal[""] = ""
    concurrently: bool = False
    rows: int = 0
    note: str = ""
    again: tuple[str, ...] = ()

    def to_text(self, number: int) -> str:
        """The step as a person reads it, its SQL below."""
        facts = [f"lock {self.lock}"] if self.lock else []
        if self.rows:
            facts.append(f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}")
        if self.concurrently:
            facts.append("while clients work")
        lines = [f"{number:>3}. {self.kind:<11} {self.summary}"]
        if facts:
            lines[0] += f"  [{', '.join(facts)}]"
        if self.note:
            lines.append(f"     {'':<11} {self.note}")
        for statement in self.sql:
            lines.extend(f"     {'':<11} | {line}" for line in f"{statement};".splitlines())
        return "\n".join(lines)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing a release would do to one database.

    `changes` are the places where the definitions differ from the live release, `live_hash` and
    `release` what the plan was made from: it is not applied when either has moved.
    """

    release: str
    live_hash: str
    steps: tuple[Step, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do, in tables and in definitions."""
        return not self.steps and not self.changes

    @property
    def refused(self) -> tuple[Step, ...]:
        """The steps this version can't do; with any of them nothing is applied."""
        return tuple(step for step in self.steps if step.kind == "refused")

    def to_text(self) -> str:
        """The plan as the command line shows it."""
        if self.is_empty:
            return "No changes."
        lines: list[str] = []
        if self.changes:
            lines += ["Definitions:", *(f"  {change}" for change in self.changes)]
        if self.changes and not self.steps:
            lines.append("Definitions change, no table changes.")
        if self.steps:
            lines.append(f"Tables: {_counted(self.steps)}")
            lines += [step.to_text(number) for number, step in enumerate(self.steps, start=1)]
        if self.refused:
            lines.append("Refused steps are not done by this version; nothing would be applied.")
        return "\n".join(lines)

    def to_builtins(self) -> dict[str, Any]:
        """The plan as JSON shows it."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return {"format": 1, **plain}


def _counted(steps: tuple[Step, ...]) -> str:
    counts: dict[str, int] = {}
    for step in steps:
        counts[step.kind] = counts.get(step.kind, 0) + 1
    total = f"{len(steps)} {'step' if len(steps) == 1 else 'steps'}"
    return f"{total} ({', '.join(f'{count} {kind}' for kind, count in counts.items())})"
