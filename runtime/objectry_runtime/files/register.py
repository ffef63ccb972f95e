"""What is known of each file, in the database: made at the upload, held once a record has it.

The row leads: a content without a row is a waste of space, a row without its content a loss. So
a content is put before its row is committed, and deleted after its rows are. Who puts one and who
deletes one wait for each other, by its hash.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from objectry_runtime.store.executor import Bound, Executor, Transaction

ALONE_HOURS = 24  # that a file which no record has is kept
BATCH = 500


class FileRow(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file."""

    id: str
    name: str
    media_type: str
    size: int
    sha256: str


@asynccontextmanager
async def register(
    executor: Executor, row: FileRow, *, tenant: int, user: str
) -> AsyncGenerator[None]:
    """Add the file; in the block its content is put in place."""
    async with _alone(executor, row.sha256) as transaction:
        yield
        values = (row.id, str(tenant), row.sha256, row.name, row.media_type, str(row.size), user)
        await transaction.run(Bound(_ADD, values))


def attach(tenant: int, file: str, user: str | None, takes: frozenset[str], pointer: str) -> Bound:
    """The statement by which a record takes a file that `user` (None: anybody) uploaded, of one of
    the types in `takes`; it refuses the unit otherwise.

    It waits for a purge that is about to delete the file, and then finds it gone.
    """
    types = "{" + ",".join(sorted(takes)) + "}" if takes else None
    return Bound(_ATTACH, (str(tenant), file, user, types, pointer))


async def purge(executor: Executor, hours: int = ALONE_HOURS) -> list[str]:
    """Delete the files that no record took in `hours`. Returns the hashes of their contents."""
    gone: list[str] = []
    while True:
        (rows,) = await executor.write([Bound(_PURGE, (str(hours), str(BATCH)))])
        gone += [row[0].decode() for row in rows if row[0] is not None]
        if len(rows) < BATCH:
            return gone


@asynccontextmanager
async def content_unused(executor: Executor, sha256: str) -> AsyncGenerator[bool]:
    """Whether no row names the content; in the block none can come to."""
    async with _alone(executor, sha256) as transaction:
        yield not await transaction.run(Bound(_NAMED, (sha256,)))


@asynccontextmanager
async def _alone(executor: Executor, sha256: str) -> AsyncGenerator[Transaction]:
    async with executor.transaction() as transaction:
        await transaction.run(Bound(_LOCK, (sha256,)))
        yield transaction


_LOCK = "select 1 from pg_advisory_xact_lock(hashtextextended('objectry.file ' || $1::text, 0))"
_ADD = (
    "insert into objectry.file (id, tenant_id, sha256, name, media_type, size, created_by) "
    "values ($1::uuid, $2::integer, $3::text, $4::text, $5::text, $6::bigint, $7::uuid)"
)
_ATTACH = (
    "with taken as (update objectry.file set attached_at = coalesce(attached_at, now()) "
    "where tenant_id = $1::integer and id = $2::uuid "
    "and ($3::uuid is null or created_by = $3::uuid) "
    "returning media_type) "
    "select case when not exists (select from taken) "
    "then objectry.guard(false, 'no_file:' || $5::text) "
    "when not (select $4::text[] is null or media_type = any($4::text[]) from taken) "
    "then objectry.guard(false, 'no_image:' || $5::text) end"
)
_PURGE = (
    "delete from objectry.file f where f.id in (select id from objectry.file "
    "where attached_at is null and created_at < now() - make_interval(hours => $1::integer) "
    "order by created_at limit $2::integer for update skip locked) returning f.sha256"
)
_NAMED = "select 1 from objectry.file where sha256 = $1::text limit 1"
