"""Carrying out a plan: tables first, then the switch; killed anywhere, the next apply goes on."""

from collections.abc import Callable, Sequence

from objectry.metadata.model import Catalog
from objectry.planner import Plan, Step
from objectry.registry import Release
from objectry_runtime.publishing.plan import Proposal, propose
from objectry_runtime.publishing.releases import switch_statements
from objectry_runtime.store.changes import (
    Busy,
    ChangeFailed,
    only_publisher,
    run_alone,
    run_together,
)
from objectry_runtime.store.database import Database, OwnerConnection
from objectry_runtime.store.grants import business_grants_sql

Progress = Callable[[int, int, str], None]
"""Told before each step: its number from 1, how many there are, what it does."""


class PublishError(Exception):
    """A release could not be published; what is live is still live."""


class PublishConflict(PublishError):
    """Somebody else holds what is needed: another publisher, or clients a table. Try again."""


class PlanMoved(PublishError):
    """The database or what is live changed since the plan was made; `plan` is the one for now."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            "the database has changed since this plan was made; look at the new plan and apply that"
        )
        self.plan = plan


class PlanRefused(PublishError):
    """The plan has steps this version can't do; nothing was changed."""

    def __init__(self, steps: Sequence[Step]) -> None:
        lines = "".join(f"\n  {step.summary}: {step.note}" for step in steps)
        super().__init__(f"this can't be published, nothing was changed:{lines}")
        self.steps = tuple(steps)


class StepFailed(PublishError):
    """PostgreSQL refused a step. Steps before it stay done; the next apply goes on from there."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step = step
        self.reason = reason


def apply(
    database: Database,
    release: Release,
    plan: Plan,
    *,
    author: str,
    message: str = "",
    progress: Progress | None = None,
    patience: float = 60.0,
    catalog: Catalog | None = None,
) -> bool:
    """Publish the release as `plan` (of `make_plan`) says; False when there was nothing to do.

    Clients go on working: a step that can't have its lock at once steps back and tries again for
    `patience` seconds. Raises a PublishError; the live release then is the one before.
    """
    with database.connect_owner() as connection:
        try:
            with only_publisher(connection):
                proposal = propose(connection, release, catalog)
                if _moved(plan, proposal.plan):
                    raise PlanMoved(proposal.plan)
                if proposal.plan.refused:
                    raise PlanRefused(proposal.plan.refused)
                if proposal.plan.is_empty and proposal.before is not None:
                    return False
                _carry_out(connection, release, proposal, (author, message), progress, patience)
                return True
        except Busy as error:
            raise PublishConflict(f"{error}; try again when it is done") from error


def _moved(plan: Plan, now: Plan) -> bool:
    return (plan.release, plan.live_hash, plan.changes) != (
        now.release,
        now.live_hash,
        now.changes,
    )


def _carry_out(
    connection: OwnerConnection,
    release: Release,
    proposal: Proposal,
    signed: tuple[str, str],
    progress: Progress | None,
    patience: float,
) -> None:
    steps = proposal.plan.steps
    parent = None if proposal.before is None else proposal.before.sequence
    switch = switch_statements(release, proposal.storage, parent, *signed)
    # Changes of the catalogue alone take no time: they and the switch are one transaction. What
    # reads rows or builds an index is done before it, each step on its own, so that no lock is
    # held longer than its step; both releases can live with the tables in between.
    instant = not any(step.concurrently or step.rows for step in steps)
    together: list[str] = []
    for number, step in enumerate(steps, start=1):
        if progress is not None:
            progress(number, len(steps), step.summary)
        try:
            if instant:
                together += step.sql
            elif step.concurrently:
                for statement in step.sql:
                    run_alone(connection, statement)
            else:
                run_together(connection, step.sql, patience=patience)
        except ChangeFailed as error:
            raise StepFailed(step.summary, str(error)) from error
    together.append(business_grants_sql(proposal.schemas))
    try:
        run_together(connection, [s for s in together if s], last=switch, patience=patience)
    except ChangeFailed as error:
        raise StepFailed("the switch to the new release", str(error)) from error
