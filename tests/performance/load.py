"""A small load generator: keep-alive connections that send prepared requests one after another."""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What one run measured; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        """Requests answered per second."""
        return self.requests / self.seconds


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """An HTTP/1.1 request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _client(
    host: str, port: int, make: Callable[[], bytes], deadline: float, times: list[float]
) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        while (start := time.perf_counter()) < deadline:
            writer.write(make())
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
                raise RuntimeError(head.decode())
            lower = head.lower()
            at = lower.index(b"content-length:") + 15
            await reader.readexactly(int(lower[at : lower.index(b"\r\n", at)]))
            times.append(time.perf_counter() - start)
    finally:
        writer.close()


def measure(url: str, make: Callable[[], bytes], *, clients: int, seconds: float) -> Load:
    """Send `make()` over and over from `clients` connections for `seconds`."""

    async def run() -> Load:
        parts = urlsplit(url)
        times: list[float] = []
        start = time.perf_counter()
        await asyncio.gather(
            *(
                _client(parts.hostname or "", parts.port or 80, make, start + seconds, times)
                for _ in range(clients)
            )
        )
        times.sort()
        return Load(
            requests=len(times),
            seconds=time.perf_counter() - start,
            p50=1000 * times[len(times) // 2],
            p99=1000 * times[int(len(times) * 0.99)],
        )

    return asyncio.run(run())
