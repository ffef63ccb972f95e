"""A keep-alive HTTP connection that shows everything: status, headers, body, and when."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import msgspec

ANSWER_SECONDS_MAX = 60.0  # a request without an answer for so long hangs


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, and when the request was sent and answered (monotonic)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    began: float
    ended: float

    def document(self) -> dict[str, Any]:
        """The JSON of the body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


class Wire:
    """One connection to the server, made when it is needed and again after a refusal."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and read its answer; raises what the network raises."""
        content = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        fields = {"Host": "soak", "Authorization": f"Bearer {self._key}"}
        if content:
            fields |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
        fields |= headers or {}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in fields.items())]
        return await self.send("\r\n".join([*lines, "", ""]).encode() + content)

    async def send(self, request: bytes) -> Answer:
        """Send bytes and read the answer to them."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                writer.write(request)
                await writer.drain()
                status, headers, body = await _read(reader)
        except BaseException:
            self.close()
            raise
        if headers.get("connection") == "close":
            self.close()
        return Answer(
            status=status, headers=headers, body=body, began=began, ended=time.monotonic()
        )

    async def leave(self, beginning: bytes) -> None:
        """Send the beginning of a request and go away."""
        self.close()
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(beginning)
        await writer.drain()
        writer.close()

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _read(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    status = int(first.split(" ", 2)[1])
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return status, headers, await reader.readexactly(int(headers.get("content-length", 0)))


def _json(body: object) -> bytes:
    return json.dumps(body).encode()
