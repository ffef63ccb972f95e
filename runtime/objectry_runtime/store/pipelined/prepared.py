"""The statements prepared on one connection: a bounded number, the longest unused go first."""

from collections import OrderedDict
from itertools import count

from objectry_runtime.store.executor import DatabaseError, DatabaseUnavailable


class Prepared:
    """One prepared statement; `error` is what its PREPARE was answered, if it was refused."""

    __slots__ = ("error", "name", "sql")

    def __init__(self, name: bytes, sql: str) -> None:
        self.name = name
        self.sql = sql
        self.error: DatabaseError | DatabaseUnavailable | None = None


class PreparedStatements:
    """Those of one connection, by text."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._by_sql: OrderedDict[str, Prepared] = OrderedDict()
        self._numbers = count(1)
        self._dropped: list[Prepared] = []

    def find(self, sql: str) -> Prepared | None:
        """The statement, if it is prepared; it counts as used now."""
        prepared = self._by_sql.get(sql)
        if prepared is not None:
            self._by_sql.move_to_end(sql)
        return prepared

    def add(self, sql: str) -> Prepared:
        """A new one, to be prepared under its name."""
        prepared = self._by_sql[sql] = Prepared(b"o%d" % next(self._numbers), sql)
        return prepared

    def drop(self, prepared: Prepared, *, exists: bool = True) -> None:
        """Prepare this text anew when it is next used; `exists`: the server still holds it."""
        if self._by_sql.get(prepared.sql) is prepared:
            del self._by_sql[prepared.sql]
            if exists:
                self._dropped.append(prepared)

    def surplus(self, used: int) -> list[Prepared]:
        """Those to close now; never one of the `used` statements that were asked for last."""
        dropped, self._dropped = self._dropped, []
        while len(self._by_sql) > max(self.most, used):
            dropped.append(self._by_sql.popitem(last=False)[1])
        return dropped
