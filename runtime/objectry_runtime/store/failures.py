"""What libpq, psycopg and its pool say, in the executor's two words: refused, or unavailable."""

import psycopg
from psycopg.pq import DiagnosticField
from psycopg.pq.abc import PGresult
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from objectry_runtime.store.executor import DatabaseError, DatabaseUnavailable

# Classes and codes that say nothing about the statement: the connection broke (08), the server
# is out of something (53), an operator or a crash ended the session (57P..), a failover left us
# on a standby (25006), or the disk failed (58).
_READ_ONLY = "25006"
_UNAVAILABLE = ("08", "53", "57P", _READ_ONLY, "58")

Refusal = DatabaseError | DatabaseUnavailable


class StalePlan(DatabaseError):
    """A prepared statement must be prepared again: its tables changed, or the server forgot it."""


def failure(error: BaseException) -> Refusal | None:
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


def refusal(result: PGresult, *, read_only: bool = False) -> Refusal:
    """The executor's error for a result that libpq reports as an error.

    In a session that is `read_only` by our own wish, a statement that writes is at fault itself;
    in any other the server became a standby.
    """
    state = _field(result, DiagnosticField.SQLSTATE)
    message = _field(result, DiagnosticField.MESSAGE_PRIMARY) or _first_line(
        result.get_error_message()
    )
    ours = read_only and state == _READ_ONLY
    if not state or (state.startswith(_UNAVAILABLE) and not ours):
        return DatabaseUnavailable(message)
    stale = state == "26000" or (
        state == "0A000"
        # The message is in the server's language, the name of the function is not.
        and _field(result, DiagnosticField.SOURCE_FUNCTION) == "RevalidateCachedQuery"
    )
    return (StalePlan if stale else DatabaseError)(
        state,
        message,
        _field(result, DiagnosticField.CONSTRAINT_NAME),
        _field(result, DiagnosticField.MESSAGE_DETAIL),
    )


def _field(result: PGresult, field: DiagnosticField) -> str:
    return (result.error_field(field) or b"").decode(errors="replace")


def _driver_failure(error: psycopg.Error) -> Refusal:
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
    return error.diag.message_primary or _first_line(str(error))


def _first_line(message: str) -> str:
    return message.strip().partition("\n")[0] or "unknown"
