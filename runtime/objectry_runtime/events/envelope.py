"""The CloudEvents 1.0 envelope."""

from collections.abc import Mapping

import msgspec


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the outbox and the history row it refers to tell it."""

    uid: str
    type: str
    service: str
    object: str
    record: str
    version: str
    time: str
    tenant: str
    actor: str
    release: str
    correlation: str
    causation: str


def envelope(event: Occurrence, data: Mapping[str, object]) -> dict[str, object]:
    """The event as subscribers read it. Attributes without a value are left out, as the
    specification asks; `sequence` is the record's version: order per record is order by it."""
    attributes = {
        "specversion": "1.0",
        "id": event.uid,
        "type": event.type,
        "source": f"/services/{event.service}",
        "subject": f"{event.object}/{event.record}",
        "time": event.time,
        "datacontenttype": "application/json",
        "tenant": event.tenant,
        "sequence": event.version,
        "actor": event.actor,
        "correlationid": event.correlation,
        "causationid": event.causation,
        "release": event.release,
    }
    return {**{name: text for name, text in attributes.items() if text}, "data": dict(data)}
