"""Events by kind and subject together: the last one of a subject is found without reading its others."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    op.create_index("events_by_kind_and_subject", "events", ["kind", "subject", "sequence"])
