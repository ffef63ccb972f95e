"""A release says which files it was made from, so that a start can tell that they have changed."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; releases that are there were made from nobody knows what."""
    op.execute(
        "alter table objectry.release add column source text collate \"C\" not null default ''"
    )
