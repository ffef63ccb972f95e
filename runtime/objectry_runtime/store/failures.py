"""What psycopg and its pool raise, told in the executor's two words: refused, or unavailable."""

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from objectry_runtime.store.executor import DatabaseError, DatabaseUnavailable

# Classes and codes that say nothing about the statement: the connection broke (08), the server
# is out of something (53), an operator or a crash ended the session (57P..), a failover left us
# on a standby (25006), or the disk failed (58).
_UNAVAILABLE = ("08", "53", "57P", "25006", "58")


def failure(error: BaseException) -> DatabaseError | DatabaseUnavailable | None:
    """The executor's error for a driver's error; None when it is not the driver's."""
    match error:
        case PoolTimeout() | TooManyRequests():
            return DatabaseUnavailable("no database connection is free; try again shortly")
        case PoolClosed():
            return DatabaseUnavailable("the database connections are closed")
        case psycopg.Error():
            return _driver_failure(error)
        case _:
            return None


def _driver_failure(error: psycopg.Error) -> DatabaseError | DatabaseUnavailable:
    state = error.sqlstate or ""
    if state.startswith(_UNAVAILABLE):
        return DatabaseUnavailable(_message(error))
    if state:
        diag = error.diag
        return DatabaseError(
            state, _message(error), diag.constraint_name or "", diag.message_detail or ""
        )
    if isinstance(error, psycopg.DataError):  # psycopg itself refuses NUL in a text
        return DatabaseError("22021", _message(error))
    # Without a code it came from the wire: nobody knows whether the server went on.
    return DatabaseUnavailable(_message(error))


def _message(error: psycopg.Error) -> str:
    return error.diag.message_primary or str(error).strip().partition("\n")[0] or "unknown"
