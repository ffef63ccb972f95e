"""How a lane gets a connection."""

from psycopg import AsyncConnection, AsyncRawCursor, conninfo

from objectry_runtime.store.database import with_options
from objectry_runtime.store.statements import Connection


def lane_dsn(dsn: str, *settings: str) -> str:
    """The address of a lane's connections, with server settings (`name=value`) of their own."""
    words = conninfo.conninfo_to_dict(dsn)
    if words.get("target_session_attrs") == "read-write":
        # The same server, told by its state: a lane may make its own sessions read-only, and
        # libpq would then find that none of the hosts takes writes.
        dsn = conninfo.make_conninfo(dsn, target_session_attrs="primary")
    return with_options(dsn, *settings)


async def connect(dsn: str) -> Connection:
    """Connect without blocking the loop: hosts, TLS, passwords and time-outs as libpq has them."""
    connection: Connection = await AsyncConnection.connect(
        dsn, autocommit=True, cursor_factory=AsyncRawCursor
    )
    return connection


def reason_of(error: Exception) -> str:
    """Why a connection could not be made, in a line."""
    return str(error).strip().replace("\n", "; ")
