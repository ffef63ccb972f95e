"""The server's clock: takes transitions whose moment has come, beside the requests."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from objectry.values.ids import new_id
from objectry_runtime.host import Live
from objectry_runtime.identity import Call
from objectry_runtime.identity.engine import engine
from objectry_runtime.problems import Problem
from objectry_runtime.store.executor import DatabaseError, DatabaseUnavailable, Executor
from objectry_runtime.store.keyring import Keyring
from objectry_runtime.workflow.timers import take_due

EVERY_S = 5.0
TOLD_MAX = 10_000


class Ticking(Protocol):
    """What of a server its clock needs."""

    live: Live
    executor: Executor
    keyring: Keyring
    time_zone: tzinfo
    services: frozenset[str]


Clock = Callable[[], datetime]
log = logging.getLogger("objectry.serve")


def _now() -> datetime:
    return datetime.now(UTC)


async def keep_time(serving: Ticking, every: float = EVERY_S, clock: Clock = _now) -> None:
    """Take what is due now and then every few seconds, until cancelled."""
    told = Told()
    while True:
        try:
            taken = await take_due(at(serving, clock()), serving.services, told.tell)
        except (DatabaseError, DatabaseUnavailable) as error:
            log.warning("transitions that are due could not be taken yet: %s", error)
        except Exception:  # the edge: what one record did must not stop the clock
            log.exception("transitions that are due could not be taken")
        else:
            if taken:
                log.info("took %d transitions that were due", taken)
        await asyncio.sleep(every)


def at(serving: Ticking, now: datetime) -> Call:
    """What is done at a moment without anybody asking for it."""
    return Call(
        live=serving.live,
        executor=serving.executor,
        keyring=serving.keyring,
        principal=engine(0, ""),
        now=now,
        today=now.astimezone(serving.time_zone).date(),
        correlation=new_id(),
    )


class Told:
    """Records that can't take their transition: the log hears of each once, not every time."""

    def __init__(self) -> None:
        self._known: set[tuple[str, str, str]] = set()

    def tell(self, transition: str, id: str, problem: Problem) -> None:
        """Log why a record stays as it is."""
        why = "; ".join(one.message for one in problem.errors) or problem.detail or problem.title
        if (transition, id, why) in self._known:
            return
        if len(self._known) >= TOLD_MAX:
            self._known.clear()
        self._known.add((transition, id, why))
        log.warning("%s is due for %s and can't be taken: %s", transition, id, why)
