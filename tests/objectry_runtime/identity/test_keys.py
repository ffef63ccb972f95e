"""API keys: what is kept, who is believed, for how long."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from objectry_runtime.identity import authenticate, create_key, revoke_key
from objectry_runtime.identity.authenticate import ProvenKeys
from objectry_runtime.problems import Problem
from objectry_runtime.store.executor import Executor

pytestmark = pytest.mark.anyio


async def refusal(executor: Executor, header: str) -> tuple[object, ...]:
    with pytest.raises(Problem) as refused:
        await authenticate(executor, header)
    problem = refused.value
    return (problem.status, problem.code, problem.title, problem.detail, problem.headers)


async def test_a_key_names_its_principal(owner_executor: Executor, executor: Executor) -> None:
    key = await create_key(owner_executor, "till", ["clerk", "cashier"])

    found = await authenticate(executor, f"Bearer {key}")

    assert re.fullmatch(r"ok_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", key)
    assert (found.tenant, found.tenant_name, found.name, found.roles) == (
        1,
        "default",
        "till",
        frozenset({"clerk", "cashier"}),
    )


async def test_two_keys_of_a_name_are_one_principal(
    owner_executor: Executor, executor: Executor
) -> None:
    first = await create_key(owner_executor, "till", ["clerk"])
    second = await create_key(owner_executor, "till", ["manager"])

    users = {(await authenticate(executor, f"Bearer {key}")).user for key in (first, second)}

    assert len(users) == 1


async def test_the_database_holds_nothing_that_could_be_sent(
    owner_executor: Executor, owner: psycopg.Connection
) -> None:
    key = await create_key(owner_executor, "till", ["clerk"])

    dump = str(owner.execute("select k::text from objectry.api_key k").fetchall())

    assert key not in dump
    assert key[12:] not in dump


async def test_every_reason_for_refusal_reads_the_same(
    owner_executor: Executor, executor: Executor
) -> None:
    revoked = await create_key(owner_executor, "a", ["clerk"])
    await revoke_key(owner_executor, revoked[3:11])
    past = datetime.now(UTC) - timedelta(seconds=1)
    expired = await create_key(owner_executor, "b", ["clerk"], expires_at=past)
    wrong_secret = (await create_key(owner_executor, "c", ["clerk"]))[:-1] + "!"
    other_secret = (await create_key(owner_executor, "d", ["clerk"]))[:12] + "A" * 43

    headers = ["", "Bearer", "Basic YTpi", "Bearer ok_", f"Bearer {wrong_secret}"]
    headers += [f"Bearer {key}" for key in (revoked, expired, other_secret)]
    answers = [await refusal(executor, header) for header in headers]

    assert {repr(answer) for answer in answers} == {repr(answers[0])}
    assert answers[0][0] == 401
    assert answers[0][4] == {"WWW-Authenticate": "Bearer"}


async def test_a_revoked_key_stops_working_within_a_second(
    owner_executor: Executor, executor: Executor
) -> None:
    seconds = [100.0]
    proven = ProvenKeys(clock=lambda: seconds[0])
    key = await create_key(owner_executor, "till", ["clerk"])
    before = await proven.find(executor, f"Bearer {key}")
    await revoke_key(owner_executor, key[3:11])
    seconds[0] += 1.0

    after = await proven.find(executor, f"Bearer {key}")

    assert (before is not None, after) == (True, None)


async def test_a_principal_that_is_switched_off_has_no_keys(
    owner_executor: Executor, executor: Executor, owner: psycopg.Connection
) -> None:
    key = await create_key(owner_executor, "till", ["clerk"])
    owner.execute("update objectry.principal set disabled_at = now()")

    answer = await refusal(executor, f"Bearer {key}")

    assert answer[0] == 401
