"""The two lanes of a write: sealed, where all is known beforehand, and locked, to read under it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from objectry_runtime.identity.call import Call
from objectry_runtime.query.open_quantities import hold_sources
from objectry_runtime.query.prefetch import lock
from objectry_runtime.store.executor import Bound, Rows, Transaction


class Lane(Protocol):
    """Where a write reads and writes."""

    async def read(self, statement: Bound) -> Rows:
        """Ask something before deciding."""
        ...

    async def write(self, unit: Sequence[Bound], contended: str = "") -> list[Rows]:
        """Carry out the decision: whole or not at all. `contended`: see `Executor.write`."""
        ...


class Sealed:
    """Reads alone, then one unit in one round trip. Another may write in between: then `stale`."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def read(self, statement: Bound) -> Rows:
        """Ask outside any transaction."""
        return await self._call.executor.read(statement)

    async def write(self, unit: Sequence[Bound], contended: str = "") -> list[Rows]:
        """One transaction for the unit; a dry run rolls it back."""
        executor, keep = self._call.executor, not self._call.dry_run
        return await executor.write(unit, keep=keep, contended=contended)


class Locked:
    """Everything in one open transaction that holds the record from its start."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def read(self, statement: Bound) -> Rows:
        """Ask inside the transaction: what it sees stays so until the end."""
        return await self._transaction.run(statement)

    async def write(self, unit: Sequence[Bound], contended: str = "") -> list[Rows]:
        """Run the unit; it is committed when the lane closes."""
        return [await self._transaction.run(statement) for statement in unit]


@asynccontextmanager
async def locked(
    call: Call, object_name: str, by: str, records: Sequence[str], *, edits: bool
) -> AsyncGenerator[Locked]:
    """A lane that holds records; it commits when the block ends and rolls back if it raises.

    One that `edits` its record may come to hold what it was made from: that comes first.
    """
    async with call.executor.transaction(keep=not call.dry_run) as transaction:
        for record in records if edits else ():
            for statement in hold_sources(call, object_name, by, record):
                await transaction.run(statement)
        await transaction.run(lock(call, object_name, by, records))
        yield Locked(transaction)
