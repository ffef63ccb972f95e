"""What happens to PostgreSQL during a soak, and when: the windows in which a 503 is in order."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import psycopg

from tests.postmaster import kept_away, postmaster, wait_ended

GRACE_S = 1.0  # after /readyz said 200 again; a request begun later must succeed
BACK_S_MAX = 60.0


class Weather:
    """The database of an embedded server, its misfortunes, and whether it was away at a time."""

    def __init__(self, state: Path, url: str, dsn: str, *, away_s: float) -> None:
        self._state = state
        self._url = url
        self._dsn = dsn
        self._away_s = away_s
        self.windows: list[tuple[float, float]] = []
        self.told: list[str] = []
        self.kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "backends terminated": self._terminate,
            "fast stop": lambda: self._signal(signal.SIGINT),
            "kill -9": lambda: self._signal(signal.SIGKILL),
            "immediate stop": lambda: self._signal(signal.SIGQUIT),
            "away for a while": self._away,
            "backends held up": self._hold,
        }

    def bad(self, began: float, ended: float) -> bool:
        """Whether the database was away at any moment of this time."""
        return any(began <= end and start <= ended for start, end in self.windows)

    async def strike(self, kind: str) -> None:
        """Let one misfortune happen and wait until the server says it is ready again."""
        start = time.monotonic()
        self.windows.append((start, float("inf")))
        await self.kinds[kind]()
        await self._ready()
        back = time.monotonic()
        self.windows[-1] = (start, back + GRACE_S)
        self.told.append(f"{kind}: ready after {back - start:.1f} s")

    async def _ready(self) -> None:
        end = time.monotonic() + BACK_S_MAX
        async with httpx.AsyncClient(timeout=30) as client:
            while True:
                answer = await client.get(self._url + "/readyz")
                if answer.status_code == 200:
                    return
                if answer.status_code != 503 or "retry-after" not in answer.headers:
                    raise RuntimeError(f"/readyz said {answer.status_code} {answer.text}")
                if (await client.get(self._url + "/healthz")).status_code != 200:
                    raise RuntimeError("/healthz failed while the database was away")
                if time.monotonic() > end:
                    raise RuntimeError(f"not ready within {BACK_S_MAX:g} s")
                await asyncio.sleep(0.1)

    async def _signal(self, number: signal.Signals) -> None:
        """The guard starts PostgreSQL again by itself."""
        old = postmaster(self._state)
        os.kill(old, number)
        await asyncio.to_thread(wait_ended, old)

    async def _away(self) -> None:
        def away() -> None:
            with kept_away(self._state):
                time.sleep(self._away_s)

        await asyncio.to_thread(away)

    async def _terminate(self) -> None:
        await asyncio.to_thread(
            self._owner,
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'objectry' and pid <> pg_backend_pid()",
        )

    async def _hold(self) -> None:
        rows = await asyncio.to_thread(
            self._owner,
            "select pid from pg_stat_activity"
            " where application_name = 'objectry' and pid <> pg_backend_pid()",
        )
        held = [int(str(row[0])) for row in rows]
        try:
            for pid in held:
                os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(2)
        finally:
            for pid in held:
                os.kill(pid, signal.SIGCONT)

    def _owner(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self._dsn, autocommit=True, application_name="soak") as connection:
            return connection.execute(sql.encode()).fetchall()

    def connections(self) -> int:
        """How many connections the server has."""
        rows = self._owner(
            "select count(*)::int from pg_stat_activity where application_name = 'objectry'"
        )
        return int(str(rows[0][0]))


def schedule(chance: random.Random, kinds: list[str], seconds: float) -> list[tuple[float, str]]:
    """When what happens: every kind at least once, about each minute, calm at both ends."""
    count = max(len(kinds), round(seconds / 60))
    rounds = -(-count // len(kinds))
    names = [name for _ in range(rounds) for name in chance.sample(kinds, len(kinds))][:count]
    calm = min(15.0, seconds / 10)
    step = (seconds - 3 * calm) / count
    return [(calm + step * (n + chance.uniform(0, 0.3)), name) for n, name in enumerate(names)]
