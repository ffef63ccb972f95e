"""A sealed unit of any size comes through."""

import pytest

from objectry_runtime.store.executor import Bound, Executor

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("megabytes", [1, 8])
async def test_a_unit_larger_than_the_socket_takes_at_once_is_written(
    executor: Executor, megabytes: int
) -> None:
    """psycopg's pipeline would hang on it for ever."""
    heavy = "x" * (megabytes << 20)
    unit = [Bound("select length($1::text)::text", (heavy,)), Bound("select '1'")]
    assert await executor.write(unit) == [[(str(len(heavy)).encode(),)], [(b"1",)]]
