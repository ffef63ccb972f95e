"""How a lane gets a connection."""

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor, conninfo

from objectry_runtime.store.database import with_options
from objectry_runtime.store.statements import Connection

# A peer that vanished without a word must be noticed; what the address says has precedence.
_KEEPALIVE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "40000",
}


def lane_dsn(dsn: str, *settings: str) -> str:
    """The address of a lane's connections, with server settings (`name=value`) of their own."""
    words = conninfo.conninfo_to_dict(dsn)
    missing = {name: value for name, value in _KEEPALIVE.items() if name not in words}
    if words.get("target_session_attrs") == "read-write":
        # The same server, told by its state: a lane may make its own sessions read-only, and
        # libpq would then find that none of the hosts takes writes.
        missing["target_session_attrs"] = "primary"
    return with_options(conninfo.make_conninfo(dsn, **missing), *settings)


async def connect(dsn: str) -> Connection:
    """Connect without blocking the loop: hosts, TLS, passwords and time-outs as libpq has them."""
    connection: Connection = await AsyncConnection.connect(
        dsn, autocommit=True, cursor_factory=AsyncRawCursor
    )
    return connection


def reason_of(error: Exception) -> str:
    """Why a connection could not be made, in a line."""
    if isinstance(error, psycopg.Error | OSError):
        return str(error).strip().replace("\n", "; ")
    return f"{type(error).__name__}: {error}"
