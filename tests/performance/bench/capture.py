"""The very SQL we send: what our own code asks an executor for while it answers a request."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import httpx
import msgspec

from objectry_runtime.services.app import create_app
from objectry_runtime.services.runtime import Runtime, require_live
from objectry_runtime.services.settings import read_settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, Executor, Rows, Transaction
from tests.performance.bench.servers import PROJECT

if TYPE_CHECKING:
    from prometheus_client.registry import CollectorRegistry


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One round trip to the database: a statement by itself, or a sealed unit."""

    statements: tuple[Bound, ...]
    sealed: bool


class Recorder:
    """An executor that hands everything on and keeps what was sent."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner
        self.sent: list[Sent] = []

    @property
    def registry(self) -> "CollectorRegistry":
        """The inner one's."""
        return self._inner.registry

    async def read(self, statement: Bound) -> Rows:
        """Keep a statement."""
        self.sent.append(Sent(statements=(statement,), sealed=False))
        return await self._inner.read(statement)

    async def write(
        self, unit: Sequence[Bound], *, keep: bool = True, contended: str = ""
    ) -> list[Rows]:
        """Keep a unit."""
        self.sent.append(Sent(statements=tuple(unit), sealed=True))
        return await self._inner.write(unit, keep=keep, contended=contended)

    def transaction(self, *, keep: bool = True) -> AbstractAsyncContextManager[Transaction]:
        """What pgbench could not repeat: its statements depend on answers."""
        raise NotImplementedError("a benchmarked request took an interactive transaction")

    async def open(self) -> None:
        """Connect."""
        await self._inner.open()

    async def close(self) -> None:
        """Close all connections."""
        await self._inner.close()


def capture(
    dsn: str, environment: dict[str, str], key: str, requests: Sequence[tuple[str, str, bytes]]
) -> list[list[Sent]]:
    """What each request sends, apart from the look at the API key. Each is really carried out."""
    return asyncio.run(_capture(dsn, environment, key, requests))


async def _capture(
    dsn: str, environment: dict[str, str], key: str, requests: Sequence[tuple[str, str, bytes]]
) -> list[list[Sent]]:
    settings = read_settings(PROJECT, environment)
    database = Database.of(dsn)
    runtime = Runtime(settings, database, require_live(database, settings))
    runtime.executor = recorder = Recorder(runtime.executor)
    captured: list[list[Sent]] = []
    await recorder.open()
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(runtime)),
            base_url="http://localhost/api/v1",
            headers={"Authorization": f"Bearer {key}"},
        ) as api:
            for method, path, body in requests:
                recorder.sent.clear()
                headers = {"Content-Type": "application/json"} if body else {}
                answer = await api.request(method, path, content=body, headers=headers)
                answer.raise_for_status()
                captured.append([sent for sent in recorder.sent if not _of_keys(sent)])
    finally:
        await recorder.close()
    return captured


def _of_keys(sent: Sent) -> bool:
    return not sent.sealed and "objectry.api_key" in sent.statements[0].sql
