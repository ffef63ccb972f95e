"""The Release store: every publication is a row, one row says which is live."""

import asyncio
from binascii import unhexlify
from datetime import datetime

import msgspec

from objectry.registry import Release, StorageMap
from objectry_runtime.store.database import Database, OwnerConnection
from objectry_runtime.store.executor import Bound, Transaction

CHANNEL = "objectry_live"

_LIVE = (
    "select r.sequence, r.snapshot, r.storage "
    "from objectry.live l join objectry.release r using (sequence)"
)
_STORAGE = msgspec.msgpack.Decoder(StorageMap)


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """One publication, as the list of releases shows it."""

    sequence: int
    release: str
    parent: int | None
    author: str
    message: str
    published_at: datetime
    live: bool


class LiveRow(msgspec.Struct, frozen=True, kw_only=True):
    """The publication that is live; `sequence` changes with every switch."""

    sequence: int
    release: Release
    storage: StorageMap


def live_release(database: Database) -> tuple[Release, StorageMap] | None:
    """What is served, and where it lies; None on a database nothing was published to."""
    with database.connect_owner() as connection:
        row = live_row(connection)
    return None if row is None else (row.release, row.storage)


def releases(database: Database) -> tuple[Published, ...]:
    """All publications, the newest first."""
    with database.connect_owner() as connection:
        rows = connection.execute(
            "select r.sequence, r.id, r.parent, r.author, r.message, r.published_at, "
            "l.sequence is not null from objectry.release r "
            "left join objectry.live l using (sequence) order by r.sequence desc"
        ).fetchall()
    return tuple(
        Published(
            sequence=sequence,
            release=release,
            parent=parent,
            author=author,
            message=message,
            published_at=published_at,
            live=live,
        )
        for sequence, release, parent, author, message, published_at, live in rows
    )


def live_row(connection: OwnerConnection) -> LiveRow | None:
    """The live publication over an open connection of the owner."""
    row = connection.execute(_LIVE.encode()).fetchone()
    return None if row is None else _live_row(row[0], row[1], row[2])


def note_source(database: Database, release: str, source: str) -> None:
    """Note the hash of the files that the live release was made from, if it still is `release`."""
    with database.connect_owner() as connection:
        connection.execute(
            "update objectry.release r set source = %s from objectry.live l "
            "where r.sequence = l.sequence and r.id = %s and r.source <> %s",
            (source, release, source),
        )


def live_source(database: Database) -> str:
    """The hash of the files that the live release was made from, "" where nobody noted it."""
    with database.connect_owner() as connection:
        row = connection.execute(
            "select r.source from objectry.live l join objectry.release r using (sequence)"
        ).fetchone()
    return "" if row is None else str(row[0])


async def live_sequence(connection: Transaction) -> tuple[int, str] | None:
    """Which publication is live: its sequence and the release's id."""
    rows = await connection.run(
        Bound(
            "select r.sequence, r.id from objectry.live l join objectry.release r using (sequence)"
        )
    )
    return (_integer(rows[0][0]), _text(rows[0][1])) if rows else None


async def load_live(connection: Transaction, known: Release | None = None) -> LiveRow:
    """The live publication, read by the runtime beside requests: in a thread, a bit at a time.

    It shares with `known` what both define.
    """
    [(sequence, snapshot, storage)] = await connection.run(Bound(_LIVE))

    def read() -> LiveRow:
        return _live_row(_integer(sequence), _binary(snapshot), _binary(storage), known)

    return await asyncio.to_thread(read)


def switch_statements(
    release: Release, storage: StorageMap, parent: int | None, author: str, message: str
) -> list[tuple[str, list[object]]]:
    """The statements that make a release the live one and tell whoever listens."""
    return [
        (
            "with published as (insert into objectry.release "
            "(id, parent, author, message, snapshot, storage) "
            "values (%s, %s, %s, %s, %s, %s) returning sequence) "
            "insert into objectry.live (sequence) select sequence from published "
            "on conflict (single) do update "
            "set sequence = excluded.sequence, switched_at = now()",
            [
                release.id,
                parent,
                author,
                message,
                release.to_bytes(),
                msgspec.msgpack.encode(storage),
            ],
        ),
        ("select pg_notify(%s, %s)", [CHANNEL, release.id]),
    ]


def storage_statement(storage: StorageMap) -> tuple[str, list[object]]:
    """The statement that notes what is settled in the storage map of the live release."""
    return (
        "update objectry.release r set storage = %s from objectry.live l "
        "where r.sequence = l.sequence",
        [msgspec.msgpack.encode(storage)],
    )


def _live_row(
    sequence: int, snapshot: bytes, storage: bytes, known: Release | None = None
) -> LiveRow:
    return LiveRow(
        sequence=sequence,
        release=Release.from_bytes(snapshot, known),
        storage=_STORAGE.decode(storage),
    )


def _integer(value: bytes | None) -> int:
    return int(value or b"")


def _text(value: bytes | None) -> str:
    return (value or b"").decode()


def _binary(value: bytes | None) -> bytes:
    # Bytea in its text form is hexadecimal behind a backslash and an x.
    return unhexlify(memoryview(value or b"")[2:])
