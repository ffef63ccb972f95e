"""The demo story: entered through the command path, once, and worth looking at."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from objectry.metadata.loader import load_documents, load_tree
from objectry.registry import Release, make_release
from objectry.values.ids import new_id
from objectry_runtime.host import build_live, discover
from objectry_runtime.identity import Call, Principal
from objectry_runtime.publishing import ensure_first_release, live_release
from objectry_runtime.query import list_records
from objectry_runtime.services.demo import load
from objectry_runtime.store.database import Database
from objectry_runtime.store.keyring import Keyring
from objectry_runtime.store.pool import PoolExecutor

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[3]


def calls(database: Database, executor: PoolExecutor, release: Release) -> Callable[[], Call]:
    """Publishes a release and gives fresh calls of an admin on it."""
    ensure_first_release(database, release, "test")
    published = live_release(database)
    assert published is not None
    live = build_live(*published, discover(), {})
    principal = Principal(
        tenant=1, tenant_name="default", user=new_id(), name="demo", roles=frozenset({"admin"})
    )

    def new_call() -> Call:
        now = datetime.now(UTC)
        return Call(
            live=live,
            executor=executor,
            keyring=Keyring(b"0" * 32),
            principal=principal,
            now=now,
            today=now.date(),
            correlation=new_id(),
        )

    return new_call


async def rows(call: Call, name: str, **params: str) -> list[dict[str, Any]]:
    answer = await list_records(call, name, (*params.items(), ("limit", "500")))
    data: list[dict[str, Any]] = msgspec.json.decode(answer.body)["data"]
    return data


async def test_the_story_is_told_once(database: Database, executor: PoolExecutor) -> None:
    """Documents in every state, something overdue today; a second start changes nothing."""
    suite = load_tree(ROOT)
    assert () == tuple(suite.findings)
    new_call = calls(database, executor, make_release(suite.definitions))
    assert await load(new_call)
    told = {
        name: Counter(row["status"] for row in await rows(new_call(), name))
        for name in ("customer", "offer", "order", "delivery_note", "invoice", "payment")
    }
    expected = {
        "customer": {"active": 11, "suspended": 1},
        "offer": {
            "accepted": 5,
            "sent": 2,
            "submitted": 1,
            "draft": 1,
            "expired": 1,
            "rejected": 1,
        },
        "order": {"fulfilled": 3, "confirmed": 2, "draft": 1},
        "delivery_note": {"delivered": 4, "shipped": 1, "draft": 1},
        "invoice": {"paid": 1, "issued": 3, "draft": 1},
        "payment": {"allocated": 2, "received": 1},
    }
    assert expected == told
    overdue = await rows(new_call(), "invoice", days_overdue__gt="0", sort="due_date")
    assert [63, 16] == [row["days_overdue"] for row in overdue]
    numbers = sorted(
        row["number"] for row in await rows(new_call(), "invoice", number__isnull="false")
    )
    assert ["00001", "00002", "00003", "00004"] == [number.rsplit("-", 1)[1] for number in numbers]

    assert not await load(new_call)
    assert 12 == len(await rows(new_call(), "customer"))


async def test_another_project_gets_no_demo_data(
    database: Database, executor: PoolExecutor
) -> None:
    """Where the suite's objects are not, there is nothing to tell."""
    loaded = load_documents({"a.yaml": "service: desk\n---\nobject: ticket\nservice: desk\n"
                                       "fields:\n  subject: {type: text}\n"})  # fmt: skip
    assert () == tuple(loaded.findings)
    new_call = calls(database, executor, make_release(loaded.definitions))
    assert not await load(new_call)
