"""A TCP proxy in front of PostgreSQL that breaks connections where it is told to."""

import asyncio
import contextlib
import socket
import ssl
import struct
from types import TracebackType
from typing import Literal, Self

import msgspec
from psycopg import conninfo

Way = Literal["request", "response"]
How = Literal["close", "reset", "stall"]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Break the connection that carries byte `after` of this way, counted from arming on.

    `close` says good-bye, `reset` doesn't, `stall` keeps both ends open and passes nothing on.
    """

    way: Way
    after: int
    how: How = "close"


class Proxy:
    """`async with Proxy(server_of(dsn)) as proxy`; `proxy.dsn(dsn)` leads through it.

    `fault` is armed until it struck, `delay` seconds pass before each chunk goes on, `refuse`
    drops whoever connects. `passed` counts bytes of each way since `arm`. With `tls` it is where
    the encryption ends (the embedded PostgreSQL has none), and who speaks plainly is dropped.
    """

    def __init__(self, server: str | tuple[str, int], tls: ssl.SSLContext | None = None) -> None:
        self.fault: Fault | None = None
        self.delay = 0.0
        self.refuse = False
        self.passed: dict[Way, int] = {"request": 0, "response": 0}
        self.port = 0
        self._server, self._tls = server, tls
        self._pairs: set[_Pair] = set()
        self._counted: set[_Pair] = set()
        self._listener: asyncio.Server | None = None

    def dsn(self, dsn: str) -> str:
        """The address with this proxy in place of the server."""
        return conninfo.make_conninfo(
            dsn,
            host="127.0.0.1",
            port=self.port,
            sslmode="disable",  # its question would be bytes that no test asked for
            gssencmode="disable",
        )

    def arm(self, fault: Fault | None) -> None:
        """Count from here on, and break when the fault says so; only connections there are now."""
        self._counted = set(self._pairs)
        self.passed = {"request": 0, "response": 0}
        self.fault = fault

    def counts(self, pair: "_Pair") -> bool:
        """Whether a connection was there when the proxy was armed."""
        return pair in self._counted

    async def quiet(self) -> None:
        """Wait until nothing passes for a moment: nobody is connecting any more."""
        before: dict[Way, int] | None = None
        while before != self.passed:
            self._counted |= self._pairs
            before = dict(self.passed)
            await asyncio.sleep(0.02)

    def cut_all(self, how: How = "reset") -> int:
        """Break all connections now; how many there were."""
        pairs = list(self._pairs)
        for pair in pairs:
            pair.break_off(how)
        return len(pairs)

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut_all()
        while self._pairs:
            await asyncio.sleep(0.005)  # each ends when its sockets are closed
        await self._listener.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse or (self._tls and not await _encrypted(reader, writer, self._tls)):
            writer.transport.abort()
            return
        try:
            if isinstance(self._server, str):
                far = await asyncio.open_unix_connection(self._server)
            else:
                far = await asyncio.open_connection(*self._server)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(self, (reader, writer), far)
        self._pairs.add(pair)
        try:
            await pair.run()
        finally:
            self._pairs.discard(pair)


_SSL_REQUEST, _GSS_REQUEST = struct.pack("!ii", 8, 80877103), struct.pack("!ii", 8, 80877104)
_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _encrypted(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext
) -> bool:
    """Answer the question for encryption as PostgreSQL does; False for who doesn't ask."""
    try:
        while asked := await reader.readexactly(8):
            if asked == _SSL_REQUEST:
                writer.write(b"S")
                await writer.start_tls(tls)
                return True
            if asked != _GSS_REQUEST:
                return False
            writer.write(b"N")
    except (OSError, asyncio.IncompleteReadError):
        return False
    return False


class _Pair:
    def __init__(self, proxy: Proxy, near: _Stream, far: _Stream) -> None:
        self._proxy, self._near, self._far = proxy, near, far
        self._stalled = False

    async def run(self) -> None:
        ways = {
            asyncio.ensure_future(self._pump("request", self._near[0], self._far[1])),
            asyncio.ensure_future(self._pump("response", self._far[0], self._near[1])),
        }
        _, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for _, writer in (self._near, self._far):
            writer.close()  # sends what was passed on before
        if left:
            await asyncio.wait(left, timeout=1)
        for task in left:
            task.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for _, writer in (self._near, self._far):
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def break_off(self, how: How) -> None:
        if how == "stall":
            self._stalled = True
            return
        for _, writer in (self._near, self._far):
            if writer.transport.is_closing():
                continue
            if how == "close":
                writer.close()
                continue
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.family != socket.AF_UNIX:
                linger = struct.pack("ii", 1, 0)  # the kernel answers with RST
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    async def _pump(
        self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        proxy = self._proxy
        with contextlib.suppress(OSError):
            while chunk := await reader.read(65536):
                if proxy.delay:
                    await asyncio.sleep(proxy.delay)
                if self._stalled:
                    continue
                counts = proxy.counts(self)
                fault = proxy.fault if counts else None
                left = len(chunk)
                if fault is not None and fault.way == way:
                    left = min(left, fault.after - proxy.passed[way])
                proxy.passed[way] += left * counts
                writer.write(chunk[:left])
                if fault is not None and fault.way == way and proxy.passed[way] >= fault.after:
                    proxy.fault = None
                    self.break_off(fault.how)
                await writer.drain()
