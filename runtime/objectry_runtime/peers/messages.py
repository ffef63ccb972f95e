"""What services say to each other: the bodies of the internal API, as JSON."""

from typing import Any

import msgspec

from objectry_runtime.command.requested import ConversionRequest

Position = tuple[str, str, str]  # epoch, xid, id of an event
START: Position = ("0", "0", "0")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an object: its fields, and of its table fields those of the lines."""

    fields: tuple[str, ...]
    tables: dict[str, tuple[str, ...]] = {}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line as its owner has it; `values` are PostgreSQL's text forms."""

    id: str
    position: int
    values: dict[str, str | None]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record as its owner has it now, or that it is `gone`; `into`: merged into that one."""

    tenant: int
    object: str
    id: str
    version: int
    gone: bool = False
    into: str = ""
    values: dict[str, str | None] = {}
    lines: dict[str, list[Line]] = {}


class FollowRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which records changed after the cursor (tenant → position)?"""

    objects: dict[str, Wanted]
    cursor: dict[str, Position] = {}


class FollowPage(msgspec.Struct, frozen=True, kw_only=True):
    """Those that did, each once and as it is now; `more`: there is another page."""

    records: list[Record]
    cursor: dict[str, Position]
    more: bool = False


class LookupRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Records by their ids."""

    tenant: int
    object: str
    wanted: Wanted
    ids: list[str]


class LookupAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Those of them that there are."""

    records: list[Record]


class PullRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which records of these objects are to be made?"""

    objects: tuple[str, ...]


class PullAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The oldest of them."""

    requests: list[ConversionRequest]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request: the record is `made`, or `refused` for the `problem`."""

    tenant: int
    target: str
    state: str
    problem: dict[str, Any] | None = None


class SettleRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What became of requests."""

    outcomes: list[Outcome]


class IdentityRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Who may sign in, if that is not what the hash `known` names?"""

    known: str = ""


class IdentityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All tenants, principals and keys as rows of text by column, and their hash."""

    hash: str
    tables: dict[str, list[dict[str, Any]]] = {}


class ServedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is served there?"""


class ServedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The paths of the objects that each service of the process serves, and the release."""

    release: str
    services: dict[str, list[str]]
