"""The tasks of a server whose services have neighbours: one for each that is followed."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from objectry_runtime.host import Live
from objectry_runtime.identity import Call, Principal
from objectry_runtime.peers.client import PeerClient
from objectry_runtime.peers.follower import Follower, peers_of
from objectry_runtime.peers.identity import keep_identities
from objectry_runtime.peers.owners import PeerOwners
from objectry_runtime.services.topology import Topology
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.keyring import Keyring


class Neighbours:
    """The services that live elsewhere, as one server of `service` sees them."""

    def __init__(
        self, service: str, topology: Topology, keyring: Keyring, time_zone: tzinfo
    ) -> None:
        self._service = service
        self._topology = topology
        self._keyring = keyring
        self._time_zone = time_zone
        self._client = PeerClient(service, topology.addresses, keyring)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.owners = PeerOwners(self._client)

    def follow(self, live: Callable[[], Live], executor: Executor, database: Database) -> None:
        """Follow those that the live release needs, from now on; called again when it changes."""
        mine = self._topology.sharing(self._service)
        wanted = peers_of(live()) - mine
        for gone in set(self._tasks) - wanted - {""}:
            self._tasks.pop(gone).cancel()
        if "" not in self._tasks and self._topology.identity not in mine:
            following = keep_identities(self._client, self._topology.identity, database)
            self._tasks[""] = asyncio.create_task(following)
        for service in wanted - set(self._tasks):
            follower = Follower(
                service, live, executor, self._client, self._new_call(live, executor)
            )
            self._tasks[service] = asyncio.create_task(follower.run())

    async def close(self) -> None:
        """Follow nobody any more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        await self._client.close()

    def _new_call(
        self, live: Callable[[], Live], executor: Executor
    ) -> Callable[[Principal, str], Call]:
        def new_call(principal: Principal, correlation: str) -> Call:
            now = datetime.now(UTC)
            return Call(
                live=live(),
                executor=executor,
                keyring=self._keyring,
                principal=principal,
                now=now,
                today=now.astimezone(self._time_zone).date(),
                correlation=correlation,
                owners=self.owners,
            )

        return new_call
