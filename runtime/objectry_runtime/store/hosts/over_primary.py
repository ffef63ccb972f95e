"""An executor that does everything on the primary; what may go elsewhere is for its heirs."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from objectry_runtime.store.executor import Bound, Executor, Rows, Transaction

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry


class OverPrimary:
    """Executor (see `store.executor.Executor`) that hands everything to the primary's."""

    def __init__(self, primary: Executor) -> None:
        self.primary = primary

    @property
    def registry(self) -> "CollectorRegistry":
        """What the primary's executor does."""
        return self.primary.registry

    async def read(self, statement: Bound) -> Rows:
        """Run one read-only statement on the primary."""
        return await self.primary.read(statement)

    async def write(
        self, unit: Sequence[Bound], *, keep: bool = True, contended: str = ""
    ) -> list[Rows]:
        """Run a sealed unit on the primary."""
        return await self.primary.write(unit, keep=keep, contended=contended)

    def transaction(self, *, keep: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """An interactive transaction on the primary."""
        return self.primary.transaction(keep=keep)

    async def open(self) -> None:
        """Connect."""
        await self.primary.open()

    async def close(self) -> None:
        """Close all connections."""
        await self.primary.close()
