"""The executors there are, by the name that the setting `executor` takes."""

from collections.abc import Mapping
from typing import Protocol

from objectry_runtime.store.executor import Executor
from objectry_runtime.store.pipelined.executor import PipelinedExecutor
from objectry_runtime.store.pool import PoolExecutor


class MakeExecutor(Protocol):
    """What builds an executor; it is opened by whoever asked for it.

    `size`: connections at most; `pool_timeout`: seconds a request waits for one;
    `statement_timeout`: seconds one statement may run; `prepared_max`: prepared statements kept
    per connection (0: none, as some proxies want).
    """

    def __call__(
        self,
        dsn: str,
        *,
        size: int = 8,
        pool_timeout: float = 10.0,
        statement_timeout: float = 30.0,
        prepared_max: int = 200,
    ) -> Executor:
        """Build one."""
        ...


EXECUTORS: Mapping[str, MakeExecutor] = {
    "pool": PoolExecutor,
    "pipelined": PipelinedExecutor,
}
