"""One consistent look at all data: a read-only snapshot beside whatever is being written."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import psycopg
from psycopg import RawCursor, RawServerCursor

from objectry_runtime.host.live import Live
from objectry_runtime.query.render import quote
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Bound
from objectry_runtime.store.keyring import Keyring

BATCH = 1000

Texts = tuple[str | None, ...]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One invariant that does not hold: of which record, and how."""

    check: str
    object: str
    tenant: str
    record: str
    message: str


class View:
    """The data as of one moment. Every row comes as texts; memory stays constant."""

    def __init__(
        self, connection: psycopg.Connection, live: Live, keyring: Keyring | None = None
    ) -> None:
        """`keyring` opens what is sealed, where somebody looks into that."""
        self.live = live
        self.keyring = keyring
        self._connection = connection
        self._streams = 0

    @property
    def own_objects(self) -> list[str]:
        """The objects whose records live here: of replicas their owner's database is asked."""
        definitions = self.live.model.definitions.objects
        return sorted(name for name, one in definitions.items() if not one.replica)

    def all(self, statement: Bound) -> list[Texts]:
        """All rows of a small result."""
        with RawCursor(self._connection) as cursor:
            cursor.execute(statement.sql.encode(), list(statement.params))
            return [_texts(row) for row in cursor.fetchall()]

    def stream(self, statement: Bound) -> Iterator[Texts]:
        """The rows of a result of any size."""
        self._streams += 1
        with RawServerCursor(self._connection, f"verify{self._streams}") as cursor:
            cursor.itersize = BATCH
            cursor.execute(statement.sql.encode(), list(statement.params))
            for row in cursor:
                yield _texts(row)

    def table(self, object_name: str) -> str:
        """The qualified, quoted table of an object."""
        storage = self.live.storage.objects[object_name]
        return f"{quote(storage.schema)}.{quote(storage.table)}"

    def column(self, object_name: str, field: str) -> str:
        """The quoted column of a stored field."""
        return quote(self.live.storage.objects[object_name].columns[field])


@contextmanager
def look(database: Database, live: Live, keyring: Keyring | None = None) -> Generator[View]:
    """Open a view for the block."""
    with database.connect_owner(autocommit=False) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield View(connection, live, keyring)
        connection.rollback()


def _texts(row: Sequence[object]) -> Texts:
    return tuple(None if value is None else str(value) for value in row)
