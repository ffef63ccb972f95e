"""The load client, a process of its own: `python -m tests.performance.bench.client < job`.

It must take little of the two cores that server and database share: an `asyncio.Protocol` on
uvloop, requests prepared as bytes, of an answer only status and length looked at.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from typing import cast

import msgspec
import uvloop

from tests.performance.bench.job import BEGINS, ENDS, Job, Load

_clock = time.perf_counter


class Run:
    """One run: what its connections share."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.requests: Iterator[bytes] = iter(job.requests) if job.once else cycle(job.requests)
        self.times: list[float] = []
        self.sent = 0
        self.refused = 0
        self.refusal = ""
        self.over = False
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[None] = self._loop.create_future()
        self.seconds = self.cpu = self._began = self._cpu_began = 0.0
        self._busy = job.clients

    async def run(self) -> Load:
        """Connect, warm up, measure."""
        self.begin(say=False)
        loop = self._loop
        loop.call_later(self.job.warm_up, self.begin)
        ending = loop.call_later(self.job.warm_up + self.job.seconds, self.enough)
        for _ in range(self.job.clients):
            await loop.create_connection(lambda: Client(self), self.job.host, self.job.port)
        await asyncio.wait_for(self.done, self.job.warm_up + self.job.seconds + 30)
        ending.cancel()
        times = sorted(self.times)
        return Load(
            requests=len(times),
            seconds=self.seconds,
            p50=1000 * times[len(times) // 2],
            p99=1000 * times[int(len(times) * 0.99)],
            sent_in_all=self.sent,
            refused=self.refused,
            refusal=self.refusal,
            client_cpu_us=1e6 * self.cpu / len(times),
        )

    def begin(self, *, say: bool = True) -> None:
        """What was measured until now was the warm-up."""
        if say:
            _say(BEGINS)
        self.times.clear()
        self._cpu_began = _cpu()
        self._began = _clock()

    def enough(self) -> None:
        """The time is up; a run without any answer goes on to the first."""
        if self.times:
            self.end()
        else:
            self._loop.call_later(self.job.seconds / 4, self.enough)

    def end(self) -> None:
        """What is answered from now on is not measured."""
        if not self.over:
            self.over = True
            self.seconds = _clock() - self._began
            self.cpu = _cpu() - self._cpu_began
            _say(ENDS)

    def idle(self) -> None:
        """A connection has nothing more to do."""
        self._busy -= 1
        if self._busy == 0 and not self.done.done():
            self.end()  # unless it is over already: the requests ran out
            self.done.set_result(None)

    def broken(self, reason: str) -> None:
        """What was answered is no HTTP, or the connection was lost."""
        if not self.done.done():
            self.done.set_exception(RuntimeError(reason))


class Client(asyncio.Protocol):
    """One keep-alive connection: sends a request when the one before was answered."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._transport: asyncio.Transport
        self._buffer: bytes = b""  # the start of an answer whose head is not whole yet
        self._left: int = 0  # bytes of the body that are still to come
        self._at = 0.0
        self._satisfied = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        # A cast: uvloop's transports are none of asyncio's by class.
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Look at status and length; the last byte ends the measurement of a request."""
        if self._left:
            self._left -= len(data)
        else:
            if self._buffer:
                data = self._buffer + data
            head_end = data.find(b"\r\n\r\n")
            if head_end < 0:
                self._buffer = data
                return
            self._buffer = b""
            head = data[:head_end].lower()
            at = head.find(b"\r\ncontent-length:")
            if at < 0 or not head.startswith(b"http/1.1 "):
                self._run.broken(f"not an answer with a length: {data[:500]!r}")
                return
            at += 17
            end = head.find(b"\r", at)
            length = int(head[at:] if end < 0 else head[at:end])
            if head[9:10] != b"2":
                self._run.refused += 1
                self._run.refusal = self._run.refusal or data[:2000].decode(errors="replace")
            self._left = head_end + 4 + length - len(data)
        if self._left == 0:
            if not self._run.over:
                self._run.times.append(_clock() - self._at)
            self._send()
        elif self._left < 0:
            self._run.broken("an answer is longer than its content-length")

    def connection_lost(self, exc: Exception | None) -> None:
        """Only we close connections."""
        if not self._satisfied:
            self._run.broken(f"the server closed a connection: {exc}")

    def _send(self) -> None:
        run = self._run
        request = None if run.over else next(run.requests, None)
        if request is None:
            self._satisfied = True
            self._transport.close()
            run.idle()
            return
        run.sent += 1
        self._at = _clock()
        self._transport.write(request)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


async def _main() -> None:
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    _say(msgspec.json.encode(await Run(job).run()) + b"\n")


if __name__ == "__main__":
    uvloop.run(_main())
