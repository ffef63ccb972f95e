"""Services with databases of their own: what is reserved for them, what arrived, what was followed.

`reservation` lies beside the source of a conversion whose target lives elsewhere, `arrival` beside
the target; `replica_gone` says which replicas have lost their record; `followed` how far the
changes of another service have been taken over.
"""

from alembic import op

revision = "0007"
down_revision = "0003"

TABLES = """
-- The row is the request itself: it stays pending until the target's service has answered.
create table objectry.reservation (
    tenant_id integer not null,
    target_id uuid not null,
    target_object text not null collate "C",
    source_object text not null collate "C",
    source_id uuid not null,
    conversion text not null collate "C",
    state text not null default 'pending' collate "C"
        check (state in ('pending', 'made', 'refused')),
    request jsonb not null,
    problem jsonb,
    made_at timestamptz not null default now(),
    settled_at timestamptz,
    primary key (tenant_id, target_id)
);
create index reservation_pending on objectry.reservation (made_at, target_id)
    where state = 'pending';
create index reservation_source on objectry.reservation (tenant_id, source_object, source_id);

-- Written in the transaction that makes the record, or by whoever refused it: once.
create table objectry.arrival (
    tenant_id integer not null,
    target_id uuid not null,
    state text not null collate "C" check (state in ('made', 'refused')),
    problem jsonb,
    at timestamptz not null default now(),
    primary key (tenant_id, target_id)
);

create table objectry.replica_gone (
    tenant_id integer not null,
    object text not null collate "C",
    record_id uuid not null,
    version integer not null,
    primary key (tenant_id, object, record_id)
);

-- `cursor`: tenant → position in the change feed; `wanted` names what was asked for: where that
-- changes, the feed is read from its beginning.
create table objectry.followed (
    service text primary key collate "C",
    wanted text not null collate "C",
    cursor jsonb not null default '{}'
);
"""


def upgrade() -> None:
    """Add the tables; empty while all services share a database."""
    op.get_bind().exec_driver_sql(TABLES, execution_options={"no_parameters": True})
