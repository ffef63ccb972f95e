"""The reads of one request that may be stale: on a replica while that goes well."""

import math

from objectry_runtime.store.executor import (
    Bound,
    DatabaseError,
    DatabaseUnavailable,
    Executor,
    Rows,
)
from objectry_runtime.store.hosts.over_primary import OverPrimary
from objectry_runtime.store.hosts.replica import Replica

# What only a replica says: a conflict with replay (40), a name that is not replayed yet (42, 3F),
# a plan that replay just made wrong (0A), nothing may be written there (25), a broken copy (XX).
_ITS_OWN = ("0A", "25", "3F", "40", "42", "XX")


class StaleReads(OverPrimary):
    """Executor (see `store.executor.Executor`) whose reads a replica answers.

    A read that fails there is asked again on the primary, as are all after it. `age`: seconds
    that the answers may be behind, None while none came from the replica.
    """

    def __init__(self, primary: Executor, replica: Replica, age: float) -> None:
        super().__init__(primary)
        self.age: int | None = None
        self._replica: Replica | None = replica
        self._behind = math.ceil(age)

    async def read(self, statement: Bound) -> Rows:
        """Run one read-only statement."""
        replica = self._replica
        if replica is not None:
            try:
                rows = await replica.read(statement)
            except DatabaseUnavailable:
                replica.doubt()
            except DatabaseError as error:
                if not error.sqlstate.startswith(_ITS_OWN):
                    raise
            else:
                self.age = self._behind
                return rows
            self._replica = None
            replica.passed_on += 1
        return await self.primary.read(statement)
