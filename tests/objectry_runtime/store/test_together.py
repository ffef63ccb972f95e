"""Many units in one transaction: each is undone by itself, all are kept together."""

import pytest

from objectry_runtime.store.executor import Bound, DatabaseError, Executor
from objectry_runtime.store.together import Together

pytestmark = pytest.mark.anyio


def put(key: str) -> Bound:
    return Bound(
        "insert into objectry.series (tenant_id, series, key, value) values (1, 's', $1, 1)", (key,)
    )


KEYS = Bound("select coalesce(string_agg(key, ' ' order by key), '') from objectry.series")


async def test_a_unit_that_fails_or_is_not_kept_is_undone_alone(executor: Executor) -> None:
    async with executor.transaction() as transaction:
        together = Together(transaction)
        await together.write([put("a")])
        with pytest.raises(DatabaseError):
            await together.write([put("b"), put("a")])
        await together.write([put("c")], keep=False)
        async with together.transaction(keep=False) as inner:
            await inner.run(put("d"))
        await together.write([put("e")])
        assert [(b"a e",)] == await together.read(KEYS)
    assert [(b"a e",)] == await executor.read(KEYS)


async def test_all_go_with_the_transaction(executor: Executor) -> None:
    async with executor.transaction(keep=False) as transaction:
        await Together(transaction).write([put("a")])
    assert [(b"",)] == await executor.read(KEYS)
