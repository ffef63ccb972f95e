"""The database of a project: the one its settings name, or the embedded one in its state folder."""

from collections.abc import Generator
from contextlib import contextmanager

from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.migrate import migrate


@contextmanager
def open_database(settings: Settings) -> Generator[Database]:
    """The migrated database for the block; an embedded server runs at least as long.

    Works beside other programs on the same state folder: they share the server.
    """
    if settings.database_url:
        database = Database.of(settings.database_url)
        migrate(database)
        yield database
        return
    with EmbeddedPostgres(settings.state) as server:
        database = server.database()
        migrate(database)
        yield database
