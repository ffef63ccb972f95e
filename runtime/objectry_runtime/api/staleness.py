"""Reads that may be stale: `Cache-Control: max-stale` asked, `Age` answered (RFC 9111)."""

import math
from collections.abc import Awaitable, Callable, Iterator

import msgspec

from objectry_runtime.api.asgi import Headers
from objectry_runtime.identity import Call
from objectry_runtime.problems import Problem
from objectry_runtime.query import Answer
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.hosts import Hosts, StaleReads


async def read(
    executor: Executor, headers: Headers, call: Call, ask: Callable[[Call], Awaitable[Answer]]
) -> Answer:
    """The answer of `ask`, from a replica where the request allows it and one is fit.

    Only success is told from a replica: what is not there, or not allowed, may be by now.
    """
    reads = _stale_reads(executor, headers, call)
    if reads is None:
        return await ask(call)
    try:
        answer = await ask(msgspec.structs.replace(call, executor=reads))
    except Problem:
        if reads.age is None:
            raise
        return await ask(call)
    if reads.age is None:
        return answer
    return msgspec.structs.replace(answer, headers={**answer.headers, "Age": str(reads.age)})


def max_stale(cache_control: str) -> float | None:
    """How many seconds behind the answer may be: infinity without a number, None for not at all.

    What can't be understood asks for nothing; of two bounds the smaller holds.
    """
    accepted: float | None = None
    for name, value in _directives(cache_control):
        if name in ("no-cache", "min-fresh"):
            return None
        if name == "max-stale":
            bound = _seconds(value)
            if bound is not None:
                accepted = bound if accepted is None else min(accepted, bound)
    return accepted


def _stale_reads(executor: Executor, headers: Headers, call: Call) -> StaleReads | None:
    given = headers.get("cache-control")
    if not given or not isinstance(executor, Hosts):
        return None
    seconds = max_stale(given)
    return None if seconds is None else executor.reads(seconds, call.live.release.id)


def _directives(cache_control: str) -> Iterator[tuple[str, str | None]]:
    for directive in cache_control.split(","):
        name, equals, value = directive.strip().partition("=")
        yield name.strip().lower(), value.strip().strip('"') if equals else None


def _seconds(value: str | None) -> float | None:
    if value is None:
        return math.inf
    return float(value) if value.isascii() and value.isdigit() else None
