"""Random reads, writes, failures, cancelled callers and kills, explained by some order of them.

`OBJECTRY_FAULT_SEED`: what chance begins with; `OBJECTRY_FAULT_ROUNDS`: how many schedules (the
seed of each is printed when it fails; `make long` runs 200).
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator

import pytest

from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable, Rows
from tests.faults.history import Request, contradictions
from tests.faults.proxy import Fault, How, Proxy, Way
from tests.faults.world import DIVIDES_BY_ZERO, ORPHAN, World, entered, server_of

pytestmark = pytest.mark.anyio

SEED = int(os.environ.get("OBJECTRY_FAULT_SEED", "20261122"))
ROUNDS = int(os.environ.get("OBJECTRY_FAULT_ROUNDS", "6"))
CLIENTS, REQUESTS = 14, 12
WAYS: tuple[Way, ...] = ("request", "response")
HOWS: tuple[How, ...] = ("close", "reset")
LISTS = ("r1", "r2", "r3", "r4")
ALL = Bound("select name, array_to_string(tokens, ' ') from faults.register order by name")


def append(name: str, token: str) -> Bound:
    """Append to a list and see it."""
    return Bound(
        "update faults.register set tokens = tokens || $2::text where name = $1::text "
        "returning name, array_to_string(tokens, ' ')",
        (name, token),
    )


def lists(rows: Rows) -> dict[str, tuple[str, ...]]:
    """Rows of a name and tokens."""
    return {
        (name or b"").decode(): tuple((tokens or b"").decode().split()) for name, tokens in rows
    }


class Schedule:
    """One schedule: what its clients asked, and what became of it."""

    def __init__(self, world: World, proxy: Proxy, seed: int) -> None:
        self.world, self.proxy, self.seed = world, proxy, seed
        self.chance = random.Random(seed)
        self.requests: list[Request] = []
        self.absent: set[str] = set()
        self.cancelled = self.unavailable = 0
        self._instants = 0

    def now(self) -> int:
        """The next instant."""
        self._instants += 1
        return self._instants

    async def run(self) -> None:
        """All clients, and who breaks things meanwhile."""
        done = asyncio.Event()
        breaking = asyncio.create_task(self._break(done))
        await asyncio.gather(*(self._client() for _ in range(CLIENTS)))
        done.set()
        await breaking

    async def _client(self) -> None:
        for _ in range(REQUESTS):
            task = asyncio.create_task(self._request())
            if self.chance.random() < 0.12:
                await self._pause()
                task.cancel()
                self.cancelled += 1
                await asyncio.wait([task])
                if not task.cancelled():
                    task.result()
            else:
                await task

    async def _pause(self) -> None:
        if self.chance.random() < 0.5:
            for _ in range(self.chance.randrange(8)):
                await asyncio.sleep(0)
        else:
            await asyncio.sleep(self.chance.random() * 0.01)

    async def _request(self) -> None:
        kind = self.chance.random()
        began = self.now()
        try:
            if kind < 0.4:
                rows = await self.world.executor.read(ALL)
                self.requests.append(Request(began=began, ended=self.now(), saw=lists(rows)))
                return
            await self._append(began, interactive=kind > 0.9)
        except DatabaseUnavailable:
            self.unavailable += 1
        except DatabaseError as error:
            self._expect(error, set())

    def _expect(self, error: DatabaseError, states: set[str]) -> None:
        # Anybody may be told to stop (57014), or wait for a lock in a circle.
        if error.sqlstate not in states | {"40P01", "57014"}:
            raise error

    async def _append(self, began: int, *, interactive: bool) -> None:
        chance, token = self.chance, f"{self.seed}-{began}"
        names = sorted(chance.sample(LISTS, chance.choice([1, 1, 2])))
        unit = [append(name, token) for name in names]
        bad = chance.choice([DIVIDES_BY_ZERO, ORPHAN, Bound("selekt")])
        if fails := chance.random() < 0.15:
            unit.insert(chance.randrange(len(unit) + 1), bad)
        keep = chance.random() < 0.9
        contended = names[0] if chance.random() < 0.4 else ""
        self.requests.append(Request(began=began, token=token))  # in case nobody ever answers
        place = len(self.requests) - 1
        try:
            if interactive:
                async with self.world.executor.transaction(keep=keep) as transaction:
                    answers = [await transaction.run(statement) for statement in unit]
            else:
                answers = await self.world.executor.write(unit, keep=keep, contended=contended)
        except DatabaseError as error:
            self._expect(error, {"22012", "23503", "42601"} if fails else set())
            self.absent.add(token)
            return
        assert not fails, "a unit with a bad statement was acknowledged"
        if not keep:
            self.absent.add(token)
            return
        saw = lists([row for rows in answers for row in rows])
        assert names == sorted(saw)
        self.requests[place] = Request(began=began, ended=self.now(), token=token, saw=saw)

    async def _break(self, done: asyncio.Event) -> None:
        chance, world = self.chance, self.world
        while not done.is_set():
            await asyncio.sleep(chance.random() * 0.03)
            pids = world.backends()
            match chance.randrange(6):
                case 0 if pids:
                    world.owner.execute("select pg_terminate_backend(%s)", (chance.choice(pids),))
                case 1 if pids:
                    world.owner.execute("select pg_cancel_backend(%s)", (chance.choice(pids),))
                case 2:
                    after = chance.randrange(2000)
                    self.proxy.arm(
                        Fault(way=chance.choice(WAYS), after=after, how=chance.choice(HOWS))
                    )
                case 3:
                    self.proxy.delay = chance.choice([0.0, 0.0, 0.002])
                case _:
                    pass
        self.proxy.arm(None)
        self.proxy.delay = 0.0


@pytest.fixture
async def proxy(server_dsn: str) -> AsyncIterator[Proxy]:
    async with Proxy(server_of(server_dsn)) as proxy:
        yield proxy


@pytest.mark.seconds(60 + 15 * ROUNDS)
async def test_some_order_of_all_requests_explains_what_each_saw(
    kind: str, fault_database: Database, proxy: Proxy
) -> None:
    answered = cancelled = unavailable = 0
    dsn = proxy.dsn(fault_database.runtime_dsn)
    async with entered(kind, fault_database, dsn) as world:
        for seed in range(SEED, SEED + ROUNDS):
            print(f"OBJECTRY_FAULT_SEED={seed} OBJECTRY_FAULT_ROUNDS=1")
            world.owner.execute("update faults.register set tokens = '{}'")
            schedule = Schedule(world, proxy, seed)
            async with asyncio.timeout(60):
                await schedule.run()
                await world.recovered()
            settle = "lock table faults.register in share mode"  # who is still under way ends first
            with world.owner.transaction():
                world.owner.execute(settle)
                rows = world.owner.execute("select name, tokens from faults.register").fetchall()
            final = {name: tuple(tokens) for name, tokens in rows}
            assert [] == contradictions(final, schedule.requests, schedule.absent)
            answered += sum(request.ended is not None for request in schedule.requests)
            cancelled += schedule.cancelled
            unavailable += schedule.unavailable
    print(f"{kind}: {answered} answered, {cancelled} cancelled, {unavailable} unavailable")
    assert answered > ROUNDS * CLIENTS * REQUESTS / 4
    assert cancelled
