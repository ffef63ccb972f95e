"""Links to what lives elsewhere: a record that isn't known here yet is asked for before the write.

Asked before anything is locked. Where its owner is away the write waits with its caller: 503, and
nothing is lost.
"""

from collections.abc import Mapping, Sequence

from objectry_runtime.host.live import Live
from objectry_runtime.peers.client import PeerAway, PeerClient
from objectry_runtime.peers.messages import LookupAnswer, LookupRequest
from objectry_runtime.peers.replicas import keep, replica_objects, unknown
from objectry_runtime.problems import FieldError, Problem, invalid
from objectry_runtime.store.executor import Executor

AGAIN_S = "1"


class PeerOwners:
    """`identity.call.Owners` over the internal API."""

    def __init__(self, client: PeerClient) -> None:
        self._client = client

    async def fetch(
        self, live: Live, executor: Executor, tenant: int, ids: Mapping[str, Sequence[str]]
    ) -> bool:
        """Bring records here that are linked to; whether any was missing and came."""
        came = False
        for name, asked in ids.items():
            if live.model.definitions.objects[name].replica and asked:
                came = await self._fetch(live, executor, tenant, name, asked) or came
        return came

    async def _fetch(
        self, live: Live, executor: Executor, tenant: int, name: str, ids: Sequence[str]
    ) -> bool:
        rows = await executor.read(unknown(live, tenant, name, ids))
        gone = [id for id, lost in rows if lost == b"true"]
        if gone:
            said = ", ".join((id or b"").decode() for id in gone)
            raise invalid([FieldError("", "link", f"`{name}` {said} was deleted.")])
        missing = [(id or b"").decode() for id, _ in rows]
        if not missing:
            return False
        service = live.model.definitions.objects[name].service
        request = LookupRequest(
            tenant=tenant, object=name, wanted=replica_objects(live)[name], ids=missing
        )
        try:
            answer = await self._client.ask(service, "lookup", request, LookupAnswer)
        except PeerAway as away:
            raise Problem(
                503,
                "service_away",
                "Another service does not answer.",
                f"Whether `{name}` {missing[0]} exists is known by the service `{service}`, which"
                " can't be asked now. Nothing was kept.",
                headers={"Retry-After": AGAIN_S},
            ) from away
        if answer.records:
            await executor.write(keep(live, answer.records))
        return bool(answer.records)
