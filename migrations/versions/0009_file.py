"""What is known of uploaded files; what they hold lies outside of the database, by its SHA-256."""

from alembic import op

revision = "0009"
down_revision = "0008"

TABLES = """
-- `attached_at` is set when a record first has the file: from then on history names it.
create table objectry.file (
    id uuid primary key,
    tenant_id integer not null,
    sha256 text not null collate "C" check (sha256 ~ '^[0-9a-f]{64}$'),
    name text not null,
    media_type text not null collate "C",
    size bigint not null check (size >= 0),
    created_at timestamptz not null default now(),
    created_by uuid not null,
    attached_at timestamptz
);
create index file_content on objectry.file (sha256);
create index file_unattached on objectry.file (created_at) where attached_at is null;
"""


def upgrade() -> None:
    """Forward only: what a newer platform added, an older one ignores."""
    op.get_bind().exec_driver_sql(TABLES, execution_options={"no_parameters": True})
