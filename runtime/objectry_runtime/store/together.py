"""Many units as one: an executor whose every statement belongs to one open transaction."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

from objectry_runtime.store.executor import Bound, Rows, Transaction
from objectry_runtime.store.measures import Measures

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry

_SAVE, _KEEP = Bound("savepoint unit"), Bound("release savepoint unit")
_UNDO = Bound("rollback to savepoint unit")


class Together:
    """An executor (see `store.executor.Executor`) inside a transaction that somebody else ends.

    A unit that fails, or is not to be kept, is undone by itself. Not for several tasks at once.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @property
    def registry(self) -> "CollectorRegistry":
        """Nothing of its own: the executor that lent the transaction counts."""
        return Measures().registry

    async def read(self, statement: Bound) -> Rows:
        """Run one statement; it sees what the units before it wrote."""
        return await self._transaction.run(statement)

    async def write(
        self, unit: Sequence[Bound], *, keep: bool = True, contended: str = ""
    ) -> list[Rows]:
        """Run a unit; it is kept when the transaction is."""
        async with self.transaction(keep=keep) as transaction:
            return [await transaction.run(statement) for statement in unit]

    def transaction(self, *, keep: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """A transaction inside the transaction."""
        return self._savepoint(keep)

    @asynccontextmanager
    async def _savepoint(self, keep: bool) -> AsyncGenerator[Transaction]:
        await self._transaction.run(_SAVE)
        try:
            yield self._transaction
        except BaseException:
            await self._transaction.run(_UNDO)
            raise
        if not keep:
            await self._transaction.run(_UNDO)
        await self._transaction.run(_KEEP)

    async def open(self) -> None:
        """Nothing: whoever opened the transaction connected."""

    async def close(self) -> None:
        """Nothing: whoever opened the transaction ends it."""
