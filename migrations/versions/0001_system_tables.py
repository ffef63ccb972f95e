"""The system tables: tenants, releases, keys, history, events and what a write needs beside them.

Every table that holds a tenant's data is led by `tenant_id`. The grants to the runtime role are
not part of a revision: `objectry_runtime.store.grants` states them whole after each migration.
"""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
create table objectry.tenant (
    id integer primary key,
    name text not null unique collate "C",
    time_zone text not null default 'UTC',
    created_at timestamptz not null default now()
);
insert into objectry.tenant (id, name) values (1, 'default');

-- A row is one publication and is never changed. `id` is the hash of the definitions, so going
-- back to an older state publishes the same id under a new sequence, with its own storage map.
create table objectry.release (
    sequence bigint generated always as identity primary key,
    id text not null collate "C",
    parent bigint references objectry.release (sequence),
    author text not null,
    message text not null default '',
    published_at timestamptz not null default now(),
    snapshot bytea not null,
    storage bytea not null
);
create index release_id on objectry.release (id);

-- One row: what is served.
create table objectry.live (
    single boolean primary key default true check (single),
    sequence bigint not null references objectry.release (sequence),
    switched_at timestamptz not null default now()
);

create table objectry.principal (
    tenant_id integer not null references objectry.tenant (id),
    id uuid not null,
    name text not null collate "C",
    roles text[] not null default '{}',
    created_at timestamptz not null default now(),
    disabled_at timestamptz,
    primary key (tenant_id, id),
    unique (tenant_id, name)
);

-- `hash` is the SHA-256 of the whole secret; `prefix` is its first characters, which find the row.
create table objectry.api_key (
    tenant_id integer not null,
    prefix text not null unique collate "C",
    hash bytea not null check (length(hash) = 32),
    principal uuid not null,
    roles text[] not null default '{}',
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used timestamptz,
    primary key (tenant_id, prefix),
    foreign key (tenant_id, principal) references objectry.principal (tenant_id, id)
);

-- One row per version of a record: the whole record with its lines as it was after the change.
create table objectry.history (
    tenant_id integer not null,
    object text not null collate "C",
    record_id uuid not null,
    version integer not null,
    op text not null collate "C",
    action text collate "C",
    at timestamptz not null,
    actor uuid not null,
    release text not null collate "C",
    correlation text not null default '',
    record jsonb not null,
    changes jsonb not null default '{}',
    primary key (tenant_id, object, record_id, version)
);

-- The outbox, read in the order (epoch, xid, id) below the snapshot's xmin. `epoch` is raised by
-- changing its default after a logical restore, because a new cluster counts its xids afresh.
create table objectry.event (
    tenant_id integer not null,
    epoch integer not null default 1,
    xid xid8 not null default pg_current_xact_id(),
    id bigint generated always as identity,
    uid uuid not null,
    type text not null collate "C",
    service text not null collate "C",
    object text not null collate "C",
    record_id uuid not null,
    version integer not null,
    causation text not null default '',
    extra jsonb not null default '{}',
    primary key (tenant_id, epoch, xid, id)
);
create index event_record on objectry.event (tenant_id, object, record_id, version);

-- Claimed by the first statement of a write, answered by its last.
create table objectry.idempotency (
    tenant_id integer not null,
    principal uuid not null,
    method text not null collate "C",
    path text not null collate "C",
    key text not null collate "C",
    body_hash bytea not null,
    status integer,
    headers jsonb,
    body text,
    created_at timestamptz not null default now(),
    primary key (tenant_id, principal, method, path, key)
);
create index idempotency_age on objectry.idempotency (created_at);

create table objectry.series (
    tenant_id integer not null,
    series text not null collate "C",
    key text not null default '' collate "C",
    value bigint not null,
    primary key (tenant_id, series, key)
) with (fillfactor = 50);

create table objectry.conversion_line (
    tenant_id integer not null,
    conversion text not null collate "C",
    source_object text not null collate "C",
    source_id uuid not null,
    source_line_id uuid,
    target_object text not null collate "C",
    target_id uuid not null,
    target_line_id uuid
);
create unique index conversion_line_once on objectry.conversion_line
    (tenant_id, source_id, conversion, source_line_id, target_id, target_line_id)
    nulls not distinct;
create index conversion_line_target on objectry.conversion_line (tenant_id, target_id);

-- The key of one record's sensitive values, wrapped by the master key. Deleting it erases them.
create table objectry.subject_key (
    tenant_id integer not null,
    object text not null collate "C",
    record_id uuid not null,
    key bytea not null,
    primary key (tenant_id, object, record_id)
);
"""


def upgrade() -> None:
    """Forward only: what a newer platform added, an older one ignores."""
    op.get_bind().exec_driver_sql(TABLES, execution_options={"no_parameters": True})
