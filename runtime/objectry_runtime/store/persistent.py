"""Connecting again after a loss: soon at first, then with growing pauses, never giving up.

psycopg's pool waits 1, 3, 7, 15, 31 s after a loss, so that after an outage it stays away about as
long again; its connections are therefore made by a class that tries again by itself.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any, Self  # the arguments of connect() are psycopg's, passed on as they are

import psycopg
from psycopg import AsyncConnection

_PAUSE_MIN_S, _PAUSE_MAX_S = 0.05, 1.0


def pause(failures: int) -> float:
    """Seconds to wait before the next try, after so many that failed: longer each time, uneven."""
    longest = min(_PAUSE_MAX_S, _PAUSE_MIN_S * 2.0 ** min(failures, 10))
    return longest * random.uniform(0.5, 1.0)


def persistent(wanted: Callable[[], bool]) -> type[AsyncConnection[tuple[object, ...]]]:
    """A class of connections whose `connect` tries again for as long as one is `wanted`."""

    class Persistent(AsyncConnection[tuple[object, ...]]):
        @classmethod
        async def connect(cls, *args: Any, **kwargs: Any) -> Self:
            failures = 0
            while True:
                try:
                    return await super().connect(*args, **kwargs)
                except psycopg.OperationalError:
                    if not wanted():
                        raise
                await asyncio.sleep(pause(failures))
                failures += 1

    return Persistent
