"""Who approved what, who lent whom a role, and which versions were made in another's name."""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
-- An approval is a version of its record that changes nothing. It counts as long as all versions
-- since are approvals too: whoever changes the record, or its state, voids it. `voice` is whose
-- approval it is: the principal's own, or that of the one who lent the role. `taken`: with it the
-- transition was taken, so that no later approval counts those before.
create table objectry.approval (
    tenant_id integer not null,
    object text not null collate "C",
    record_id uuid not null,
    version integer not null,
    transition text not null collate "C",
    principal uuid not null,
    voice uuid not null,
    roles text[] not null,
    taken boolean not null,
    at timestamptz not null,
    primary key (tenant_id, object, record_id, version)
);

create table objectry.delegation (
    tenant_id integer not null,
    id uuid not null,
    role text not null collate "C",
    lender uuid not null,
    borrower uuid not null,
    from_at timestamptz not null,
    until_at timestamptz not null check (until_at > from_at),
    created_at timestamptz not null,
    revoked_at timestamptz,
    primary key (tenant_id, id),
    foreign key (tenant_id, lender) references objectry.principal (tenant_id, id),
    foreign key (tenant_id, borrower) references objectry.principal (tenant_id, id)
);
create index delegation_borrower on objectry.delegation (tenant_id, borrower, until_at);
create index delegation_lender on objectry.delegation (tenant_id, lender, until_at);

-- A version of a record that was made with a role that somebody had lent.
create table objectry.on_behalf (
    tenant_id integer not null,
    object text not null collate "C",
    record_id uuid not null,
    version integer not null,
    lender uuid not null,
    role text not null collate "C",
    primary key (tenant_id, object, record_id, version)
);
"""


def upgrade() -> None:
    """Add the tables."""
    op.get_bind().exec_driver_sql(TABLES, execution_options={"no_parameters": True})
