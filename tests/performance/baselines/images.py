"""What both hand-written servers write beside a record: history and event, as plain values."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid4, uuid7

from tests.performance.baselines.bodies import NewCustomer, WholeOrder
from tests.performance.baselines.tables import TENANT

RELEASE = "baseline"


class Change(msgspec.Struct, kw_only=True):
    """A new version of a record: what, by whom, when, and how its event is called."""

    object: str
    service: str
    version: int
    op: str
    user: UUID
    at: datetime
    event: str
    record: NewCustomer | WholeOrder
    before: Mapping[str, object] = {}
    action: str | None = None


def history_row(change: Change) -> dict[str, object]:
    """The row of `objectry.history`: the whole image and what differs."""
    image: dict[str, object] = msgspec.to_builtins(change.record)
    return {
        "tenant_id": TENANT,
        "object": change.object,
        "record_id": change.record.id,
        "version": change.version,
        "op": change.op,
        "action": change.action,
        "at": change.at,
        "actor": change.user,
        "release": RELEASE,
        "correlation": str(uuid4()),
        "record": image,
        "changes": {
            name: {"from": change.before.get(name), "to": value}
            for name, value in image.items()
            if name not in _STAMPS and change.before.get(name) != value
        },
    }


def event_row(change: Change) -> dict[str, object]:
    """The row of `objectry.event`."""
    return {
        "tenant_id": TENANT,
        "uid": uuid7(),
        "type": change.event,
        "service": change.service,
        "object": change.object,
        "record_id": change.record.id,
        "version": change.version,
    }


_STAMPS = frozenset({"id", "created_at", "created_by", "updated_at", "updated_by"})
