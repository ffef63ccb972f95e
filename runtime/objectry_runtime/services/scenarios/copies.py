"""Databases that hold a release and no records, each a copy of one that is kept for the next time.

Making the tables of a release takes longer than telling its scenarios; copying them does not.
"""

import hashlib
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import LiteralString

from psycopg import sql

import objectry
from objectry.registry import Release
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.store.database import Database, OwnerConnection
from objectry_runtime.store.embedded import EmbeddedPostgres
from objectry_runtime.store.migrate import migrate, migrations_folder

AUTHOR = "objectry test"
# Nothing here is worth a wait for the disk.
_CARELESS = ("fsync", "synchronous_commit", "full_page_writes")
_MAKING = 20260  # the advisory lock of whoever makes the database that is copied


@contextmanager
def copied(folder: Path, release: Release) -> Generator[Database]:
    """A database with the release, for the block; its server is that of the folder."""
    with (
        EmbeddedPostgres(folder) as server,
        server.database("postgres").connect_owner() as owner,
    ):
        kept = _kept(server, owner, release)
        name = f"told_{uuid.uuid4().hex[:12]}"
        _run(owner, "create database {} template {}", name, kept)
        try:
            yield server.database(name)
        finally:
            _run(owner, "drop database {} with (force)", name)


def _kept(server: EmbeddedPostgres, owner: OwnerConnection, release: Release) -> str:
    """The name of the database that is copied, made if it isn't there; older ones go."""
    name = f"kept_{_fingerprint(release)}"
    owner.execute("select pg_advisory_lock(%s)", (_MAKING,))
    try:
        rows = owner.execute(r"select datname from pg_database where datname like 'kept\_%'")
        found = {row[0] for row in rows}
        if name in found:
            return name
        for old in found:
            _run(owner, "drop database {} with (force)", old)
        for setting in _CARELESS:
            _run(owner, "alter system set {} = off", setting)
        owner.execute("select pg_reload_conf()")
        making = f"making_{uuid.uuid4().hex[:12]}"
        _run(owner, "create database {}", making)
        migrate(server.database(making))
        ensure_first_release(server.database(making), release, author=AUTHOR)
        # Only what is whole bears the name: whoever is killed before leaves nothing to copy.
        _run(owner, "alter database {} rename to {}", making, name)
    finally:
        owner.execute("select pg_advisory_unlock(%s)", (_MAKING,))
    return name


def _fingerprint(release: Release) -> str:
    """Of the release, and of the code that makes tables of it."""
    sources = [
        *Path(str(files(objectry))).rglob("*.py"),
        *migrations_folder().rglob("*.py"),
    ]
    newest = max((one.stat().st_mtime_ns for one in sources), default=0)
    return hashlib.blake2b(f"{release.id} {newest}".encode(), digest_size=8).hexdigest()


def _run(owner: OwnerConnection, statement: LiteralString, *names: str) -> None:
    owner.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
