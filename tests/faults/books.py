"""What an executor promised, write by write, and whether the table agrees.

Every write inserts a token of its own into a table that would take it twice. Afterwards: what was
acknowledged is there once; what was refused is not; what nobody knows may be.
"""

from collections import Counter
from collections.abc import Sequence

import psycopg

from objectry_runtime.store.executor import Bound, DatabaseError, DatabaseUnavailable, Executor

UNAVAILABLE = "unavailable"


def put(token: str) -> Bound:
    """Insert a token and get it back."""
    return Bound("insert into faults.token values ($1::text) returning token", (token,))


def echo(token: str) -> Bound:
    """A read whose answer belongs to this request alone."""
    return Bound("select $1::text", (token,))


class Books:
    """The books of one executor, whose tokens all begin with `prefix`.

    `wrong` lists answers that belong to somebody else.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.kept: set[str] = set()
        self.absent: set[str] = set()
        self.unknown: set[str] = set()
        self.wrong: list[str] = []
        self._tokens = 0

    def token(self) -> str:
        """One that was not used yet."""
        self._tokens += 1
        return f"{self._prefix}{self._tokens}"

    async def write(
        self,
        executor: Executor,
        *,
        first: Sequence[Bound] = (),
        then: Sequence[Bound] = (),
        contended: str = "",
        keep: bool = True,
    ) -> str:
        """Write a token amid other statements: "" when acknowledged, else what was said of it."""
        token = self.token()
        self.unknown.add(token)  # so it stays for a cancelled caller
        unit = [*first, put(token), *then]
        try:
            answers = await executor.write(unit, keep=keep, contended=contended)
        except DatabaseUnavailable:
            return UNAVAILABLE
        except DatabaseError as error:
            self._settle(token, self.absent)
            return error.sqlstate
        self._settle(token, self.kept if keep else self.absent)
        if len(answers) != len(unit) or answers[len(first)] != [(token.encode(),)]:
            self.wrong.append(f"{token}: {answers!r}")
        return ""

    async def read(self, executor: Executor) -> str:
        """Read a token back: "" when answered, else what was said of it."""
        token = self.token()
        return await self.ask(executor, echo(token), token)

    async def ask(self, executor: Executor, statement: Bound, expected: str) -> str:
        """Read what must answer one row with this one text."""
        try:
            answer = await executor.read(statement)
        except DatabaseUnavailable:
            return UNAVAILABLE
        except DatabaseError as error:
            return error.sqlstate
        if list(answer) != [(expected.encode(),)]:
            self.wrong.append(f"{statement.sql} {expected}: {str(answer)[:200]}")
        return ""

    def balance(self, owner: psycopg.Connection) -> None:
        """Compare with the table."""
        rows = owner.execute(
            "select token from faults.token where starts_with(token, %s)", (self._prefix,)
        )
        there = Counter(token for (token,) in rows)
        assert [] == self.wrong, "answers that belong to another request"
        assert [] == sorted(self.kept - there.keys()), "acknowledged and lost"
        assert [] == sorted(self.absent & there.keys()), "reported as not done, and done"
        assert [] == sorted(there.keys() - self.kept - self.unknown), "done by nobody"
        assert [] == [token for token, times in there.items() if times > 1], "done twice"

    def _settle(self, token: str, where: set[str]) -> None:
        self.unknown.discard(token)
        where.add(token)
