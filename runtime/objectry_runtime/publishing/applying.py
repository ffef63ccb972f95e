"""Carrying out a plan: tables first, then the switch; killed anywhere, the next apply goes on."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from objectry.metadata.model import Catalog
from objectry.planner import Plan, Step
from objectry.registry import Release, StorageMap
from objectry_runtime.host import Live
from objectry_runtime.publishing.filling import fill
from objectry_runtime.publishing.formulas import NewFormula
from objectry_runtime.publishing.plan import Proposal, propose
from objectry_runtime.publishing.releases import storage_statement, switch_statements
from objectry_runtime.publishing.settled import settle
from objectry_runtime.publishing.telling import tell
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
"""Told before each step, and now and then within a long one: its number from 1, how many there
are, what it does."""

TOLD_EVERY = 10_000  # records filled
TAKEOVER_SECONDS = 2.0  # within which every server serves the release that became live
MEANWHILE = "rows that servers of the release before wrote meanwhile"

log = logging.getLogger("objectry.publishing")


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
    settings: Mapping[str, Mapping[str, object]] | None = None,
) -> bool:
    """Publish the release as `plan` (of `make_plan`) says; False when there was nothing to do.

    Clients go on working: a step that can't have its lock at once steps back and tries again for
    `patience` seconds. `settings` (with `company`) are what the release is served with: the values
    of new formulas are rounded so. Raises a PublishError; the live release then is the one before,
    unless what failed is to fill rows written meanwhile.
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
                    _settle(connection, proposal, proposal.before.storage)
                    return False
                live = Live(
                    release=release,
                    model=proposal.model,
                    storage=proposal.storage,
                    settings=settings or {},
                    compiled={},
                )
                filling = _Filling(connection, live, proposal, progress, patience)
                _carry_out(connection, proposal, (author, message), filling)
                filling.finish()
                _settle(connection, proposal, proposal.storage)
                return True
        except Busy as error:
            raise PublishConflict(f"{error}; try again when it is done") from error


def _settle(connection: OwnerConnection, proposal: Proposal, stored: StorageMap) -> None:
    """Note what the next plan need not look at; without the note it looks at everything."""
    found = settle(connection, proposal.model, proposal.storage, proposal.resting)
    if found == stored:
        return
    try:
        run_together(connection, (), last=[storage_statement(found)], patience=0)
    except (Busy, ChangeFailed) as error:
        log.warning("the next plan will take longer: %s", error)


def _moved(plan: Plan, now: Plan) -> bool:
    return (plan.release, plan.live_hash, plan.changes) != (
        now.release,
        now.live_hash,
        now.changes,
    )


class _Filling:
    """Fills new formulas before the switch, and after it what was written meanwhile."""

    def __init__(
        self,
        connection: OwnerConnection,
        live: Live,
        proposal: Proposal,
        progress: Progress | None,
        patience: float,
    ) -> None:
        self.live = live
        self.progress = progress
        self.patience = patience
        self._connection = connection
        self._formulas = proposal.formulas
        self._waiting = list(proposal.formulas)
        self._steps = len(proposal.plan.steps)
        self._again = [each for step in proposal.plan.steps for each in step.again]

    def step(self, number: int) -> None:
        """Do the next backfill step."""
        formula = self._waiting.pop(0)
        run_together(self._connection, [formula.mark], patience=self.patience)
        self._fill([formula], number)

    def finish(self) -> None:
        """Until every server has taken the new release up, rows come without its formulas.

        They are filled at once, and for good when no such server is left.
        """
        if not (self._formulas or self._again):
            return
        self.tell(self._steps, MEANWHILE)
        switched = time.monotonic()
        try:
            self._fill_all()
            time.sleep(max(0.0, switched + TAKEOVER_SECONDS - time.monotonic()))
            self._fill_all()
            clean = [formula.unmark for formula in self._formulas]
            run_together(self._connection, clean, patience=self.patience)
        except ChangeFailed as error:
            raise StepFailed(f"the release is live; {MEANWHILE}", str(error)) from error

    def tell(self, number: int, summary: str) -> None:
        if self.progress is not None:
            self.progress(number, self._steps, summary)

    def _fill_all(self) -> None:
        run_together(self._connection, self._again, patience=self.patience)
        for _, formulas in groupby(self._formulas, key=lambda formula: formula.root):
            self._fill(list(formulas), self._steps)

    def _fill(self, formulas: Sequence[NewFormula], number: int) -> None:
        told = 0

        def tell(filled: int) -> None:
            nonlocal told
            if filled - told >= TOLD_EVERY:
                told = filled
                self.tell(number, f"{filled:,} records filled")

        fill(self._connection, self.live, formulas, told=tell, patience=self.patience)


def _carry_out(
    connection: OwnerConnection, proposal: Proposal, signed: tuple[str, str], filling: _Filling
) -> None:
    steps, patience = proposal.plan.steps, filling.patience
    parent = None if proposal.before is None else proposal.before.sequence
    switch = switch_statements(filling.live.release, proposal.storage, parent, *signed)
    if proposal.before is not None:
        switch += tell(proposal.before.release, filling.live.release, signed[0])
    # Changes of the catalogue alone take no time: they and the switch are one transaction. What
    # reads rows or builds an index is done before it, each step on its own, so that no lock is
    # held longer than its step; both releases can live with the tables in between.
    instant = not any(step.concurrently or step.rows or step.kind == "backfill" for step in steps)
    together: list[str] = []
    for number, step in enumerate(steps, start=1):
        filling.tell(number, step.summary)
        try:
            if step.kind == "backfill":
                filling.step(number)
            elif instant:
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
