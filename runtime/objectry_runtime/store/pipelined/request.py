"""What somebody waits for: a read, or a unit of statements, with parameters as the wire wants."""

from asyncio import Future
from collections.abc import Sequence

from psycopg.pq.abc import PGresult

from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable

# The protocol counts them in 16 bits.
PARAMS_MAX = 65_535

Params = list[bytes | None] | None
Step = tuple[str, Params]


class Request:
    """One read or unit on its way.

    `answer` takes the result of each step. `exchange`: the number of the one it
    is under way in, 0 while it waits. `alone`: share with
    nobody. `sent`: how many times it was sent. `dear`: a read that turned out to be slow. `undo`:
    end with ROLLBACK. `plain`: without prepared statements.
    """

    __slots__ = (
        "alone",
        "answer",
        "contended",
        "dear",
        "error",
        "exchange",
        "plain",
        "queued_at",
        "results",
        "sent",
        "steps",
        "undo",
    )

    def __init__(
        self,
        steps: Sequence[Step],
        answer: "Future[list[PGresult]]",
        *,
        undo: bool = False,
        contended: str = "",
    ) -> None:
        self.steps = steps
        self.answer = answer
        self.undo = undo
        self.contended = contended
        self.alone = False
        self.dear = False
        self.plain = False
        self.sent = 0
        self.queued_at = 0.0
        self.exchange = 0
        self.results: list[PGresult] = []
        self.error: DatabaseError | DatabaseUnavailable | None = None

    def fail(self, error: Exception) -> None:
        """Answer with an error, if anybody still waits."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def succeed(self) -> None:
        """Answer with the results, if anybody still waits."""
        if not self.answer.done():
            self.answer.set_result(self.results)

    @property
    def weight(self) -> int:
        """About how many bytes of parameters it sends."""
        return sum(len(value) for _, params in self.steps for value in params or () if value)


def step_of(statement: Bound) -> Step:
    """A statement with its parameters in bytes; DatabaseError for one that can't be sent.

    What libpq would refuse to send never comes to a connection: there it would break it.
    """
    sql, params = statement.sql, statement.params
    if "\0" in sql or not (sql.isascii() or _is_unicode(sql)):
        raise DatabaseError("22021", "the statement is not valid Unicode")
    if not params:
        return sql, None
    if len(params) > PARAMS_MAX:
        raise DatabaseError("54000", f"a statement has at most {PARAMS_MAX} parameters")
    try:
        encoded = [None if text is None else text.encode() for text in params]
    except UnicodeEncodeError as error:
        raise DatabaseError("22021", "the text is not valid Unicode") from error
    for value in encoded:
        if value is not None and b"\0" in value:
            raise DatabaseError("22021", "PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return sql, encoded


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
