"""The suite on a real database, for tests: publish, then act as somebody with some roles."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from objectry.metadata.loader import load_tree
from objectry.registry import Release, make_release
from objectry.sdk import Plugin
from objectry.values.ids import new_id
from objectry_runtime.command import create, update
from objectry_runtime.host import Live, build_live, discover
from objectry_runtime.identity import Call, Principal
from objectry_runtime.publishing import ensure_first_release, live_release
from objectry_runtime.query import get_record, list_records
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.keyring import Keyring
from objectry_runtime.workflow import act

ROOT = Path(__file__).parents[2]
Json = dict[str, Any]  # a record as the API shows it


def suite_release() -> Release:
    """The shipped suite as a release."""
    loaded = load_tree(ROOT)
    assert () == tuple(loaded.findings)
    return make_release(loaded.definitions)


def publish(
    database: Database,
    release: Release,
    settings: dict[str, dict[str, object]] | None = None,
    plugins: Sequence[Plugin[Any]] | None = None,
) -> Live:
    """The release, live in the database, with the installed plugins or those given."""
    ensure_first_release(database, release, "test")
    published = live_release(database)
    assert published is not None
    return build_live(*published, discover() if plugins is None else plugins, settings or {})


def caller(live: Live, executor: Executor, *roles: str) -> Callable[[], Call]:
    """Gives fresh calls of one principal with these roles."""
    principal = Principal(
        tenant=1, tenant_name="default", user=new_id(), name="test", roles=frozenset(roles)
    )

    keyring = Keyring(b"0" * 32)

    def new_call() -> Call:
        now = datetime.now(UTC)
        return Call(
            live=live,
            executor=executor,
            keyring=keyring,
            principal=principal,
            now=now,
            today=now.date(),
            correlation=new_id(),
        )

    return new_call


class User:
    """Somebody who works with the suite, by object name and plain JSON values."""

    def __init__(self, live: Live, executor: Executor, *roles: str) -> None:
        self.new_call = caller(live, executor, *roles)

    async def create(self, object_name: str, /, **body: object) -> Json:
        """A new record."""
        answer = await create(self.new_call(), object_name, msgspec.json.encode(body))
        return _json(answer.body)

    async def update(self, object_name: str, record: Json, /, **body: object) -> Json:
        """The changed record."""
        answer = await update(self.new_call(), object_name, record["id"], msgspec.json.encode(body))
        return _json(answer.body)

    async def act(self, object_name: str, record: Json, action: str, /, **body: object) -> Json:
        """The record after a transition, or the new one of a conversion."""
        answer = await act(
            self.new_call(), object_name, record["id"], action, msgspec.json.encode(body)
        )
        return _json(answer.body)

    async def get(self, object_name: str, record: Json) -> Json:
        """The record as it is now."""
        return _json((await get_record(self.new_call(), object_name, record["id"], ())).body)

    async def list(self, object_name: str, /, **params: str) -> list[Json]:
        """Records by query parameters."""
        query = (*params.items(), ("limit", "500"))
        data: list[Json] = _json((await list_records(self.new_call(), object_name, query)).body)[
            "data"
        ]
        return data


def _json(body: bytes) -> Json:
    return msgspec.json.decode(body, type=dict[str, Any])
