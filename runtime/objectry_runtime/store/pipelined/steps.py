"""What a link waits for: one entry for each thing sent that the server answers by itself."""

from typing import final

from objectry_runtime.store.pipelined.exchange import Exchange
from objectry_runtime.store.pipelined.prepared import Prepared
from objectry_runtime.store.pipelined.request import Request


@final
class Execute:
    """A statement; `request` is None for one whose rows nobody wants."""

    __slots__ = ("exchange", "prepared", "request")

    def __init__(
        self, exchange: Exchange, request: Request | None, prepared: Prepared | None
    ) -> None:
        self.exchange = exchange
        self.request = request
        self.prepared = prepared


@final
class Prepare:
    """A PREPARE, always followed by a Sync of its own."""

    __slots__ = ("prepared",)

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared


@final
class Close:
    """A prepared statement given back; what the server says to it changes nothing."""

    __slots__ = ()


@final
class Undo:
    """The ROLLBACK of a dry run, sent behind the Sync of its statements: it runs in any case."""

    __slots__ = ()


@final
class Sync:
    """The end of a transaction, and of `exchange` unless more of it follows."""

    __slots__ = ("exchange",)

    def __init__(self, exchange: Exchange | None) -> None:
        self.exchange = exchange


AnyStep = Execute | Prepare | Close | Undo | Sync
