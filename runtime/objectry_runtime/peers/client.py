"""Asking other services: signed, with a bound on time, and one error for all that may go wrong."""

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec

from objectry_runtime.peers.signature import HEADER, sign
from objectry_runtime.store.keyring import Keyring

if TYPE_CHECKING:
    import httpx

PREFIX = "/internal/v1/"
TIMEOUT_S = 5.0

Answer = TypeVar("Answer")


class PeerAway(Exception):
    """Another service does not answer, or not as it should; nothing is lost, try again."""

    def __init__(self, service: str, reason: str) -> None:
        super().__init__(f"{service}: {reason}")
        self.service = service


class PeerClient:
    """Speaks to other services as `name`; `addresses` is service → base URL."""

    def __init__(self, name: str, addresses: Mapping[str, str], keyring: Keyring) -> None:
        self._name = name
        self._addresses = addresses
        self._keyring = keyring
        self._http: httpx.AsyncClient | None = None

    async def ask(
        self, service: str, operation: str, request: object, answer: type[Answer]
    ) -> Answer:
        """One question; raises PeerAway."""
        import httpx  # dear to import, and only needed where services live apart

        address = self._addresses.get(service)
        if address is None:
            raise PeerAway(service, "it has no address: name one in the setting topology.peers")
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)
        body, path = msgspec.json.encode(request), PREFIX + operation
        headers = {
            HEADER: sign(self._keyring, self._name, path, body),
            "content-type": "application/json",
        }
        try:
            found = await self._http.post(address + path, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise PeerAway(service, f"{type(error).__name__} at {address}: {error}") from error
        if found.status_code != 200:
            raise PeerAway(service, f"{operation} answered {found.status_code}: {found.text[:300]}")
        try:
            return msgspec.json.decode(found.content, type=answer)
        except msgspec.DecodeError as error:
            raise PeerAway(service, f"{operation} answered nonsense: {error}") from error

    async def close(self) -> None:
        """Close its connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def __aenter__(self) -> Self:
        """Nothing is opened before something is asked."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()
