"""What both hand-written servers write beside a record: history and event, as plain values."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from uuid_utils.compat import uuid4, uuid7

from tests.performance.baselines.bodies import NewCustomer, WholeOrder
from tests.performance.baselines.tables import TENANT

RELEASE = "baseline"
Image = Mapping[str, object]


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
    before: Image = {}
    action: str | None = None


def customer_created(record: NewCustomer, user: UUID, at: datetime) -> Change:
    """A customer was made."""
    return Change(
        object="customer",
        service="customers",
        version=1,
        op="create",
        user=user,
        at=at,
        event="CustomerCreated",
        record=record,
    )


def order_created(record: WholeOrder, user: UUID, at: datetime) -> Change:
    """An order was made."""
    return Change(
        object="order",
        service="orders",
        version=1,
        op="create",
        user=user,
        at=at,
        event="OrderCreated",
        record=record,
    )


def order_changed(
    record: WholeOrder, before: Image, version: int, user: UUID, at: datetime, *, confirmed: bool
) -> Change:
    """An order was changed or confirmed; `version` is the new one."""
    return Change(
        object="order",
        service="orders",
        version=version,
        op="update",
        user=user,
        at=at,
        event="OrderConfirmed" if confirmed else "OrderUpdated",
        record=record,
        before=before,
        action="confirm" if confirmed else None,
    )


def image(record: NewCustomer | WholeOrder) -> dict[str, object]:
    """The record as history keeps it."""
    values: dict[str, object] = msgspec.to_builtins(record)
    return values


def history_row(change: Change) -> dict[str, Any]:
    """The row of `objectry.history`: the whole image and what differs."""
    record = image(change.record)
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
        "record": record,
        "changes": {
            name: {"from": change.before.get(name), "to": value}
            for name, value in record.items()
            if name not in _STAMPS and change.before.get(name) != value
        },
    }


def event_row(change: Change) -> dict[str, Any]:
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
