"""Which record took in which: whoever keeps a copy of one, or an old link, finds the other."""

from alembic import op

revision = "0008"
down_revision = "0007"

TABLES = """
create table objectry.merged (
    tenant_id integer not null,
    object text not null collate "C",
    record_id uuid not null,
    into_id uuid not null,
    at timestamptz not null,
    primary key (tenant_id, object, record_id)
);
create index merged_into on objectry.merged (tenant_id, object, into_id);
"""


def upgrade() -> None:
    """Forward only: what a newer platform added, an older one ignores."""
    op.get_bind().exec_driver_sql(TABLES, execution_options={"no_parameters": True})
