"""What a conversion asks of a service that lives elsewhere: the record to make, word for word."""

from typing import Any  # values as `exact_json` writes them

import msgspec


class Requester(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked, as far as the target's service must know."""

    tenant_name: str
    user: str
    name: str
    roles: tuple[str, ...]


class RequestedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line to make: its id, its values, and which line of which record it is made from."""

    id: str
    of: str
    line: str
    values: dict[str, Any]


class ConversionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A record to make: its id, its values, what it is made from, and for whom."""

    tenant: int
    target: str
    target_object: str
    source_object: str
    sources: tuple[str, ...]
    conversion: str
    values: dict[str, Any]
    table: str = ""
    lines: tuple[RequestedLine, ...] = ()
    requester: Requester
    correlation: str = ""
    causation: str = ""
